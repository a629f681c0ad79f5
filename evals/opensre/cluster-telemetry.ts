import { z } from 'zod';
import type { Anomaly, ClusterLogs } from '#incidents/observations-cluster.ts';
import { recorded } from './recorded.ts';

/** A member of another type than usual is one that was not recorded; the rest stands. */
const Text = z.string().nullish().catch(null);
const PodLogs = z.looseObject({ pod_name: Text, logs: z.string() });
const Logs = z.looseObject({
  logs: z.array(
    z.looseObject({
      message: z.string(),
      status: Text,
      service: Text,
      timestamp: Text,
      tags: z.array(z.string()).nullish(),
    }),
  ),
});
const Monitors = z.looseObject({
  monitors: z.array(
    z.looseObject({ name: Text, query: Text, overall_state: Text, tags: z.array(z.string()).nullish() }),
  ),
});

type Evidence = ReadonlyMap<string, unknown>;

const BAD_LINE = /\b(error|fatal|panic|exception|fail(ed|ure)?|unable|cannot|refused|denied|timed? ?out)\b/i;

/** Lines of an application that speak of errors, of all places that lines were recorded in; null where there is none. */
export function logsOf(evidence: Evidence, app: string): ClusterLogs | null {
  const own = recorded(evidence, 'eks_pod_logs', PodLogs);
  const sent = recorded(evidence, 'datadog_logs', Logs);
  if (own === null && sent === null) return null;
  const isOwn = own !== null && (own.pod_name ?? '').startsWith(app);
  const lines = [
    ...(isOwn ? own.logs.split('\n').filter((line) => line !== '') : []).map((text) => ({
      text,
      bad: BAD_LINE.test(text),
    })),
    ...(sent?.logs ?? [])
      .filter(({ service }) => service === app)
      .map(({ message, status }) => ({
        text: message,
        bad: /error|crit|alert|emerg/i.test(status ?? '') || BAD_LINE.test(message),
      })),
  ];
  const bad = lines.filter((line) => line.bad);
  return {
    ...{ lines: lines.length, errors: bad.length },
    patterns: bad.slice(0, 40).map(({ text }) => ({ count: 1, sample: text })),
  };
}

/** Kinds of measurements by the words of a monitor's query; the first that matches counts. */
const WHATS: readonly (readonly [RegExp, Anomaly['what']])[] = [
  [/throttl/i, 'cpu_throttled'],
  [/cpu/i, 'cpu_use'],
  [/mem/i, 'memory_use'],
  [/latency|duration/i, 'latency'],
  [/errors?\b/i, 'errors'],
  [/hits|requests/i, 'traffic_drop'],
];

/** Monitors that raise an alarm, as measurements that left their level; null where no monitors were recorded. */
export function anomaliesOf(evidence: Evidence): Anomaly[] | null {
  const found = recorded(evidence, 'datadog_monitors', Monitors);
  return (
    found?.monitors.flatMap(({ name, query, overall_state, tags }): Anomaly[] => {
      const about = (tags ?? []).map((tag) => /^(?:service|kube_deployment):(.+)$/.exec(tag)?.[1]);
      const app = about.find((one) => one !== undefined);
      if (!/alert/i.test(overall_state ?? '') || app === undefined) return [];
      const text = `${query ?? ''} ${name ?? ''}`;
      const what = WHATS.find(([words]) => words.test(text))?.[1] ?? 'other';
      return [{ kind: 'app', name: app, what, normal: null, now: null }];
    }) ?? null
  );
}
