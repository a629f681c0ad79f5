import type { TortureSuite } from './result.ts';

/** Suites by name, loaded when asked for. */
export const suites: Readonly<Record<string, () => Promise<TortureSuite>>> = {
  bypass: () => import('./bypass.ts'),
  journeys: () => import('./journeys.ts'),
  models: () => import('./models.ts'),
  kill: () => import('./kill.ts'),
  'fail-closed': () => import('./fail-closed.ts'),
  tamper: () => import('./tamper.ts'),
  fuzz: () => import('./fuzz.ts'),
};
