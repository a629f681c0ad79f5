import type { Clock } from '#core/clock.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { ActTool, ToolContext } from '#tools/tool.ts';

/** What an act tool works with, wherever it runs. */
export type ActDeps = {
  readonly tools: readonly ActTool[];
  readonly world: World;
  readonly inventory: Inventory;
  readonly clock: Clock;
};

/** `otherwise` answers for work that threw or is late; late work is told to stop and not waited for. */
export type Work<T> = {
  readonly work: (context: ToolContext) => Promise<T>;
  readonly otherwise: (detail: string) => T;
};

/** Runs a tool's work and answers at the deadline at the latest. Never throws. */
export async function within<T>(deps: ActDeps, ms: number, { work, otherwise }: Work<T>): Promise<T> {
  const { world, inventory, clock } = deps;
  const stop = new AbortController();
  const late = Promise.withResolvers<T>();
  const cancel = clock.after(ms, () => {
    late.resolve(otherwise(`no answer within ${ms} ms`));
    stop.abort(new Error('deadline'));
  });
  try {
    const context = { world, inventory, clock, signal: stop.signal, runbooks: [] };
    return await Promise.race([work(context), late.promise]);
  } catch (error) {
    return otherwise(error instanceof Error ? error.message : 'failed');
  } finally {
    cancel();
  }
}

/** The service that a reference names, if the inventory has it. */
export function serviceNamed(inventory: Inventory, ref: string): Service | undefined {
  for (const service of inventory.services.values()) if (`service:${service.id}` === ref) return service;
  return undefined;
}
