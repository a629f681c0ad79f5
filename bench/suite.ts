import type { BenchSuite } from './result.ts';

/** Measurements by name, loaded when asked for. */
export const suites: Readonly<Record<string, () => Promise<BenchSuite>>> = {
  approve: () => import('./approve.ts'),
  investigation: () => import('./investigation.ts'),
  log: () => import('./log.ts'),
  seeds: () => import('./seeds.ts'),
  series: () => import('./series.ts'),
  page: () => import('./page.ts'),
  start: () => import('./start.ts'),
  tokens: () => import('./tokens.ts'),
};
