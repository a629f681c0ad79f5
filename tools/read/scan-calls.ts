import type { SpanTimes, SystemView } from '#diagnosis/series/system.ts';
import type { Service } from '#incidents/inventory.ts';
import type { CallTimes } from '../drivers/ports.ts';
import type { ToolContext } from '../tool.ts';
import type { Grid } from './scan-series.ts';

/**
 * What calls among the services took on both sides, from every source of theirs that knows it. Names that are no service
 * of the config are left out; a source that cannot say shows nothing.
 */
export async function scanCalls(
  services: readonly Service[],
  { from, to }: Grid,
  { world, signal }: ToolContext,
): Promise<SystemView['spans']> {
  const names = new Map(services.map((service) => [service.workload?.name ?? service.id, service.id]));
  const rows: SpanTimes[] = [];
  for (const source of new Set(services.map(({ telemetry }) => telemetry ?? ''))) {
    if (signal.aborted) break;
    const seen = await world.metrics.get(source)?.calls?.({ from, to }, signal);
    if (seen?.kind !== 'seen') continue;
    for (const times of seen.value) {
      const caller = names.get(times.caller);
      const callee = names.get(times.callee);
      if (caller !== undefined && callee !== undefined && caller !== callee)
        rows.push(...sidesOf(times, caller, callee));
    }
  }
  return { buckets: [...new Set(rows.map(({ at }) => at))].sort((a, b) => a - b), rows };
}

/** The call as the caller waited for it, and as the callee served it. */
function sidesOf({ at, count, clientMs, serverMs }: CallTimes, caller: string, callee: string): SpanTimes[] {
  const call = { at, caller, operation: callee, count };
  return [
    { ...call, callee: caller, p50: clientMs, p95: clientMs },
    { ...call, callee, p50: serverMs, p95: serverMs },
  ];
}
