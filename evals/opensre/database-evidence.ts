import { z } from 'zod';
import type {
  PostgresActivity,
  PostgresReplication,
  PostgresSizes,
} from '#incidents/observations-postgres.ts';
import { recordedAt } from './recorded-at.ts';

const Text = z.string().nullish();
const Values = z.array(z.number().nullable());
const Metric = z.looseObject({
  metric_name: z.string(),
  unit: Text,
  dimensions: z.array(z.looseObject({ Value: z.string() })).nullish(),
  timestamps: z.array(z.string()),
  values: Values,
});
const Metrics = z.looseObject({ metric_data_results: z.array(Metric) });
type Metric = z.infer<typeof Metric>;
const Wait = z.looseObject({ name: z.string(), db_load_avg: z.number() });
const Insights = z.looseObject({
  db_load: z.looseObject({ values: Values }).nullish(),
  top_sql: z
    .array(
      z.looseObject({
        statement: z.string(),
        db_load_avg: z.number(),
        calls_per_sec: z.number().nullish(),
        wait_events: z.array(Wait).nullish(),
      }),
    )
    .nullish(),
  top_wait_events: z.array(Wait).nullish(),
});
const Events = z.looseObject({
  events: z.array(z.looseObject({ date: Text, message: z.string() })),
});

export type DatabaseEvidence = {
  readonly evidence: ReadonlyMap<string, unknown>;
  readonly database: string;
  readonly replica: string | null;
};

/** Samples of one metric of this database, oldest first, in its base unit; null where none were recorded of it. */
function samples(from: DatabaseEvidence, name: string): { at: number; value: number }[] | null {
  const all = Metrics.safeParse(from.evidence.get('aws_cloudwatch_metrics')).data?.metric_data_results ?? [];
  const own = all.find((one) => one.metric_name === name && isOwn(one, from));
  if (own === undefined) return null;
  const factor = own.unit === 'Percent' ? 0.01 : 1;
  const found = own.timestamps.flatMap((text, i) => {
    const value = own.values[i];
    return value == null ? [] : [{ at: Date.parse(text), value: value * factor }];
  });
  return found.length === 0 ? null : found;
}

/** A backend is asked about one database and its replicas, and answers of no other. */
function isOwn({ dimensions }: Metric, { database, replica }: DatabaseEvidence): boolean {
  const named = (dimensions ?? []).map(({ Value }) => Value);
  if (named.length === 0) return true;
  return named.some((name) => name === database || name === replica || name.startsWith(`${database}-`));
}

const median = (values: readonly number[]): number | null => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
};

/** The newest samples, and the first one: windows of evidence begin before what they show. */
function level(
  from: DatabaseEvidence,
  name: string,
  factor = 1,
): { now: number | null; normal: number | null } | null {
  const found = samples(from, name);
  if (found === null) return null;
  const now = median(found.slice(-3).map(({ value }) => value));
  const first = found[0]?.value ?? null;
  return { now: now === null ? null : now * factor, normal: first === null ? null : first * factor };
}

const latest = (from: DatabaseEvidence, name: string): number | null => level(from, name)?.now ?? null;

/** Write latencies are recorded in seconds or in milliseconds. */
function writeMs(from: DatabaseEvidence): { now: number | null; normal: number | null } | null {
  const all = Metrics.safeParse(from.evidence.get('aws_cloudwatch_metrics')).data?.metric_data_results ?? [];
  const unit = all.find((one) => one.metric_name === 'WriteLatency' && isOwn(one, from))?.unit ?? '';
  return level(from, 'WriteLatency', unit === 'Seconds' ? 1000 : 1);
}

/** `IO:WALWrite` is an event of its type; a name alone is a type. */
function waitOf(name: string): { type: string; event: string | null } {
  const at = name.indexOf(':');
  return at < 0 ? { type: name, event: null } : { type: name.slice(0, at), event: name.slice(at + 1) };
}

