import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseExposition } from '#demo/exposition.ts';
import { countsOf, p95Of } from '#demo/pager-rules.ts';
import { createServiceMetrics } from '#demo/shop/metrics.ts';

const gauges = {
  inFlight: 3,
  poolSize: 4,
  residentBytes: 1e8,
  limitBytes: 2e8,
  startSeconds: 1.5,
  version: 'v41',
};
const valueIn = (text: string, name: string, labels: Record<string, string> = {}): number | undefined =>
  parseExposition(text).find(
    (sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels),
  )?.value;

test('every counter the rules read is there as 0 before the first request', () => {
  const text = createServiceMetrics(['stock']).render(gauges);
  for (const code of ['200', '500', '502', '503', '504']) {
    expect(valueIn(text, 'http_requests_total', { code })).toBe(0);
  }
  expect(valueIn(text, 'upstream_requests_total', { upstream: 'stock', code: '200' })).toBe(0);
});

test('gauges and the version are rendered as given', () => {
  const text = createServiceMetrics([]).render(gauges);
  expect(valueIn(text, 'http_requests_in_flight')).toBe(3);
  expect(valueIn(text, 'http_pool_size')).toBe(4);
  expect(valueIn(text, 'process_resident_memory_bytes')).toBe(1e8);
  expect(valueIn(text, 'process_memory_limit_bytes')).toBe(2e8);
  expect(valueIn(text, 'process_start_time_seconds')).toBe(1.5);
  expect(valueIn(text, 'build_info', { version: 'v41' })).toBe(1);
});

test('counts and cumulative buckets agree with the requests, whatever their durations', () => {
  const request = fc.record({
    code: fc.constantFrom(200, 500, 503),
    seconds: fc.double({ min: 0, max: 8, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(request, { maxLength: 50 }), (requests) => {
      const metrics = createServiceMetrics([]);
      for (const { code, seconds } of requests) metrics.request(code, seconds);
      const counts = countsOf(parseExposition(metrics.render(gauges)));
      expect(counts.requests).toBe(requests.length);
      expect(counts.errors).toBe(requests.filter(({ code }) => code >= 500).length);
      for (const [le, n] of counts.buckets) {
        expect(n).toBe(requests.filter(({ seconds }) => seconds <= le).length);
      }
    }),
  );
});

test('p95 is interpolated inside its bucket and unknown without requests', () => {
  const metrics = createServiceMetrics([]);
  const read = (): number | undefined => p95Of(countsOf(parseExposition(metrics.render(gauges))));
  expect(read()).toBeUndefined();
  for (let n = 0; n < 100; n += 1) metrics.request(200, 0.07);
  expect(read()).toBeCloseTo(0.0975, 6);
});

test('labels with quotes, backslashes and line breaks are read back', () => {
  const escaped = (text: string): string =>
    text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  fc.assert(
    fc.property(fc.string(), fc.integer(), (label, value) => {
      const [sample] = parseExposition(`# HELP a b\na_total{path="${escaped(label)}"} ${value}\n`);
      fc.pre(!/[\r\u2028\u2029]/.test(label));
      expect(sample).toEqual({ name: 'a_total', labels: { path: label }, value });
    }),
  );
});

test('text that is no exposition gives no samples and no error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const sample of parseExposition(text)) expect(sample.name).toMatch(/^[a-zA-Z_:]/);
    }),
  );
  expect(parseExposition('<html>not metrics</html>\n# TYPE x counter')).toEqual([]);
});
