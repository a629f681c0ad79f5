import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Alert } from '#incidents/alert.ts';
import { parseGeneric } from '#intake/generic.ts';

const NOW = Date.parse('2030-01-01T00:00:00Z');
const context = { source: 'any', now: NOW };

function one(body: unknown): Alert {
  const parsed = parseGeneric(body, context);
  if (parsed.kind !== 'alerts' || parsed.alerts[0] === undefined) throw new Error(JSON.stringify(parsed));
  return parsed.alerts[0];
}

describe('what monitoring systems post in words of their own becomes an alert', () => {
  test.each([
    [
      'a rule with a state and tags as one text',
      {
        rule_name: 'Oven too hot',
        title: '[Alerting] oven',
        state: 'alerting',
        tags: 'env:prod,service:oven',
        priority: 2,
      },
      { name: 'Oven too hot', status: 'firing', severity: 'error', service: 'oven', environment: 'prod' },
    ],
    [
      'an alarm that is text inside of a notification',
      {
        Type: 'Notification',
        Subject: 'ALARM: "OvenCold" in Nowhere',
        Message: JSON.stringify({ AlarmName: 'OvenCold', NewStateValue: 'OK', NewStateReason: 'warm again' }),
      },
      { name: 'OvenCold', status: 'cleared', summary: 'warm again' },
    ],
    [
      'an incident in an envelope',
      {
        version: '1',
        incident: {
          ...{
            incident_id: 'a-1',
            policy_name: 'projects/1/policies/2',
            condition_name: 'Oven',
            state: 'open',
          },
          ...{ summary: 'the oven is cold', started_at: NOW / 1000 - 60 },
        },
      },
      { name: 'Oven', status: 'firing', summary: 'the oven is cold', startsAt: NOW - 60_000 },
    ],
    [
      'a check that came up again',
      { check_name: 'front door', current_state: 'UP', previous_state: 'DOWN', importance_level: 'HIGH' },
      { name: 'front door', status: 'cleared', severity: 'error' },
    ],
    [
      'an event that says what happened in its type alone',
      { eventType: 'ALERT_NOTIFICATION_CLEAR', alert: { ruleName: 'Agent offline', severity: 'Info' } },
      { name: 'Agent offline', status: 'cleared', severity: 'info' },
    ],
    [
      'levels written as constants',
      { name: 'x', status: 'ACTIVE', criticality: 'LEVEL_OF_ALERT_WARNING' },
      { status: 'firing', severity: 'warning' },
    ],
    [
      'a service that is an object',
      { title: 'x', service: { id: 'P1', summary: 'Bakery' }, urgency: 'high' },
      { service: 'Bakery', severity: 'error' },
    ],
  ])('%s', (_name, body, expected) => {
    expect(one(body)).toMatchObject(expected);
  });
});

test.each([
  'not ok',
  'NOT_OK',
  'unhealthy',
  'unresolved',
  'no_recovery',
  'still not resolved',
  'up and down',
  '',
  'moon',
])('the status %j does not clear what burns', (word) => {
  expect(one({ name: 'x', state: word }).status).toBe('firing');
  expect(one({ name: 'x', transition: word }).status).toBe('firing');
});

test('what an alert says itself stands above what is wrapped in it', () => {
  const alert = one({
    ...{ name: 'own', status: 'resolved', severity: 'info', labels: { service: 'mine' } },
    event: { name: 'other', status: 'firing', severity: 'critical', labels: { service: 'theirs' } },
  });
  expect(alert).toMatchObject({ name: 'own', status: 'cleared', severity: 'info', service: 'mine' });
});

test('firing and cleared are one alert where the sender names the incident, and where only its title changed', () => {
  const print = (body: object): string => one(body).fingerprint;
  expect(print({ incidentId: '7', title: 'fires' })).toBe(print({ incidentId: '7', title: 'is over' }));
  expect(print({ rule_name: 'r', title: '[Alerting] r' })).toBe(print({ rule_name: 'r', title: '[OK] r' }));
  expect(print({ monitor_id: '7', title: 'a' })).not.toBe(print({ monitor_id: '7', title: 'b' }));
});

test('what has no name, title or words is refused, and so is text that looks like JSON', () => {
  for (const body of [
    {},
    { state: 'alerting' },
    { message: '{"severity":"critical"}' },
    { name: { deep: {} } },
  ])
    expect(parseGeneric(body, context)).toEqual({ kind: 'refused', reason: 'no_name' });
});

const KEYS = [
  ...[
    'name',
    'title',
    'AlarmName',
    'state',
    'status',
    'priority',
    'severity',
    'tags',
    'labels',
    'commonLabels',
  ],
  ...[
    'incident',
    'event',
    'alert',
    'message',
    'Message',
    'data',
    'service',
    'started_at',
    'timestamp',
    'dedup_key',
  ],
];
const { any: value } = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.jsonValue(),
    fc.string(),
    fc.double(),
    fc.dictionary(fc.constantFrom(...KEYS), tie('any')),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.jsonValue().map((json) => JSON.stringify(json)),
  ),
}));

test('whatever is in these members, alerts of the right shape come out or a reason, and nothing throws', () => {
  const property = fc.property(fc.dictionary(fc.constantFrom(...KEYS), value), (body) => {
    const parsed = parseGeneric(body, context);
    if (parsed.kind !== 'alerts') return parsed.kind === 'refused' && parsed.reason.length > 0;
    return parsed.alerts.every((alert) => Alert.safeParse(alert).success && alert.startsAt <= NOW);
  });
  expect(() => fc.assert(property, { numRuns: 400 })).not.toThrow();
});
