/** Upper bounds of the duration histogram in seconds. */
export const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5] as const;

/** Values read at the moment of a scrape. */
export type Gauges = {
  inFlight: number;
  poolSize: number;
  residentBytes: number;
  limitBytes: number;
  startSeconds: number;
  version: string;
};

/** Counters of one instance and their text form. */
export type ServiceMetrics = {
  request(code: number, seconds: number): void;
  upstream(name: string, code: string): void;
  render(gauges: Gauges): string;
};

const bump = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);

function family(head: { name: string; type: string; help: string }, lines: readonly string[]): string {
  return [`# HELP ${head.name} ${head.help}`, `# TYPE ${head.name} ${head.type}`, ...lines].join('\n');
}

function gauge(name: string, help: string, value: number): string {
  return family({ name, type: 'gauge', help }, [`${name} ${value}`]);
}

function renderGauges(gauges: Gauges): string[] {
  return [
    gauge('http_requests_in_flight', 'Requests that hold a worker.', gauges.inFlight),
    gauge('http_pool_size', 'Workers of this instance.', gauges.poolSize),
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', gauges.residentBytes),
    gauge('process_memory_limit_bytes', 'Memory this instance may use in bytes.', gauges.limitBytes),
    gauge('process_start_time_seconds', 'Start time since the epoch in seconds.', gauges.startSeconds),
    family({ name: 'build_info', type: 'gauge', help: 'What runs here.' }, [
      `build_info{version="${gauges.version}"} 1`,
    ]),
  ];
}

/** Makes the counters; codes and upstreams that exist from the start are exposed as 0 so that a first error is an increase. */
export function createServiceMetrics(upstreams: readonly string[]): ServiceMetrics {
  const codes = new Map(['200', '500', '502', '503', '504'].map((code) => [code, 0]));
  const calls = new Map(upstreams.map((name) => [`upstream="${name}",code="200"`, 0]));
  const buckets: number[] = BUCKETS.map(() => 0);
  let count = 0;
  let sum = 0;
  const histogram = (): string[] => {
    const name = 'http_request_duration_seconds';
    const lines = BUCKETS.map((le, at) => `${name}_bucket{le="${le}"} ${buckets[at] ?? 0}`);
    return [...lines, `${name}_bucket{le="+Inf"} ${count}`, `${name}_sum ${sum}`, `${name}_count ${count}`];
  };
  return {
    request: (code, seconds) => {
      bump(codes, String(code));
      count += 1;
      sum += seconds;
      BUCKETS.forEach((le, at) => {
        if (seconds <= le) buckets[at] = (buckets[at] ?? 0) + 1;
      });
    },
    upstream: (name, code) => bump(calls, `upstream="${name}",code="${code}"`),
    render: (gauges) =>
      `${[
        family(
          { name: 'http_requests_total', type: 'counter', help: 'Answered requests.' },
          [...codes].map(([code, value]) => `http_requests_total{code="${code}"} ${value}`),
        ),
        family(
          { name: 'http_request_duration_seconds', type: 'histogram', help: 'Time to the answer.' },
          histogram(),
        ),
        family(
          { name: 'upstream_requests_total', type: 'counter', help: 'Calls to what this service needs.' },
          [...calls].map(([labels, value]) => `upstream_requests_total{${labels}} ${value}`),
        ),
        ...renderGauges(gauges),
      ].join('\n')}\n`,
  };
}
