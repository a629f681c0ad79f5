import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import { parseAlertmanager } from '#intake/alertmanager.ts';
import { parseAlertmanagerApi } from '#intake/am-api.ts';
import { parseGeneric } from '#intake/generic.ts';
import { type LabelMatch, matchedService } from '#intake/match-labels.ts';

const now = Date.UTC(2026, 0, 5, 3, 12);
const checkout = ServiceId.parse('checkout');
const payments = ServiceId.parse('payments');
const matches: readonly LabelMatch[] = [
  { service: checkout, labels: { pod: 'checkout-*', namespace: 'shop' } },
  { service: checkout, labels: { instance: '10.0.1.*:8080' } },
  { service: payments, labels: { pod: '*-payments-*' } },
];
const find = (labels: Record<string, string>) => matchedService(new Map(Object.entries(labels)), matches);

test.each([
  [{ pod: 'checkout-7d9f-x2', namespace: 'shop' }, checkout],
  [{ pod: 'checkout-7d9f-x2', namespace: 'other' }, null],
  [{ pod: 'checkout-7d9f-x2' }, null],
  [{ pod: 'old-checkout-1', namespace: 'shop' }, null],
  [{ instance: '10.0.1.17:8080' }, checkout],
  [{ instance: '10.0.1.17:8081' }, null],
  [{ pod: 'eu-payments-1' }, payments],
  [{ pod: 'checkout-payments-1', namespace: 'shop' }, null],
  [{ pod: `checkout-${'x'.repeat(400)}`, namespace: 'shop' }, null],
  [{}, null],
])('the labels %j belong to %s', (labels, service) => {
  expect(find(labels)).toBe(service);
});

test('a pattern fits what it spells with any text for each star, and nothing else', () => {
  const texts = fc.array(fc.stringMatching(/^[ab]{0,3}$/), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(texts, fc.stringMatching(/^[ab]{0,12}$/), (parts, value) => {
      const pattern = parts.join('*');
      const expected = new RegExp(`^${parts.join('.*')}$`).test(value);
      const found = matchedService(new Map([['pod', value]]), [
        { service: checkout, labels: { pod: pattern } },
      ]);
      expect(found === checkout).toBe(expected);
    }),
  );
});

const context = { source: 'am', now, matches };
const labels = { alertname: 'PodDown', pod: 'checkout-1', namespace: 'shop', job: 'kubelet' };
const times = { startsAt: '2026-01-05T03:00:00Z', endsAt: '2026-01-05T03:05:00Z' };

test('an alert about an object of a service is an alert about the service, however it comes', () => {
  const services = [
    parseAlertmanager({ alerts: [{ status: 'firing', labels }] }, context),
    parseGeneric({ name: 'PodDown', service: 'kubelet', labels }, context),
  ].map((read) => (read.kind === 'alerts' ? read.alerts[0]?.service : read.kind));
  const polled = parseAlertmanagerApi([{ labels, status: { state: 'active' } }], context);
  expect([...services, polled.kind === 'alerts' && polled.firing[0]?.service]).toEqual(
    Array(3).fill('checkout'),
  );
});

const ended = (over: object, status = 'resolved') => {
  const read = parseAlertmanager({ alerts: [{ status, labels, ...times, ...over }] }, context);
  return read.kind === 'alerts' ? read.alerts[0]?.endsAt : read.kind;
};
test('when a cleared alert ended counts only where its sender says both times and they can be true', () => {
  expect(ended({})).toBe(Date.parse(times.endsAt));
  expect(ended({}, 'firing')).toBeUndefined();
  expect(ended({ startsAt: 'soon' })).toBeUndefined();
  expect(ended({ startsAt: undefined })).toBeUndefined();
  expect(ended({ endsAt: '0001-01-01T00:00:00Z' })).toBeUndefined();
  expect(ended({ endsAt: '2026-01-05T03:30:00Z' })).toBeUndefined();
  expect(ended({ endsAt: '2026-01-05T02:00:00Z' })).toBeUndefined();
});

test('the sender’s group is kept as a digest of source and key', () => {
  const group = (groupKey: unknown, source = 'am') => {
    const read = parseAlertmanager({ groupKey, alerts: [{ labels }] }, { ...context, source });
    return read.kind === 'alerts' ? read.alerts[0]?.group : read.kind;
  };
  expect(group('{}:{a="b"}')).toMatch(/^[0-9a-f]{64}$/);
  expect(group('{}:{a="b"}')).not.toBe(group('{}:{a="c"}'));
  expect(group('{}:{a="b"}')).not.toBe(group('{}:{a="b"}', 'other'));
  expect([group(undefined), group({}), group('')]).toEqual([undefined, undefined, undefined]);
});

test.each([
  [{ state: 'suppressed' }, 1],
  [{ state: 'active', silencedBy: ['s-1'], inhibitedBy: [] }, 1],
  [{ state: 'active', silencedBy: [], inhibitedBy: ['i-1'] }, 1],
  [{ state: 'active', silencedBy: [], inhibitedBy: [] }, 0],
  [undefined, 0],
])('a polled alert whose status is %j is muted: %s', (status, muted) => {
  const polled = parseAlertmanagerApi([{ labels, status }], context);
  expect(polled).toMatchObject({ kind: 'alerts' });
  if (polled.kind === 'alerts')
    expect([polled.muted.length, polled.firing.length]).toEqual([muted, 1 - muted]);
});
