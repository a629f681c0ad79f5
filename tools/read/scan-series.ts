import type { SystemSeries } from '#diagnosis/series/system.ts';
import { signalScale } from '#diagnosis/signal-scale.ts';
import type { Service, SignalSource } from '#incidents/inventory.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { Gap, Series } from '../drivers/ports.ts';
import type { ToolContext } from '../tool.ts';

/** Instants at which all series are compared, in ms. */
export type Grid = { readonly from: number; readonly to: number; readonly stepMs: number };

/** Every configured signal of the services, on one grid; `total` counts also those that gave no answer, `gap` is the first such. */
export type ScannedSeries = {
  readonly series: readonly SystemSeries[];
  readonly total: number;
  readonly gap: Gap | null;
};

/** Reads one service after the other, the signals of each at once, so that a source is not asked for everything together. */
export async function scanSeries(
  services: readonly Service[],
  grid: Grid,
  context: ToolContext,
): Promise<ScannedSeries> {
  const series: SystemSeries[] = [];
  let total = 0;
  let gap: Gap | null = null;
  for (const service of services) {
    const driver = context.world.metrics.get(service.telemetry ?? '');
    const signals = SignalName.options.flatMap((signal): [SignalName, SignalSource][] => {
      const source = service.signals[signal];
      return source === undefined ? [] : [[signal, source]];
    });
    total += signals.length;
    if (driver === undefined || context.signal.aborted) continue;
    const read = await Promise.all(
      signals.map(async ([signal, source]) => {
        const seen = await driver.series({ service, signal, source, ...grid }, context.signal);
        return { signal, seen };
      }),
    );
    for (const { signal, seen } of read) {
      if (seen.kind === 'gap') {
        gap ??= seen;
        continue;
      }
      const { least } = signalScale[signal];
      series.push({ service: service.id, metric: signal, values: onGrid(seen.value, grid), least });
    }
  }
  return { series, total, gap };
}

/** How many instants a grid has. */
export const sizeOf = ({ from, to, stepMs }: Grid): number =>
  Math.max(0, Math.floor((to - from) / stepMs) + 1);

/** The newest value of each step; NaN where none was measured in it. Sources measure when they like. */
function onGrid({ t, v }: Series, grid: Grid): Float64Array {
  const values = new Float64Array(sizeOf(grid)).fill(Number.NaN);
  for (const [i, at] of t.entries()) {
    const value = v[i];
    const slot = Math.round((at - grid.from) / grid.stepMs);
    if (typeof value === 'number' && slot >= 0 && slot < values.length) values[slot] = value;
  }
  return values;
}
