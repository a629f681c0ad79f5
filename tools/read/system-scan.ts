import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import type { ClueWhy } from '#diagnosis/series/clue.ts';
import { isDeviating } from '#diagnosis/series/scan.ts';
import { rankSystem } from '#diagnosis/series/score-system.ts';
import type { SystemView } from '#diagnosis/series/system.ts';
import { factsOf, type SystemFacts } from '#diagnosis/series/system-facts.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { ScanSeen } from '#incidents/observations-scan.ts';
import { ServiceRef } from '#incidents/refs.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { joined } from './foreign.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';
import { scanCalls } from './scan-calls.ts';
import { scanChanges } from './scan-changes.ts';
import { scanLogs } from './scan-logs.ts';
import { type Grid, scanSeries, sizeOf } from './scan-series.ts';

const MINUTE = 60_000;
/** How much of the time before the page is read: the last quarter hour of it may belong to the fault. */
const BEFORE = 60 * MINUTE;
const OLDEST = 24 * 60 * MINUTE;
const MAX_POINTS = 720;
const MAX_SERVICES = 40;
const MAX_RANKED = 8;
const FELT: readonly SignalName[] = ['error_ratio', 'latency_p95'];

const Args = z.strictObject({
  service: ServiceRef,
  at: z.int().min(0),
});
type Args = z.infer<typeof Args>;

/** Compares every signal and log of a service, and of all that it depends on, with the time before the page. */
export const systemScan: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'system_scan',
  version: 1,
  description: 'Where the trouble of a service, or of what it depends on, began.',
  args: Args,
  deadlineMs: 20_000,
  perform: (args, context) => scan(args, context),
};

async function scan({ service: ref, at }: Args, context: ToolContext): Promise<ToolResult> {
  const service = knownService(context.inventory, ref);
  if (service === undefined) return unknownService(ref);
  const services = dependenciesOf(service, context.inventory);
  const now = context.clock.now();
  const paged = Math.min(at, now);
  const from = Math.max(now - OLDEST, paged - BEFORE);
  const grid = { from, to: now, stepMs: Math.max(500, Math.ceil((now - from) / MAX_POINTS)) };
  const { series, total, gap } = await scanSeries(services, grid, context);
  const logs = await scanLogs(services, grid, context);
  const spans = await scanCalls(services, grid, context);
  const changes = await scanChanges(services, grid, context);
  if (total === 0 && logs.rows.length === 0) return notConfigured(`${service.id} has no signals and no logs`);
  if (series.length === 0 && logs.rows.length === 0)
    return gap ?? { kind: 'gap', reason: 'no_data', detail: 'nothing was measured in this time' };
  const facts = factsAbout(service, {
    ...{ t: instantsOf(grid), series, at: paged, logs, spans, changes },
    calls: callsOf(services),
  });
  const value = seenOf(service.id, services.length, { ...facts, total });
  const first = value.ranked[0]?.service ?? null;
  return {
    kind: 'ok',
    value,
    text: textOf(value, logs.unread),
    facts: { service: service.id, verdict: value.verdict, first },
  };
}

function seenOf(service: ServiceId, services: number, facts: SystemFacts): ScanSeen {
  const { verdict, ranked } = rankSystem(facts);
  return {
    service,
    verdict,
    services,
    series: { total: facts.total, seen: facts.seen },
    ranked: ranked.slice(0, MAX_RANKED).map(({ service: id, confidence, onset, why }) => ({
      service: ServiceId.parse(id),
      confidence,
      onset: onset === null ? null : Math.round(onset),
      why: why.flatMap(whyOf),
    })),
  };
}

/**
 * What callers feel of the services below them is told by errors and latency, in the same unit on the whole way: the first
 * of these that is out at the service is what the way down is walked by.
 */
function factsAbout({ id }: Service, view: Omit<SystemView, 'page'>): SystemFacts {
  const facts = factsOf({ ...view, page: { service: id, metric: null } });
  const metric = FELT.find((signal) =>
    facts.measured.some((one) => one.service === id && one.metric === signal && isDeviating(one)),
  );
  return metric === undefined ? facts : factsOf({ ...view, page: { service: id, metric } });
}

/** A service and all that it depends on, nearest first. */
function dependenciesOf(service: Service, { services }: Inventory): Service[] {
  const found = new Set([service]);
  for (const one of found) {
    for (const id of one.dependsOn) {
      const next = services.get(id);
      if (next !== undefined && found.size < MAX_SERVICES) found.add(next);
    }
  }
  return [...found];
}

const callsOf = (services: readonly Service[]): SystemView['calls'] =>
  services.flatMap(({ id, dependsOn }) => dependsOn.map((on): [string, string] => [id, on]));

const instantsOf = (grid: Grid): Float64Array =>
  Float64Array.from({ length: sizeOf(grid) }, (_, i) => grid.from + i * grid.stepMs);

/** What the scan reads has signals and services of known names only. */
function whyOf(why: ClueWhy): ScanSeen['ranked'][number]['why'] {
  if (why.kind === 'log') return [why];
  if (why.kind === 'between') {
    const other = ServiceId.safeParse(why.other);
    return other.success ? [{ ...why, other: other.data }] : [];
  }
  const signal = SignalName.safeParse(why.metric);
  return signal.success ? [{ kind: 'level', signal: signal.data, before: why.before, now: why.now }] : [];
}

function textOf({ service, verdict, services, series, ranked }: ScanSeen, unread: readonly string[]): string {
  const seen = `${service} and what it depends on: ${services} services, ${series.seen} of ${series.total} signals`;
  const words = { fault: 'something is wrong', healthy: 'nothing is out of its range', unclear: 'not clear' };
  return joined([
    `${seen}; ${words[verdict]}`,
    ...(unread.length === 0 ? [] : [`logs that could not be read: ${unread.join(', ')}`]),
    ...ranked.map(
      (one) =>
        `${one.service}: ${one.confidence} of 100${one.onset === null ? '' : `, since ${new Date(one.onset).toISOString()}`}; ${one.why.map(reason).join('; ')}`,
    ),
  ]);
}

function reason(why: ScanSeen['ranked'][number]['why'][number]): string {
  if (why.kind === 'log') return `${why.isNew ? 'new' : 'more'} in the log: ${why.template} (${why.count})`;
  if (why.kind === 'between')
    return `${rounded(why.now)} ms between ${why.other} and it, normally ${rounded(why.before)} ms`;
  return `${why.signal} ${rounded(why.now)}, normally ${rounded(why.before)}`;
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
