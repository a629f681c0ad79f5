import { z } from 'zod';
import type { JsonObject } from '#core/canonical.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { LabelledSeries } from '../drivers/ports.ts';
import { MAX_EXPRESSION } from '../drivers/promql-check.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { foreign, joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

const MINUTE = 60_000;

const Args = z.strictObject({
  service: ServiceRef,
  expression: z.string().min(1).max(MAX_EXPRESSION).describe('PromQL; each selector names the service'),
  minutes: z.int().min(0).max(1440).describe('How far back; 0 = the value now'),
});
type Args = z.infer<typeof Args>;

/** Asks an expression of the metrics of one service; the driver checks it against what the config allows. */
export const promqlQuery: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'promql_query',
  version: 1,
  description:
    'Your own PromQL over allowed metrics of one service. Says what is allowed when it refuses an expression.',
  args: Args,
  deadlineMs: 10_000,
  perform: (args, context) => query(args, context),
};

async function query({ service: ref, expression, minutes }: Args, context: ToolContext): Promise<ToolResult> {
  const service = knownService(context.inventory, ref);
  if (service === undefined) return unknownService(ref);
  const driver = context.world.metrics.get(service.telemetry ?? '');
  if (driver?.promql === undefined) return notConfigured(`${service.id} has no metrics that take PromQL`);
  const to = context.clock.now();
  const from = to - minutes * MINUTE;
  const seen = await driver.promql({ service, expression, from, to, stepMs: 5000 }, context.signal);
  if (seen.kind === 'gap') return seen;
  const series = seen.value.map(cleanSeries);
  return {
    kind: 'ok',
    value: { service: service.id, minutes, series },
    text: joined([`${series.length} series`, ...seen.value.map(lineOf)]),
    facts: { service: service.id, minutes, series: series.length },
  };
}

function cleanSeries({ labels, series: { t, v } }: LabelledSeries) {
  return { labels: cleanLabels(labels), t: [...t], v: v.map(short) };
}

function cleanLabels(labels: LabelledSeries['labels']): JsonObject {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [foreign(name, 100), foreign(value, 120)]),
  );
}

function lineOf({ labels, series: { t, v } }: LabelledSeries): string {
  const name = JSON.stringify(cleanLabels(labels));
  const values = v.map((value) => (value === null ? '-' : String(short(value))));
  if (values.length === 1) return `${name}: ${values[0]}`;
  const at = new Date(t[0] ?? 0).toISOString();
  const stepS = t.length > 1 ? Math.round(((t.at(-1) ?? 0) - (t[0] ?? 0)) / (t.length - 1) / 1000) : 0;
  return `${name} from ${at} every ${stepS} s: ${values.join(' ')}`;
}

const short = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(6)));
