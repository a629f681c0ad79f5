import { hash } from 'node:crypto';

const scratch = Buffer.alloc(65);

/** RFC 6962 leaf hash: SHA-256(0x00 || bytes). */
export function leafHash(bytes: Uint8Array): Buffer {
  const input = Buffer.allocUnsafe(bytes.length + 1);
  input[0] = 0;
  input.set(bytes, 1);
  return hash('sha256', input, 'buffer');
}

/** RFC 6962 node hash: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  scratch[0] = 1;
  scratch.set(left, 1);
  scratch.set(right, 33);
  return hash('sha256', scratch, 'buffer');
}

/** The right edge of an RFC 6962 tree: roots of its perfect subtrees, largest first. Enough to go on appending. */
export type Frontier = { size: number; subtrees: Buffer[] };

export function emptyFrontier(): Frontier {
  return { size: 0, subtrees: [] };
}

/** Adds one leaf in place: as in a binary counter, each trailing 1 bit of the old size is one merge. */
export function addLeaf(frontier: Frontier, leaf: Buffer): void {
  let merged = leaf;
  for (let n = frontier.size; n % 2 === 1; n = (n - 1) / 2) {
    const left = frontier.subtrees.pop();
    if (left) merged = nodeHash(left, merged);
  }
  frontier.subtrees.push(merged);
  frontier.size += 1;
}

/** Whether it has one subtree per 1 bit of its size; then the root vouches for each of them. */
export function isFrontier(frontier: Frontier): boolean {
  return frontier.subtrees.length === frontier.size.toString(2).replaceAll('0', '').length;
}

/** Root of the tree so far; of no leaves, the hash of nothing. */
export function rootOf(frontier: Frontier): Buffer {
  const root = frontier.subtrees.reduceRight<Buffer | undefined>(
    (right, left) => (right ? nodeHash(left, right) : left),
    undefined,
  );
  return root ?? hash('sha256', '', 'buffer');
}
