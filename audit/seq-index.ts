import type { Position } from './segment-files.ts';

/** Where to begin reading for a sequence number: starts of some groups, about one per 1024 entries, in order. */
export type SeqIndex = { seq: number; place: Position }[];

const STRIDE = 1024;

/** Notes that a group beginning with entry `seq` starts at `place`, if the last note is far enough back. */
export function addToIndex(index: SeqIndex, seq: number, place: Position): void {
  const newest = index.at(-1);
  if (!newest || seq - newest.seq >= STRIDE) index.push({ seq, place });
}

/** The last noted place at or before entry `seq`. */
export function placeBefore(index: SeqIndex, seq: number): Position {
  return index.findLast((item) => item.seq <= seq)?.place ?? { segment: 0, at: 0, line: 0 };
}
