import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical } from '#core/canonical.ts';
import { Alert } from '#incidents/alert.ts';
import { parseAlertmanager } from '#intake/alertmanager.ts';
import { parseAlertmanagerApi } from '#intake/am-api.ts';
import { oneLine, serviceOfLabels, severityOf, startOf } from '#intake/foreign-text.ts';
import { parseGeneric } from '#intake/generic.ts';
import { MAX_ALERTS, type Parsed } from '#intake/parsed.ts';

const NOW = Date.UTC(2026, 0, 5, 3, 12);
const context = { source: 'alertmanager', now: NOW };

function member(
  labels: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return { status: 'firing', labels, annotations: {}, startsAt: '2026-01-05T03:10:00Z', ...more };
}
function alertsOf(parsed: Parsed): readonly Alert[] {
  if (parsed.kind !== 'alerts') throw new Error(`refused: ${parsed.reason}`);
  return parsed.alerts;
}
const one = (parsed: Parsed): Alert => {
  const [alert, ...rest] = alertsOf(parsed);
  if (alert === undefined || rest.length > 0) throw new Error('not exactly one alert');
  return alert;
};
const group = (...alerts: unknown[]) =>
  parseAlertmanager({ version: '4', status: 'firing', alerts }, context);

test('every alert of an Alertmanager group is read, firing and resolved ones', () => {
  const errors = member(
    { alertname: 'HighErrorRate', service: 'checkout', severity: 'page', env: 'prod' },
    { annotations: { summary: '31 % of requests fail' } },
  );
  const memory = member({ alertname: 'Memory', app: 'inventory' }, { status: 'resolved' });
  expect(alertsOf(group(errors, memory))).toMatchObject([
    {
      name: 'HighErrorRate',
      service: 'checkout',
      severity: 'critical',
      environment: 'prod',
      status: 'firing',
      summary: '31 % of requests fail',
      startsAt: NOW - 120_000,
    },
    { name: 'Memory', service: 'inventory', severity: 'error', environment: null, status: 'cleared' },
  ]);
});

test('the fingerprint depends on source and labels, not on their order, annotations, status or start', () => {
  const print = (labels: Record<string, unknown>, more = {}) => one(group(member(labels, more))).fingerprint;
  const first = print({ alertname: 'A', pod: 'p1' });
  expect(
    print({ pod: 'p1', alertname: 'A' }, { status: 'resolved', annotations: { value: '7' }, startsAt: 'x' }),
  ).toBe(first);
  expect(print({ alertname: 'A', pod: 'p2' })).not.toBe(first);
  const elsewhere = parseAlertmanager(
    { alerts: [member({ alertname: 'A', pod: 'p1' })] },
    { ...context, source: 'other' },
  );
  expect(one(elsewhere).fingerprint).not.toBe(first);
});

test('webhook and API of one Alertmanager give an alert the same fingerprint', () => {
  const labels = { alertname: 'A', service: 'checkout' };
  const polled = parseAlertmanagerApi(
    [{ labels, annotations: {}, status: { state: 'active' }, fingerprint: 'ff' }],
    context,
  );
  expect(polled).toMatchObject({ firing: [{ fingerprint: one(group(member(labels))).fingerprint }] });
});

test('one unreadable member does not lose the rest of the delivery, and is counted', () => {
  const parsed = group(member({ alertname: 'A' }), 7, { labels: {} });
  expect(parsed).toMatchObject({ kind: 'alerts', alerts: [{ name: 'A' }], skipped: 2 });
});

test.each([
  ['not an object', [], 'not_an_object'],
  ['without a list of alerts', { status: 'firing' }, 'no_alerts'],
  ['with an empty list', { alerts: [] }, 'no_alerts'],
  ['with nothing but junk', { alerts: [null, 1] }, 'no_readable_alert'],
  [
    'with more alerts than anyone can read',
    { alerts: Array.from({ length: MAX_ALERTS + 1 }, () => member({ a: 'b' })) },
    'too_many_alerts',
  ],
])('an Alertmanager body %s is refused', (_, body, reason) => {
  expect(parseAlertmanager(body, context)).toEqual({ kind: 'refused', reason });
});

test('silenced and inhibited alerts of the API are set apart', () => {
  const body = [
    { labels: { alertname: 'A' }, status: { state: 'active' } },
    { labels: { alertname: 'B' }, status: { state: 'suppressed', silencedBy: ['x'] } },
  ];
  expect(parseAlertmanagerApi(body, context)).toMatchObject({
    firing: [{ name: 'A' }],
    muted: [{ name: 'B' }],
  });
  expect(parseAlertmanagerApi([], context)).toEqual({ kind: 'alerts', firing: [], muted: [] });
  expect(parseAlertmanagerApi({ status: 'error' }, context)).toEqual({
    kind: 'refused',
    reason: 'no_alerts',
  });
});

test('the generic format reads its documented example', () => {
  const alert = one(
    parseGeneric(
      {
        name: 'HighErrorRate',
        service: 'checkout',
        severity: 'critical',
        status: 'firing',
        startsAt: '2026-01-05T03:10:00Z',
        summary: '31 % fail',
        dedupKey: 'k',
        environment: 'prod',
        labels: { region: 'eu' },
      },
      context,
    ),
  );
  expect(alert).toMatchObject({
    name: 'HighErrorRate',
    service: 'checkout',
    severity: 'critical',
    status: 'firing',
    startsAt: NOW - 120_000,
    summary: '31 % fail',
    environment: 'prod',
  });
});

