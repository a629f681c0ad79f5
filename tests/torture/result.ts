/** Gives what a run of a suite found: `lines` are for people, one per case or figure. Throws only when the suite itself is broken. */
export type TortureSuite = {
  run(options: TortureOptions): Promise<TortureResult>;
};
/** `seed` and `only` are for suites whose inputs are drawn: another draw, and the parts whose name holds that text. */
export type TortureOptions = { readonly short: boolean; readonly seed?: number; readonly only?: string };
export type TortureResult = {
  readonly passed: number;
  readonly failed: number;
  readonly lines: readonly string[];
};
