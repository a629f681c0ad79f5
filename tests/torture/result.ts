/** Gives what a run of a suite found: `lines` are for people, one per case or figure. Throws only when the suite itself is broken. */
export type TortureSuite = {
  run(options: { short: boolean }): Promise<TortureResult>;
};
export type TortureResult = {
  readonly passed: number;
  readonly failed: number;
  readonly lines: readonly string[];
};
