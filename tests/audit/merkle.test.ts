import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { addLeaf, emptyFrontier, leafHash, rootOf } from '#audit/merkle.ts';

/** RFC 6962 section 2.1, written down as it stands there. */
function rootByDefinition(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (!first) return createHash('sha256').digest();
  if (leaves.length === 1)
    return createHash('sha256')
      .update(Buffer.from([0]))
      .update(first)
      .digest();
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return createHash('sha256')
    .update(Buffer.from([1]))
    .update(rootByDefinition(leaves.slice(0, k)))
    .update(rootByDefinition(leaves.slice(k)))
    .digest();
}

function rootOfLeaves(leaves: readonly Buffer[]): string {
  const frontier = emptyFrontier();
  for (const leaf of leaves) addLeaf(frontier, leafHash(leaf));
  return rootOf(frontier).toString('hex');
}

test('roots are those of the certificate transparency test vectors', () => {
  const leaves = [
    '',
    '00',
    '10',
    '2021',
    '3031',
    '40414243',
    '5051525354555657',
    '606162636465666768696a6b6c6d6e6f',
  ];
  const roots = [
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];
  const bytes = leaves.map((hex) => Buffer.from(hex, 'hex'));
  expect(bytes.map((_, i) => rootOfLeaves(bytes.slice(0, i + 1)))).toEqual(roots);
  expect(rootOfLeaves([])).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('every size up to 130 has the root of the definition', () => {
  const leaves = Array.from({ length: 130 }, (_, i) => Buffer.from(`leaf ${i}`));
  const frontier = emptyFrontier();
  leaves.forEach((leaf, i) => {
    addLeaf(frontier, leafHash(leaf));
    expect(rootOf(frontier)).toEqual(rootByDefinition(leaves.slice(0, i + 1)));
  });
});
