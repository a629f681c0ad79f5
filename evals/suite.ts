import type { JsonObject } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import type { MakeModel } from './models/model-maker.ts';

/** What a person asked for on the command line. */
export type SuiteOptions = {
  /** Folder of the set; null for the suite that needs none. */
  readonly data: string | null;
  readonly model: string;
  /** Reads of a case over all its agents; null = what the product allows by itself. */
  readonly maxReads: number | null;
  /** A cause whose rules are off, or `all`: each in turn. */
  readonly leaveOut: string | null;
  readonly clock: Clock;
  /** Plays the agents; left out = the rules do. */
  readonly makeModel?: MakeModel;
  /** One line of progress. */
  readonly say: (line: string) => void;
};

/** What a suite came to: `passed` are the cases that are right by its first metric. */
export type Score = {
  readonly suite: string;
  readonly model: string;
  readonly cases: number;
  readonly passed: number;
  readonly metrics: JsonObject;
  /** A table for people. */
  readonly table: readonly string[];
};

export type Suite = (options: SuiteOptions) => Promise<Score>;

/** A share with four decimals; null of nothing. */
export const share = (part: number, whole: number): number | null =>
  whole === 0 ? null : Math.round((part / whole) * 10_000) / 10_000;