export function activityOf(from: DatabaseEvidence): PostgresActivity | null {
  const insights = Insights.safeParse(from.evidence.get('aws_performance_insights')).data ?? null;
  const connections = latest(from, 'DatabaseConnections');
  const messages = messagesOf(from);
  if (insights === null && connections === null && messages === null) return null;
  const scale = insights === null ? 1 : scaleOf(insights);
  return {
    ...{ look: 'activity', byState: null, checkpoints: null, settings: null, messages },
    connections: connections === null ? null : Math.round(connections),
    maxConnections: null,
    waits:
      insights?.top_wait_events?.map(({ name, db_load_avg }) => ({
        ...waitOf(name),
        sessions: db_load_avg * scale,
      })) ?? null,
    queries:
      insights?.top_sql?.map((one) => ({
        text: one.statement,
        sessions: one.db_load_avg * scale,
        computing: computing(one.wait_events ?? []) * scale,
        ...{ longestS: null, wait: one.wait_events?.[0]?.name ?? null, callsPerS: one.calls_per_sec ?? null },
      })) ?? null,
    resources: {
      ...{ cpuShare: level(from, 'CPUUtilization'), readsPerS: level(from, 'ReadIOPS') },
      ...{ writesPerS: level(from, 'WriteIOPS'), diskQueue: level(from, 'DiskQueueDepth') },
      writeMs: writeMs(from),
    },
  };
}

const computing = (waits: readonly z.infer<typeof Wait>[]): number =>
  waits.filter(({ name }) => waitOf(name).type === 'CPU').reduce((sum, one) => sum + one.db_load_avg, 0);

/** Statements that sum up to far more than the whole load was are given as hundredths of it. */
function scaleOf({ db_load, top_sql }: z.infer<typeof Insights>): number {
  const load = (db_load?.values ?? []).filter((value) => value !== null);
  const highest = Math.max(0, ...load);
  const sum = (top_sql ?? []).reduce((total, one) => total + one.db_load_avg, 0);
  const mean = load.reduce((total, value) => total + value, 0) / Math.max(1, load.length);
  return highest > 0 && sum > 3 * highest ? mean / 100 : 1;
}

function messagesOf({ evidence }: DatabaseEvidence): PostgresActivity['messages'] {
  const found = Events.safeParse(evidence.get('aws_rds_events')).data;
  if (found === undefined) return null;
  const now = recordedAt(evidence);
  return found.events.map(({ date, message }) => {
    const at = Date.parse(date ?? '');
    return { ageS: Number.isFinite(at) && at <= now ? Math.round((now - at) / 1000) : null, text: message };
  });
}

export function replicationOf(from: DatabaseEvidence): PostgresReplication | null {
  const lagS = latest(from, 'ReplicaLag');
  const walPerS = level(from, 'TransactionLogsGeneration');
  if (lagS === null && walPerS === null) return null;
  const name = from.replica ?? `${from.database} replica`;
  return {
    ...{ look: 'replication', role: 'primary', lagS: null, slots: null, walPerS },
    replicas: lagS === null ? null : [{ name, state: null, lagBytes: null, lagS }],
  };
}

export function sizesOf(from: DatabaseEvidence): PostgresSizes | null {
  const free = samples(from, 'FreeStorageSpace');
  const last = free?.at(-1);
  if (free == null || last === undefined) return null;
  return {
    ...{ look: 'sizes', freeBytes: last.value, totalBytes: null, databases: null, tables: null },
    ...{ fullInS: fullInS(free), walBytes: null },
  };
}

/** As it went over the newer half of what was recorded. */
function fullInS(free: readonly { at: number; value: number }[]): number | null {
  const [first, last] = [free[Math.floor(free.length / 2)], free.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return null;
  const perS = ((first.value - last.value) * 1000) / (last.at - first.at);
  return perS <= 0 ? null : Math.round(last.value / perS);
}
