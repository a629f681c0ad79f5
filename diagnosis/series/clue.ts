/** What speaks for a service, told by the kind of data that shows it. Numbers in the unit of the data. */
export type ClueWhy =
  | { readonly kind: 'level'; readonly metric: string; readonly before: number; readonly now: number }
  | { readonly kind: 'between'; readonly other: string; readonly before: number; readonly now: number }
  | { readonly kind: 'log'; readonly template: string; readonly count: number; readonly isNew: boolean };

/**
 * One reason to hold a service for the origin. `strength`: 0 to 1, comparable between kinds. `steps`: how far from normal.
 * `isUnusual`: its past alone would not give this.
 */
export type Clue = {
  readonly service: string;
  readonly strength: number;
  readonly isUnusual: boolean;
  /** Ms; null where the data does not tell. */
  readonly onset: number | null;
  readonly why: ClueWhy;
};

/** Beyond a thousand steps from normal, further ones make nothing more certain: scales of standing series differ by that much. */
const PLENTY = 1000;

/** Strength of a distance in steps: 0 at none, 1 from a thousand on, in between by its order of magnitude. */
export function strengthOf(steps: number): number {
  return Math.log1p(Math.min(PLENTY, Math.abs(steps))) / Math.log1p(PLENTY);
}
