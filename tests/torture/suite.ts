import type { TortureSuite } from './result.ts';

/** Suites by name, loaded when asked for. */
export const suites: Readonly<Record<string, () => Promise<TortureSuite>>> = {
  journeys: () => import('./journeys.ts'),
};
