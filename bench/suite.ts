import type { BenchSuite } from './result.ts';

/** Measurements by name, loaded when asked for. */
export const suites: Readonly<Record<string, () => Promise<BenchSuite>>> = {
  start: () => import('./start.ts'),
};
