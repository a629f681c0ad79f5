/** Where an entry stands under a checkpoint. `note` is the checkpoint's signed note. */
export type InclusionProof = { index: number; path: readonly Buffer[]; note: string };
/** That the tree of `note` begins with the tree of `old` entries. */
export type ConsistencyProof = { old: number; path: readonly Buffer[]; note: string };

/** The text form of C2SP tlog-proof, without extra data. */
export function tlogProof({ index, path, note }: InclusionProof): string {
  return `c2sp.org/tlog-proof@v1\nindex ${index}\n${hashLines(path)}\n${note}`;
}

/** The text form in which C2SP tlog-witness hands over a checkpoint: old size, consistency proof, new checkpoint. */
export function tlogConsistency({ old, path, note }: ConsistencyProof): string {
  return `old ${old}\n${hashLines(path)}\n${note}`;
}

function hashLines(path: readonly Buffer[]): string {
  return path.map((hash) => `${hash.toString('base64')}\n`).join('');
}
