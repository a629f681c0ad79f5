import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Alert } from '#incidents/alert.ts';
import { pagerDutyAlert, parsePagerDuty } from '#intake/pagerduty.ts';

const NOW = Date.UTC(2026, 0, 5, 3, 12);
const context = { source: 'pagerduty', now: NOW };
const AT = '2026-01-05T03:11:30Z';
const incident = {
  id: 'PINC0001',
  type: 'incident',
  status: 'triggered',
  title: 'HighErrorRate: 31 % of requests fail',
  incident_key: 'shop/errors',
  created_at: '2026-01-05T03:10:00Z',
  urgency: 'high',
  priority: null,
  service: { id: 'PSVC001', summary: 'checkout' },
};
const webhook = (type: string, data: object = {}) =>
  parsePagerDuty(
    { event: { id: '01E', event_type: type, occurred_at: AT, data: { ...incident, ...data } } },
    context,
  );
const alertOf = (type: string, data: object = {}): Alert => {
  const parsed = webhook(type, data);
  if (parsed.kind !== 'alerts' || parsed.alerts[0] === undefined) throw new Error(JSON.stringify(parsed));
  return parsed.alerts[0];
};

test('a webhook and the REST API give the same alert', () => {
  const polled = pagerDutyAlert({ ...incident, body: { details: {} }, incident_number: 4 }, context);
  expect(alertOf('incident.triggered')).toEqual(polled);
  expect(polled).toMatchObject({
    source: 'pagerduty',
    status: 'firing',
    name: 'HighErrorRate: 31 % of requests fail',
    severity: 'critical',
    service: 'checkout',
    environment: null,
    startsAt: Date.parse(incident.created_at),
    page: 'PINC0001',
  });
});

test.each([
  ['incident.triggered', 'triggered', 'firing'],
  ['incident.acknowledged', 'acknowledged', 'firing'],
  ['incident.unacknowledged', 'triggered', 'firing'],
  ['incident.escalated', 'triggered', 'firing'],
  ['incident.reassigned', 'acknowledged', 'firing'],
  ['incident.delegated', 'triggered', 'firing'],
  ['incident.priority_updated', 'acknowledged', 'firing'],
  ['incident.reopened', 'triggered', 'firing'],
  ['incident.resolved', 'resolved', 'cleared'],
])('%s while it is %s means that it is %s', (type, status, means) => {
  expect(alertOf(type, { status }).status).toBe(means);
});

test('times say what came first: the end of it, and that it was opened again', () => {
  const ended = alertOf('incident.resolved', { status: 'resolved' });
  expect([ended.startsAt, ended.endsAt]).toEqual([Date.parse(AT), Date.parse(AT)]);
  expect(alertOf('incident.reopened').startsAt).toBe(Date.parse(AT));
  expect(alertOf('incident.acknowledged').startsAt).toBe(Date.parse(incident.created_at));
});

test.each([
  [{ priority: { summary: 'P1' }, urgency: 'low' }, 'critical'],
  [{ priority: { summary: 'SEV-3' } }, 'warning'],
  [{ priority: { summary: 'Wednesday' }, urgency: 'low' }, 'warning'],
  [{ body: { details: { severity: 'error' } } }, 'error'],
  [{ urgency: 'low' }, 'warning'],
  [{ urgency: 'high' }, 'critical'],
  [{ urgency: undefined }, 'critical'],
])('how bad it is comes from priority, else details, else urgency: %j', (data, severity) => {
  expect(alertOf('incident.triggered', data).severity).toBe(severity);
});

test.each([
  ['the config translates it, by id', { PSVC001: 'basket' }, {}, 'basket'],
  ['the config translates it, by name', { checkout: 'basket' }, {}, 'basket'],
  ['the details name it', {}, { service: 'inventory', env: 'prod' }, 'inventory'],
  ['PagerDuty names it', {}, {}, 'checkout'],
])('the service is known because %s', (_, services, details, expected) => {
  const known = { ...context, services: new Map(Object.entries(services)) };
  expect(pagerDutyAlert({ ...incident, body: { details } }, known)?.service).toBe(expected);
});

