import fc from 'fast-check';
import { expect, test } from 'vitest';
import { leafHash } from '#audit/merkle.ts';
import { collectNodes, consistencyRanges, inclusionRanges, type NodeRange } from '#audit/proof.ts';
import { tlogProof } from '#audit/tlog-proof.ts';
import { consistencyHolds, inclusionHolds } from './offline.ts';
import { auditPath, consistencyPath, treeHash } from './oracle.ts';

/** The test tree of certificate transparency. */
const ctLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const ct = ctLeaves.map((hex) => Buffer.from(hex, 'hex'));
const hex = (hashes: readonly Buffer[]) => hashes.map((hash) => hash.toString('hex'));

function nodes(leaves: readonly Buffer[], ranges: readonly NodeRange[]): Buffer[] {
  const collector = collectNodes(ranges);
  for (const leaf of leaves) collector.add(leafHash(leaf));
  return ranges.map((range) => collector.node(range) ?? Buffer.alloc(0));
}

const inclusion = (leaves: readonly Buffer[], index: number) =>
  nodes(leaves, inclusionRanges(index, leaves.length));
const growth = (leaves: readonly Buffer[], old: number) =>
  nodes(leaves, consistencyRanges(old, leaves.length));

test('inclusion proofs are those of the certificate transparency test vectors', () => {
  expect(inclusion(ct.slice(0, 1), 0)).toEqual([]);
  expect(hex(inclusion(ct, 0))).toEqual([
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  expect(hex(inclusion(ct, 5))).toEqual([
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  expect(hex(inclusion(ct.slice(0, 3), 2))).toEqual([
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  ]);
  expect(hex(inclusion(ct.slice(0, 5), 1))).toEqual([
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ]);
});

test('consistency proofs are those of the certificate transparency test vectors', () => {
  expect(growth(ct.slice(0, 1), 1)).toEqual([]);
  expect(hex(growth(ct, 1))).toEqual([
    '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
  ]);
  expect(hex(growth(ct, 6))).toEqual([
    '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
    'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  ]);
  expect(hex(growth(ct.slice(0, 5), 2))).toEqual([
    '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
    'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
  ]);
});

test('every proof of every tree up to 40 leaves is that of the definition, and the offline verifier accepts it', () => {
  const leaves = Array.from({ length: 40 }, (_, at) => Buffer.from(`leaf ${at}`));
  const roots = [treeHash([]), ...leaves.map((_, at) => treeHash(leaves.slice(0, at + 1)))];
  for (let size = 1; size <= leaves.length; size += 1) {
    const tree = leaves.slice(0, size);
    const root = roots[size] ?? Buffer.alloc(0);
    for (let index = 0; index < size; index += 1) {
      const hashes = inclusion(tree, index);
      expect(hashes).toEqual(auditPath(index, tree));
      const leaf = leafHash(leaves[index] ?? Buffer.alloc(0));
      expect(inclusionHolds({ leaf, index, size, hashes, root })).toBe(true);
    }
    for (let oldSize = 1; oldSize <= size; oldSize += 1) {
      const hashes = growth(tree, oldSize);
      expect(hashes).toEqual(consistencyPath(oldSize, tree));
      const oldRoot = roots[oldSize] ?? Buffer.alloc(0);
      expect(consistencyHolds({ oldSize, oldRoot, size, root, hashes })).toBe(true);
    }
  }
});

const bytes = fc.uint8Array({ maxLength: 4 }).map((array) => Buffer.from(array));
const hash32 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array));
const spoil = (hashes: readonly Buffer[], at: number, other: Buffer, how: number): Buffer[] => {
  if (how === 0) return hashes.toSpliced(at % (hashes.length + 1), 0, other);
  if (how === 1) return hashes.slice(1);
  return hashes.length < 2 ? [...hashes, other] : hashes.with(at % hashes.length, other);
};

test('a proof with another hash, one more or one less, or for another place or size, is refused', () => {
  fc.assert(
    fc.property(
      fc.array(bytes, { minLength: 2, maxLength: 33 }),
      fc.nat(),
      fc.nat(),
      hash32,
      fc.nat(2),
      (leaves, pick, at, other, how) => {
        const [size, index] = [leaves.length, pick % leaves.length];
        const root = treeHash(leaves);
        const leaf = leafHash(leaves[index] ?? Buffer.alloc(0));
        const hashes = auditPath(index, leaves);
        const spoiled = spoil(hashes, at, other, how);
        expect(inclusionHolds({ leaf, index, size, hashes: spoiled, root })).toBe(false);
        expect(inclusionHolds({ leaf: other, index, size, hashes, root })).toBe(false);
        expect(inclusionHolds({ leaf, index: index + size, size, hashes, root })).toBe(false);
        expect(inclusionHolds({ leaf, index, size, hashes, root: other })).toBe(false);
        const oldSize = index + 1;
        const growing = { oldSize, oldRoot: treeHash(leaves.slice(0, oldSize)), size, root };
        const path = consistencyPath(oldSize, leaves);
        expect(consistencyHolds({ ...growing, hashes: path })).toBe(true);
        if (oldSize === size && path.length === 0 && how === 1) return;
        expect(consistencyHolds({ ...growing, hashes: spoil(path, at, other, how) })).toBe(false);
        expect(consistencyHolds({ ...growing, hashes: path, oldRoot: other })).toBe(false);
        expect(consistencyHolds({ ...growing, hashes: path, root: other })).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});

test('a proof is written as C2SP tlog-proof says', () => {
  const note =
    'example.com/log\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u2014 example.com/log Az3g\n';
  const hash = 'AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=';
  expect(tlogProof({ index: 1, path: [Buffer.alloc(32, 1)], note })).toBe(
    `c2sp.org/tlog-proof@v1\nindex 1\n${hash}\n\n${note}`,
  );
  expect(tlogProof({ index: 0, path: [], note })).toBe(`c2sp.org/tlog-proof@v1\nindex 0\n\n${note}`);
});
