import { PERMIT_MS } from '#approvals/permit.ts';
import type { Execute } from '#tools/carry-out.ts';
import type { ActTool } from '#tools/tool.ts';
import { type ActDeps, within } from './within.ts';

/** How long the backend has to say what became of an order. */
const SETTLE_MS = 10_000;
export type SettleDeps = ActDeps & {
  /** Aborted when the server stops: nobody waits for an answer any more. */
  readonly closing: AbortSignal;
};

/** What was sent at the last moment may still be on its way. */
const ON_ITS_WAY_MS = 1_000;

/**
 * Asks the backend what became of an order, with the credential for reading; of an opaque one nobody can say. That it did
 * not happen counts only when it cannot happen any more: once the order's permit is void and whatever was sent has
 * arrived; until then it is asked again. Waits for that, or until the server closes; never throws.
 */
export function createSettle(deps: SettleDeps): Execute['settle'] {
  const tools = new Map<string, ActTool>(deps.tools.map((tool) => [tool.name, tool]));
  return async (id, { tool: name, key, since }) => {
    const tool = tools.get(name);
    const service = deps.inventory.services.get(id);
    if (tool === undefined || service === undefined || tool.effect === 'opaque') return 'unknown';
    const ask = () =>
      within(deps, SETTLE_MS, {
        work: (context) => tool.settle({ service, key }, context),
        otherwise: () => 'unknown' as const,
      });
    const first = await ask();
    const left = since + PERMIT_MS + ON_ITS_WAY_MS - deps.clock.now();
    if (first !== 'did_not_happen' || left <= 0) return first;
    // A wall clock that was set back must not make this wait for hours.
    const wait = deps.clock.sleep(Math.min(left, PERMIT_MS + ON_ITS_WAY_MS), deps.closing);
    return wait.then(ask, () => 'closed' as const);
  };
}
