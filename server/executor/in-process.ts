import type { Execute } from '#tools/carry-out.ts';
import { createPerformer, type PerformerDeps } from './perform.ts';
import { createSettle } from './settle.ts';

/** The executor without a process of its own, for evals and tests: the same checks, no separation. */
export function inProcessExecutor(deps: PerformerDeps): Execute {
  const closing = new AbortController().signal;
  return {
    change: createPerformer(deps),
    settle: createSettle({ ...deps, closing }),
    ready: async () => 'up',
  };
}