test('generic alerts with one dedup key are one alert, whatever else changes', () => {
  const print = (body: object) => one(parseGeneric(body, context)).fingerprint;
  expect(print({ name: 'A', dedupKey: 'k' })).toBe(print({ name: 'B', dedupKey: 'k', status: 'ok' }));
  expect(print({ name: 'A', service: 'x' })).not.toBe(print({ name: 'A', service: 'y' }));
  expect(print({ name: 'A', summary: 'one' })).toBe(print({ name: 'A', summary: 'two' }));
});

test('a generic label cannot pass for the name or service of another alert', () => {
  const print = (body: object) => one(parseGeneric(body, context)).fingerprint;
  expect(print({ name: 'A', service: 'x' })).not.toBe(print({ name: 'A', labels: { service: 'x' } }));
});

test('a list, an envelope and a single object are all read', () => {
  expect(alertsOf(parseGeneric([{ name: 'A' }, { title: 'B' }], context))).toHaveLength(2);
  expect(alertsOf(parseGeneric({ alerts: [{ labels: { alertname: 'C' } }] }, context))).toMatchObject([
    { name: 'C' },
  ]);
  expect(
    one(parseGeneric({ summary: 'Queue is full', labels: { severity: 'warning' } }, context)),
  ).toMatchObject({ name: 'Queue is full', severity: 'warning' });
});

test.each([
  ['an object without a name', { service: 'checkout', severity: 'critical' }, 'no_name'],
  ['a list without a name in it', [{ service: 'checkout' }], 'no_name'],
  ['a name of white space', { name: ' \n ' }, 'no_name'],
  ['a list of numbers', [1, 2], 'no_readable_alert'],
  ['an empty list', [], 'no_alerts'],
  ['a text', 'fire', 'not_an_object'],
])('generic: %s is refused', (_, body, reason) => {
  expect(parseGeneric(body, context)).toEqual({ kind: 'refused', reason });
});

test('foreign text becomes one printable line of bounded length', () => {
  expect(oneLine('a\r\nb\u001b[31m\u202ec', 50)).toBe(String.raw`a b\x1b[31m\u{202e}c`);
  expect(oneLine('x'.repeat(1000), 10)).toHaveLength(10);
  expect(oneLine('😀'.repeat(10), 4).isWellFormed()).toBe(true);
  expect(oneLine({ toString: () => 'x' }, 10)).toBe('');
});

test('a collector is not taken for the service that it reports about', () => {
  const labels = new Map([
    ['service', 'kube-state-metrics'],
    ['job', 'kube-state-metrics'],
    ['deployment', 'checkout'],
  ]);
  expect(serviceOfLabels(labels)).toBe('checkout');
  expect(serviceOfLabels(new Map([['job', 'node-exporter']]))).toBeNull();
});

test('severity words of many systems are understood, and an unknown one is an error', () => {
  expect(
    ['CRITICAL', 'P1', 'sev-2', 'high', 'Warn', 'low', 'none', undefined, 'purple'].map(severityOf),
  ).toEqual(['critical', 'critical', 'error', 'error', 'warning', 'info', 'info', 'error', 'error']);
});

test('a start may be ISO text, seconds or milliseconds, and is never in the future or before 1970', () => {
  expect(startOf('2026-01-05T03:10:00.279383004Z', NOW)).toBe(NOW - 120_000 + 279);
  expect(startOf(NOW / 1000 - 60, NOW)).toBe(NOW - 60_000);
  expect(startOf(NOW - 5, NOW)).toBe(NOW - 5);
  for (const odd of ['0001-01-01T00:00:00Z', '2999-01-01', 'soon', null, NOW + 1, Number.NaN, 1e300])
    expect(startOf(odd, NOW)).toBe(NOW);
});

const shapes = fc.record(
  {
    status: fc.oneof(fc.string(), fc.anything()),
    name: fc.oneof(fc.string(), fc.anything()),
    labels: fc.oneof(
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      fc.anything(),
    ),
    annotations: fc.oneof(
      fc.dictionary(fc.constantFrom('summary', 'title'), fc.string({ unit: 'binary', maxLength: 900 })),
      fc.anything(),
    ),
    startsAt: fc.oneof(fc.string(), fc.double(), fc.anything()),
    dedupKey: fc.anything(),
  },
  { requiredKeys: [] },
);
const bodies = fc.oneof(
  fc.anything(),
  fc.array(shapes),
  shapes,
  fc.record({ alerts: fc.array(fc.oneof(shapes, fc.anything())) }),
);

function fit(alert: Alert): void {
  expect(Alert.parse(alert)).toEqual(alert);
  expect(() => canonical(alert)).not.toThrow();
}

test('no body makes a parser throw, and what comes out is an alert that the log can take', () => {
  fc.assert(
    fc.property(bodies, (body) => {
      for (const parse of [parseAlertmanager, parseGeneric]) {
        const parsed = parse(body, context);
        if (parsed.kind === 'alerts') parsed.alerts.forEach(fit);
      }
      const polled = parseAlertmanagerApi(body, context);
      if (polled.kind === 'alerts') [...polled.firing, ...polled.muted].forEach(fit);
    }),
    { numRuns: 500 },
  );
});
