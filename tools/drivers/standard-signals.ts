import type { SignalSource } from '#incidents/inventory.ts';
import type { SignalName } from '#incidents/vocabulary.ts';

/** Signals of a service that exposes the usual metric names of Prometheus client libraries. */
export const standardSignals: Readonly<Record<SignalName, SignalSource>> = {
  error_ratio: {
    kind: 'ratio',
    of: { metric: 'http_requests_total', where: { code: '5..' } },
    to: { metric: 'http_requests_total' },
  },
  latency_p95: { kind: 'quantile', histogram: 'http_request_duration_seconds', q: 0.95, unit: 'seconds' },
  request_rate: { kind: 'rate', of: { metric: 'http_requests_total' } },
  saturation: { kind: 'gauge_ratio', of: 'http_requests_in_flight', per: 'http_pool_size', over: 'sum' },
  memory_use: {
    kind: 'gauge_ratio',
    of: 'process_resident_memory_bytes',
    per: 'process_memory_limit_bytes',
    over: 'max',
  },
  instances_up: { kind: 'up' },
};
