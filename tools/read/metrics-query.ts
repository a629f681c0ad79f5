import { z } from 'zod';
import { judge } from '#diagnosis/band.ts';
import type { SignalSeen } from '#incidents/observations.ts';
import { ServiceRef } from '#incidents/refs.ts';
import { decimal, SignalName } from '#incidents/vocabulary.ts';
import type { Series } from '../drivers/ports.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';
import { signalText } from './signal-text.ts';

const MINUTE = 60_000;
/** How much of the time before the page is read, to know what is normal. */
const BEFORE = 15 * MINUTE;
/** A page older than this is read from here on. */
const OLDEST = 24 * 60 * MINUTE;
const MAX_POINTS = 240;

const Args = z.strictObject({
  service: ServiceRef,
  signal: SignalName,
  at: z.int().min(0),
});
type Args = z.infer<typeof Args>;

/** Reads one signal of a service from 15 minutes before the page until now, judged against its own past. */
export const metricsQuery: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'metrics_query',
  version: 1,
  description: 'One signal of one service: now, normal before the page, and since when it is out.',
  args: Args,
  deadlineMs: 10_000,
  perform: (args, context) => query(args, context),
};

async function query({ service: ref, signal, at }: Args, context: ToolContext): Promise<ToolResult> {
  const service = knownService(context.inventory, ref);
  if (service === undefined) return unknownService(ref);
  const source = service.signals[signal];
  if (source === undefined) return notConfigured(`${service.id} has no source for ${signal}`);
  const driver = context.world.metrics.get(service.telemetry ?? '');
  if (driver === undefined) return notConfigured(`${service.id} has no metrics source`);
  const now = context.clock.now();
  const from = Math.max(now - OLDEST, Math.min(at, now) - BEFORE);
  // Fine enough for a page that follows seconds after the onset; drivers widen it to what they have.
  const stepMs = Math.max(500, Math.ceil((now - from) / 2000));
  const seen = await driver.series({ service, signal, source, from, to: now, stepMs }, context.signal);
  if (seen.kind === 'gap') return seen;
  const series = withoutLeadingGap(seen.value);
  if (series.t.length === 0)
    return { kind: 'gap', reason: 'no_data', detail: 'nothing was measured in this time' };
  const value: SignalSeen = {
    service: service.id,
    signal,
    ...judge({ signal, t: series.t, v: series.v, at, now }),
    points: pointsOf(series),
  };
  return { kind: 'ok', value, text: signalText(value), facts: factsOf(value) };
}

/** The time before the first measured value says nothing. */
function withoutLeadingGap({ t, v }: Series): Series {
  const first = v.findIndex((value) => value !== null);
  return first === -1 ? { t: [], v: [] } : { t: t.slice(first), v: v.slice(first) };
}

/** At most 240 points: means of equally many neighbours. */
function pointsOf({ t, v }: Series): SignalSeen['points'] {
  const width = Math.ceil(t.length / MAX_POINTS);
  const step = t.length > 1 ? ((t.at(-1) ?? 0) - (t[0] ?? 0)) / (t.length - 1) : 0;
  const means: (number | null)[] = [];
  for (let start = 0; start < v.length; start += width) {
    const measured = v.slice(start, start + width).filter((value) => value !== null);
    const sum = measured.reduce((total, value) => total + value, 0);
    means.push(measured.length === 0 ? null : Number((sum / measured.length).toPrecision(6)));
  }
  return { from: Math.round(t[0] ?? 0), stepMs: Math.round(step * width), v: means };
}

function factsOf({ service, signal, state, since, now, normal }: SignalSeen) {
  return {
    service,
    signal,
    state,
    since,
    now: now === null ? null : (decimal(now) ?? null),
    low: normal === null ? null : (decimal(normal.low) ?? null),
    high: normal === null ? null : (decimal(normal.high) ?? null),
  };
}
