import { z } from 'zod';
import type {
  Anomaly,
  ClusterLogs,
  Connectivity,
  Dependencies,
  NodeService,
  NodeServiceName,
} from '#incidents/observations-cluster.ts';

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const Patterns = z.object({
  total_log_count: z.int().nullish(),
  total_errors: z.int().nullish(),
  patterns: z.array(z.object({ count: z.int(), sample: z.string() })).nullish(),
});

/** A recorded error log. Nothing recorded in it means that no line spoke of errors. */
export function logsOf(text: string): ClusterLogs {
  const parsed = Patterns.safeParse(json(text));
  if (!parsed.success) return { lines: null, errors: 0, patterns: [] };
  const { total_log_count, total_errors, patterns } = parsed.data;
  return {
    lines: total_log_count ?? null,
    errors: total_errors ?? 0,
    patterns: (patterns ?? []).map(({ count, sample }) => ({ count, sample })),
  };
}

const STATES = { active: 'active', inactive: 'inactive', failed: 'failed' } as const;

/** What `systemctl status` said. */
export function nodeServiceOf(node: string, service: NodeServiceName, text: string): NodeService {
  const active = /Active: (\w+) \((\w+)\)/.exec(text);
  const word = active?.[1] ?? '';
  const absent = /could not be found|not-found/.test(text);
  const state = word in STATES ? STATES[word as keyof typeof STATES] : absent ? 'absent' : 'unknown';
  return {
    node,
    service,
    state,
    detail: active === null ? text.slice(0, 200) : `${active[1]} (${active[2]})`,
  };
}

/** A tree of services as it was recorded: who calls the service, and what is below it. */
export function dependenciesOf(text: string): Dependencies {
  const callers = /\(Called By\)\]:(.*)/.exec(text)?.[1] ?? '';
  const calledBy = callers
    .split(',')
    .map((one) => one.trim())
    .filter((one) => NAME.test(one));
  const edges: Dependencies['edges'] = [];
  const path: { depth: number; name: string }[] = [];
  for (const raw of text.split('\n')) {
    const line = /^([\s│├└─|`+-]*)([a-z0-9][a-z0-9.-]*)\s*(?:<--.*|\(.*)?$/.exec(raw);
    const name = line?.[2];
    if (line === null || name === undefined || !NAME.test(name)) continue;
    const depth = line[1]?.length ?? 0;
    while ((path.at(-1)?.depth ?? -1) >= depth) path.pop();
    const parent = path.at(-1);
    if (parent !== undefined) edges.push({ from: parent.name, to: name });
    path.push({ depth, name });
  }
  return { calledBy, edges };
}

/** What a connection attempt said; null where it says neither. */
export function connectivityOf(text: string): Connectivity | null {
  if (/Connection Succeeded|\bopen\b/i.test(text)) return { open: true, detail: text.slice(0, 200) };
  if (/Connection Failed|refused|timed? ?out|no such host|unreachable/i.test(text))
    return { open: false, detail: text.slice(0, 200) };
  return null;
}

const Alerts = z.object({
  alerts: z
    .array(z.object({ type: z.string(), name: z.string(), evidence: z.array(z.string()).nullish() }))
    .nullish(),
});

/** Kinds of measurements by the words of the one who measured; the first that matches counts. */
const WHATS: readonly (readonly [RegExp, Anomaly['what']])[] = [
  [/retrans/i, 'retransmissions'],
  [/packet.?loss/i, 'packet_loss'],
  [/network.?(delay|latency)|rtt/i, 'network_delay'],
  [/throttl|cfs/i, 'cpu_throttled'],
  [/cpu/i, 'cpu_use'],
  [/mem/i, 'memory_use'],
  [/latency|slow/i, 'latency'],
  [/error|success/i, 'errors'],
  [/throughput|rps/i, 'throughput_drop'],
  [/traffic|pps|network drop/i, 'traffic_drop'],
  [/connection/i, 'connections'],
];

/** Recorded alerts as measurements that left their normal level. */
export function anomaliesOf(text: string): Anomaly[] {
  const parsed = Alerts.safeParse(json(text));
  if (!parsed.success) return [];
  return (parsed.data.alerts ?? []).flatMap(({ type, name, evidence }) =>
    NAME.test(name)
      ? (evidence ?? []).map((line): Anomaly => {
          const figure = (key: RegExp): number | null => {
            const found = key.exec(line)?.[1];
            return found === undefined ? null : Number(found);
          };
          return {
            kind: /node/i.test(type) ? 'node' : 'app',
            name,
            what: WHATS.find(([words]) => words.test(line))?.[1] ?? 'other',
            normal: figure(/Normal=(\d+(?:\.\d+)?)/),
            now: figure(/(?:Cur(?:rent)?=|Val: )(\d+(?:\.\d+)?)/),
          };
        })
      : [],
  );
}
