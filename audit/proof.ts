import { nodeHash } from './merkle.ts';

/** A node of the tree, named by the leaves under it: `from` to `to` (excluded). */
export type NodeRange = { readonly from: number; readonly to: number };

/** Nodes that prove leaf `index` in a tree of `size` leaves (RFC 6962 2.1.1), from the leaf's sibling up. */
export function inclusionRanges(index: number, size: number): NodeRange[] {
  const ranges: NodeRange[] = [];
  let [from, to] = [0, size];
  while (to - from > 1) {
    const middle = from + splitOf(to - from);
    if (index < middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  return ranges.reverse();
}

/** Nodes that prove that the tree of `size` leaves begins with that of `old` leaves (RFC 6962 2.1.2); 1 <= old <= size. */
export function consistencyRanges(old: number, size: number): NodeRange[] {
  const ranges: NodeRange[] = [];
  let [from, to] = [0, size];
  while (to !== old) {
    const middle = from + splitOf(to - from);
    if (old <= middle) {
      ranges.push({ from: middle, to });
      to = middle;
    } else {
      ranges.push({ from, to: middle });
      from = middle;
    }
  }
  // The old tree itself is known to whoever checks; a part of it is not.
  if (from > 0) ranges.push({ from, to });
  return ranges.reverse();
}

/** Hashes of wanted nodes, computed while leaves are added one by one. */
export type NodeCollector = {
  add(leaf: Buffer): void;
  /** Undefined until the last leaf under the node was added, and for a node that was not asked for. */
  node(range: NodeRange): Buffer | undefined;
};

/**
 * Collects nodes of RFC 6962 trees over one sequence of leaves, whatever their sizes, in one pass and in memory for the
 * wanted nodes and one branch. A range must be a node of some such tree, as the functions above name them.
 */
export function collectNodes(wanted: Iterable<NodeRange>): NodeCollector {
  const byEnd = new Map<number, Set<number>>();
  for (const { from, to } of wanted) byEnd.set(to, (byEnd.get(to) ?? new Set()).add(from));
  const found = new Map<string, Buffer>();
  /** Perfect subtrees side by side, the largest first. */
  const edge: { from: number; hash: Buffer }[] = [];
  let size = 0;
  return {
    add: (leaf) => {
      edge.push({ from: size, hash: leaf });
      size += 1;
      for (const from of byEnd.get(size) ?? []) {
        const hash = foldFrom(edge, from);
        if (hash) found.set(`${from} ${size}`, hash);
      }
      for (let n = size; n % 2 === 0; n /= 2) mergeLast(edge);
    },
    node: ({ from, to }) => found.get(`${from} ${to}`),
  };
}

/** Largest power of two that is smaller than `size`. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function foldFrom(edge: readonly { from: number; hash: Buffer }[], from: number): Buffer | undefined {
  const first = edge.findIndex((part) => part.from === from);
  if (first < 0) return undefined;
  return edge
    .slice(first)
    .reduceRight<Buffer | undefined>((right, { hash }) => (right ? nodeHash(hash, right) : hash), undefined);
}

function mergeLast(edge: { from: number; hash: Buffer }[]): void {
  const right = edge.pop();
  const left = edge.at(-1);
  if (left && right) left.hash = nodeHash(left.hash, right.hash);
}
