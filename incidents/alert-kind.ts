import type { SignalName } from './vocabulary.ts';

/** Word beginnings of alert names -> the signal they are about. The first row that matches counts. */
const kinds: readonly { readonly signal: SignalName; readonly words: readonly string[] }[] = [
  { signal: 'memory_use', words: ['memory', 'mem', 'oom', 'heap', 'rss', 'leak'] },
  {
    signal: 'instances_up',
    words: [
      'down',
      'crash',
      'notready',
      'unready',
      'unavailable',
      'unreachable',
      'absent',
      'dead',
      'probe',
      'liveness',
      'readiness',
      'healthcheck',
      'replica',
      'replicas',
      'restarting',
    ],
  },
  {
    signal: 'latency_p95',
    words: ['latency', 'slow', 'duration', 'timeout', 'timeouts', 'p90', 'p95', 'p99', 'responsetime'],
  },
  {
    signal: 'error_ratio',
    words: [
      'error',
      'errors',
      '5xx',
      '500',
      '502',
      '503',
      '504',
      'fail',
      'failed',
      'failing',
      'failure',
      'failures',
      'exception',
      'exceptions',
      'availability',
      'burn',
    ],
  },
  {
    signal: 'saturation',
    words: [
      'saturation',
      'saturated',
      'queue',
      'queued',
      'pool',
      'backlog',
      'concurrency',
      'exhausted',
      'capacity',
      'workers',
      'threads',
    ],
  },
  { signal: 'request_rate', words: ['traffic', 'requests', 'request', 'rps', 'qps', 'throughput'] },
];

/**
 * Which signal an alert is about, by its name: `HighErrorRate`, `checkout_latency_p99`, `KubePodCrashLooping`. Null when
 * the name says nothing. A hint for what to read first; foreign text decides nothing else.
 */
export function aboutAlert(alertName: string): SignalName | null {
  const words = wordsOf(alertName);
  return kinds.find(({ words: known }) => words.some((word) => known.includes(word)))?.signal ?? null;
}

/** Splits at camel case and at everything that is no letter or digit; pairs are joined too (`NotReady`, `HealthCheck`). */
function wordsOf(name: string): string[] {
  const single = name
    .slice(0, 120)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '');
  const pairs = single.slice(1).map((word, i) => `${single[i] ?? ''}${word}`);
  return [...single, ...pairs];
}
