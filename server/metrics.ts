import { Counter, Registry } from 'prom-client';

/** Counters about the server itself, in a registry of their own. */
export type Metrics = {
  readonly registry: Registry;
  readonly requests: Counter<'route' | 'status'>;
  readonly authFailures: Counter;
};

/** Labels come from closed sets only: route patterns and status codes. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'firebreak_http_requests_total',
      help: 'HTTP requests answered.',
      labelNames: ['route', 'status'],
      registers,
    }),
    authFailures: new Counter({
      name: 'firebreak_auth_failures_total',
      help: 'Requests without a token that is known.',
      registers,
    }),
  };
}
