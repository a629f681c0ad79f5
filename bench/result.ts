import type { JsonObject } from '#core/canonical.ts';

/** `wrong` names counts that are not what they must be; a slow figure is never wrong. */
export type BenchResult = {
  readonly lines: readonly string[];
  readonly figures: JsonObject;
  readonly wrong: readonly string[];
};
/** `quick`: smaller and shorter, to see that it works; its figures say little. */
export type BenchSuite = { run(options: { quick: boolean }): Promise<BenchResult> };