test('the same fault has one identity, whatever page PagerDuty makes of it', () => {
  const first = alertOf('incident.triggered');
  expect(alertOf('incident.triggered', { id: 'PINC0009' })).toMatchObject({
    fingerprint: first.fingerprint,
    page: 'PINC0009',
  });
  expect(alertOf('incident.triggered', { title: 'other words', urgency: 'low' }).fingerprint).toBe(
    first.fingerprint,
  );
  for (const other of [{ incident_key: 'else' }, { service: { id: 'PSVC002' } }])
    expect(alertOf('incident.triggered', other).fingerprint).not.toBe(first.fingerprint);
  const keyless = (id: string) => alertOf('incident.triggered', { id, incident_key: null }).fingerprint;
  expect(keyless('PA')).not.toBe(keyless('PB'));
});

test('whatever PagerDuty sends, the parser answers with alerts of the right shape or a reason', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constant('x'.repeat(5000)), fc.constant('‮'));
  const anything = fc.oneof(text, fc.jsonValue(), fc.constant(undefined), fc.double());
  const data = fc.record(
    {
      id: fc.oneof(fc.constantFrom('PINC0001', 'p', ''), anything),
      status: fc.oneof(fc.constantFrom('triggered', 'acknowledged', 'resolved'), anything),
      title: anything,
      incident_key: anything,
      created_at: fc.oneof(fc.constant(AT), anything),
      urgency: anything,
      priority: fc.oneof(fc.record({ summary: anything }), anything),
      service: fc.oneof(fc.record({ id: anything, summary: anything }), anything),
      body: fc.oneof(fc.record({ details: fc.dictionary(fc.string(), anything) }), anything),
    },
    { requiredKeys: [] },
  );
  const event = fc.record(
    {
      id: fc.oneof(fc.constant('01E'), anything),
      event_type: fc.oneof(
        fc.constantFrom('incident.triggered', 'incident.resolved', 'pagey.ping'),
        anything,
      ),
      occurred_at: fc.oneof(fc.constant(AT), anything),
      data: fc.oneof(data, anything),
    },
    { requiredKeys: [] },
  );
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.oneof(fc.record({ event }), event, anything), (body) => {
      const parsed = parsePagerDuty(body, context);
      kinds.add(parsed.kind);
      if (parsed.kind !== 'alerts') return;
      for (const alert of parsed.alerts) {
        expect(Alert.safeParse(alert).success).toBe(true);
        expect(alert.name + alert.summary + alert.service).not.toMatch(/[\n\r‮]/);
      }
    }),
    { numRuns: 3000, seed: 7 },
  );
  expect(kinds).toEqual(new Set(['alerts', 'ignored', 'refused']));
});

test('who acknowledged the page is known by webhook and by list, and only while it is acknowledged', () => {
  const user = { id: 'PALICE', type: 'user_reference' };
  const said = (type: string, status: string, agent: unknown) => {
    const parsed = parsePagerDuty(
      { event: { id: '01E', event_type: type, occurred_at: AT, agent, data: { ...incident, status } } },
      context,
    );
    return parsed.kind === 'alerts' ? parsed.alerts[0]?.seenBy : parsed.kind;
  };
  expect(said('incident.acknowledged', 'acknowledged', user)).toBe('PALICE');
  const service = { id: 'PSVC001', type: 'service_reference' };
  for (const agent of [null, 'PALICE', service, { id: 'alice', type: 'user' }])
    expect(said('incident.acknowledged', 'acknowledged', agent)).toBeUndefined();
  expect(said('incident.escalated', 'acknowledged', user)).toBeUndefined();
  const listed = (status: string) =>
    pagerDutyAlert({ ...incident, status, acknowledgements: [{ at: AT, acknowledger: user }] }, context)
      ?.seenBy;
  expect([listed('acknowledged'), listed('triggered')]).toEqual(['PALICE', undefined]);
});
