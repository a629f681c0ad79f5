import type { Clock } from '#core/clock.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Execute } from '#tools/carry-out.ts';
import type { ChangeOutcome, World } from '#tools/drivers/ports.ts';
import type { ActTool, ToolContext } from '#tools/tool.ts';

export type ExecutorDeps = {
  readonly tools: readonly ActTool[];
  readonly world: World;
  readonly inventory: Inventory;
  readonly clock: Clock;
  readonly boot: string;
};

/** How long the backend has to say what became of an order. */
const SETTLE_MS = 10_000;

/**
 * Performs a change against a permit of this server start, once, within its deadline. At the deadline the call is
 * aborted and its outcome is `unknown`, never `failed`. A used, void or foreign permit is refused and nothing happens.
 */
export function createExecutor(deps: ExecutorDeps): Execute {
  const tools = new Map<string, ActTool>(deps.tools.map((tool) => [tool.name, tool]));
  return {
    change: async (permit, deadlineMs) => {
      const { order, approval } = permit.fields;
      if (!permit.use(deps.clock.now(), deps.boot))
        return { kind: 'refused', reason: 'unauthorised', detail: `the permit for ${approval} is void` };
      const tool = tools.get(order.tool);
      const service = serviceOf(deps.inventory, order.change.target);
      if (tool === undefined || service === undefined)
        return {
          kind: 'refused',
          reason: 'not_found',
          detail: `${order.change.target} is not in the inventory`,
        };
      const { change, key, expectGeneration } = order;
      return withDeadline(deps, deadlineMs, {
        work: (context) => tool.perform({ service, change, key, expectGeneration }, context),
        otherwise: (detail): ChangeOutcome => ({ kind: 'unknown', detail }),
      });
    },
    settle: async (id, { tool: name, key }) => {
      const tool = tools.get(name);
      const service = deps.inventory.services.get(id);
      if (tool === undefined || service === undefined) return 'unknown';
      return withDeadline(deps, SETTLE_MS, {
        work: (context) => tool.settle({ service, key }, context),
        otherwise: () => 'unknown' as const,
      });
    },
  };
}

/** `otherwise` answers for work that threw or is late; late work is told to stop and not waited for. */
type Work<T> = {
  readonly work: (context: ToolContext) => Promise<T>;
  readonly otherwise: (detail: string) => T;
};

async function withDeadline<T>(deps: ExecutorDeps, ms: number, { work, otherwise }: Work<T>): Promise<T> {
  const stop = new AbortController();
  const late = Promise.withResolvers<T>();
  const cancel = deps.clock.after(ms, () => {
    late.resolve(otherwise(`no answer within ${ms} ms`));
    stop.abort(new Error('deadline'));
  });
  try {
    return await Promise.race([work(contextOf(deps, stop.signal)), late.promise]);
  } catch (error) {
    return otherwise(error instanceof Error ? error.message : 'failed');
  } finally {
    cancel();
  }
}

function contextOf({ world, inventory, clock }: ExecutorDeps, signal: AbortSignal): ToolContext {
  return { world, inventory, clock, signal, runbooks: [] };
}

function serviceOf(inventory: Inventory, ref: string) {
  for (const service of inventory.services.values()) if (`service:${service.id}` === ref) return service;
  return undefined;
}
