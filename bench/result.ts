import type { JsonObject } from '#core/canonical.ts';

/** `wrong` names counts that are not what they must be; a slow figure is never wrong. */
export type BenchResult = {
  readonly lines: readonly string[];
  readonly figures: JsonObject;
  readonly wrong: readonly string[];
};
export type BenchSuite = { run(): Promise<BenchResult> };
