import type { Clock } from '#core/clock.ts';
import type { Caller } from '#incidents/caller.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { World } from './drivers/ports.ts';
import type { Runbook, ToolContext, ToolResult } from './tool.ts';

type Surroundings = {
  readonly clock: Clock;
  readonly world: World;
  readonly inventory: Inventory;
  readonly runbooks: readonly Runbook[];
};

/** Runs `perform` until its deadline or until the run must stop; an exception is a result, not a crash. */
export async function withDeadline(
  deps: Surroundings,
  { caller, deadlineMs }: { caller: Caller; deadlineMs: number },
  perform: (context: ToolContext) => Promise<ToolResult>,
): Promise<ToolResult> {
  const stop = new AbortController();
  const cancel = deps.clock.after(deadlineMs, () => stop.abort(new Error('deadline')));
  const signal = caller.kind === 'agent' ? AbortSignal.any([caller.signal, stop.signal]) : stop.signal;
  const { world, inventory, runbooks, clock } = deps;
  const late = new Promise<ToolResult>((resolve) => {
    const give = () =>
      resolve({ kind: 'gap', reason: 'timeout', detail: `no answer within ${deadlineMs} ms` });
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
  try {
    return await Promise.race([perform({ world, inventory, runbooks, clock, signal }), late]);
  } catch (error) {
    return {
      kind: 'gap',
      reason: 'bad_answer',
      detail: error instanceof Error ? error.message.slice(0, 200) : 'failed',
    };
  } finally {
    cancel();
  }
}
