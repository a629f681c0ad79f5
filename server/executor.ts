import type { Clock } from '#core/clock.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Execute } from '#tools/carry-out.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { ActTool, ToolContext } from '#tools/tool.ts';

export type ExecutorDeps = {
  readonly tools: readonly ActTool[];
  readonly world: World;
  readonly inventory: Inventory;
  readonly clock: Clock;
  readonly boot: string;
};

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
      return withDeadline(deps, deadlineMs, (context) =>
        tool.perform({ service, change, key, expectGeneration }, context),
      );
    },
    settle: async (id, { tool: name, key }) => {
      const tool = tools.get(name);
      const service = deps.inventory.services.get(id);
      if (tool === undefined || service === undefined) return 'unknown';
      const stop = new AbortController();
      const cancel = deps.clock.after(10_000, () => stop.abort(new Error('deadline')));
      try {
        return await tool.settle({ service, key }, contextOf(deps, stop.signal));
      } catch {
        return 'unknown';
      } finally {
        cancel();
      }
    },
  };
}

type Outcome = Awaited<ReturnType<Execute['change']>>;

async function withDeadline(
  deps: ExecutorDeps,
  deadlineMs: number,
  perform: (context: ToolContext) => Promise<Outcome>,
): Promise<Outcome> {
  const stop = new AbortController();
  const cancel = deps.clock.after(deadlineMs, () => stop.abort(new Error('deadline')));
  const late = new Promise<Outcome>((resolve) => {
    stop.signal.addEventListener(
      'abort',
      () => resolve({ kind: 'unknown', detail: `no answer within ${deadlineMs} ms` }),
      { once: true },
    );
  });
  try {
    return await Promise.race([perform(contextOf(deps, stop.signal)), late]);
  } catch (error) {
    return { kind: 'unknown', detail: error instanceof Error ? error.message : 'failed' };
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
