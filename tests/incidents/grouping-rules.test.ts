import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { IncidentId, ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { AlertPast, Over } from '#incidents/alert-history.ts';
import {
  type AlertView,
  ECHO_MS,
  type Grouping,
  type GroupingView,
  group,
  type IncidentView,
  OVERTAKEN_MS,
  RELATED_MS,
} from '#incidents/grouping.ts';
import type { Quiet } from '#incidents/quiet.ts';
import { Severity } from '#incidents/vocabulary.ts';

const NOW = Date.UTC(2026, 0, 5, 3, 12);
const MIN = 60_000;
const PRINT = sha256('errors');
const GROUP = sha256('group');

const services = ['checkout', 'payments'].map((id) => ({
  id: ServiceId.parse(id),
  environment: 'prod',
  owner: 'team-shop',
  mode: 'act' as const,
  dependsOn: [],
  maxReplicas: 4,
  signals: {},
}));
const inventory = { version: sha256('v1'), services: new Map(services.map((one) => [one.id, one])) };

function anAlert(over: Partial<Alert> = {}): Alert {
  return {
    source: 'alertmanager',
    status: 'firing',
    fingerprint: PRINT,
    name: 'HighErrorRate',
    severity: 'error',
    service: 'checkout',
    environment: null,
    startsAt: NOW - MIN,
    summary: '',
    ...over,
  };
}
function anIncident(alerts: Partial<AlertView>[], over: Partial<IncidentView> = {}): IncidentView {
  const service = ServiceId.parse('checkout');
  return {
    id: IncidentId.parse('INC-1'),
    service,
    environment: 'prod',
    openedAt: NOW - 2 * MIN,
    resolvedAt: null,
    alerts: alerts.map((one) => ({
      ...{ fingerprint: PRINT, service, severity: 'error', cleared: false, ...one },
    })),
    ...over,
  };
}
function aPast(over: Partial<AlertPast> = {}, alert: Partial<Alert> = {}): AlertPast {
  const { summary, ...facts } = anAlert(alert);
  return { alert: facts, changes: [], held: null, unsettled: false, at: NOW - MIN, ...over };
}
type World = { past?: AlertPast; over?: Over; quiet?: Quiet; incidents?: IncidentView[] };
function decide(alert: Alert, { past, over, quiet, incidents = [] }: World = {}): Grouping {
  const view: GroupingView = {
    incidents,
    inventory,
    environment: 'prod',
    now: NOW,
    history: {
      get: (print) => (past?.alert.fingerprint === print ? past : undefined),
      over: (print) => (print === PRINT ? over : undefined),
    },
    quiet: () => quiet ?? null,
  };
  return group(alert, view);
}
const joined = (reason: string) => ({ kind: 'joined', incident: 'INC-1', reason });
const suppressed = (reason: string) => ({ kind: 'suppressed', incident: 'INC-1', reason });
const other = sha256('other');

test.each([
  ['warning', 'critical', false, 'inhibited'],
  ['info', 'critical', false, 'inhibited'],
  ['error', 'critical', false, 'same_service'],
  ['critical', 'critical', false, 'same_service'],
  ['warning', 'error', false, 'same_service'],
  ['warning', 'critical', true, 'same_service'],
] as const)(
  'a %s alert beside a %s one of its service (cleared: %s) joins as %s',
  (own, beside, cleared, reason) => {
    const incident = anIncident([{ fingerprint: other, severity: beside, cleared }]);
    expect(decide(anAlert({ severity: own }), { incidents: [incident] })).toEqual(joined(reason));
  },
);

test('a critical alert of a related service does not make the warnings of this one symptoms', () => {
  const service = ServiceId.parse('payments');
  const incident = anIncident([{ fingerprint: other, service, severity: 'critical' }]);
  expect(decide(anAlert({ severity: 'warning' }), { incidents: [incident] })).toEqual(joined('same_service'));
});

const threeChanges = [NOW - 6 * MIN, NOW - 4 * MIN, NOW - 2 * MIN];
test('an alert that changed three times in ten minutes is held as firing: its clearing is not passed on', () => {
  const incidents = [anIncident([{}])];
  const past = aPast({ changes: threeChanges });
  expect(decide(anAlert({ status: 'cleared' }), { past, incidents })).toEqual(suppressed('flapping'));
});

test('what is only told once more right after the end of its incident does not reopen it; news does', () => {
  const past = aPast();
  const ended = (ago: number) => [anIncident([{}], { resolvedAt: NOW - ago })];
  const told = (alert: Partial<Alert>, ago = MIN) => decide(anAlert(alert), { past, incidents: ended(ago) });
  expect(told({})).toEqual(suppressed('same_alert'));
  expect(told({ startsAt: NOW - 2 * MIN })).toEqual(suppressed('same_alert'));
  expect(told({}, ECHO_MS - 1)).toEqual(suppressed('same_alert'));
  expect(told({}, ECHO_MS)).toEqual(joined('reopened'));
  expect(told({ startsAt: NOW })).toEqual(joined('reopened'));
  expect(told({ severity: 'critical' })).toEqual(joined('reopened'));
  const over = aPast({}, { status: 'cleared' });
  expect(decide(anAlert(), { past: over, incidents: ended(MIN) })).toEqual(joined('reopened'));
});

test('while it flaps it neither joins again nor reopens', () => {
  const past = aPast({ changes: threeChanges }, { status: 'cleared' });
  const cleared = [anIncident([{ cleared: true }])];
  expect(decide(anAlert(), { past, incidents: cleared })).toEqual(suppressed('flapping'));
  const resolved = [anIncident([{ cleared: true }], { resolvedAt: NOW - MIN })];
  expect(decide(anAlert(), { past, incidents: resolved })).toEqual(suppressed('flapping'));
});

test('a change while it flaps is told from a repeat', () => {
  const incidents = [anIncident([{}])];
  const heard = (status: Alert['status']) => aPast({ changes: threeChanges }, { status });
  expect(decide(anAlert(), { past: heard('cleared'), incidents })).toEqual(suppressed('flapping'));
  expect(decide(anAlert(), { past: heard('firing'), incidents })).toEqual(suppressed('same_alert'));
  expect(decide(anAlert({ status: 'cleared' }), { past: heard('cleared'), incidents })).toEqual({
    kind: 'ignored',
    reason: 'already_cleared',
  });
});

test('ten minutes after the last of three changes it counts as calm', () => {
  const incidents = [anIncident([{}])];
  const past = aPast({ changes: [NOW - 14 * MIN, NOW - 12 * MIN, NOW - 10 * MIN] });
  expect(decide(anAlert({ status: 'cleared' }), { past, incidents }).kind).toBe('cleared');
});

test('an alert that flaps and that no incident knows still opens one', () => {
  expect(decide(anAlert(), { past: aPast({ changes: threeChanges }) }).kind).toBe('opened');
});

const quiet: Quiet = { reason: 'maintenance', window: 'M-1', until: NOW + 60 * MIN };
test('in maintenance a page is left alone, though the service has an open incident', () => {
  const incidents = [anIncident([{ fingerprint: other }])];
  expect(decide(anAlert(), { quiet, incidents })).toEqual({
    kind: 'left_alone',
    service: 'checkout',
    ...quiet,
  });
});

test('an alert that an open incident holds is not taken from it by maintenance', () => {
  expect(decide(anAlert(), { quiet, incidents: [anIncident([{}])] })).toEqual(suppressed('same_alert'));
});

test('a resolved incident is not reopened in maintenance', () => {
  const incidents = [anIncident([{ cleared: true }], { resolvedAt: NOW - MIN })];
  expect(decide(anAlert(), { quiet, incidents }).kind).toBe('left_alone');
});

test('a repeat of a page that is left alone is no news, but it is under another window', () => {
  const held = { window: 'M-1', until: quiet.until, service: null };
  expect(decide(anAlert(), { quiet, past: aPast({ held }) })).toEqual({
    kind: 'ignored',
    reason: 'left_alone_already',
  });
  expect(decide(anAlert(), { quiet: { ...quiet, window: 'M-2' }, past: aPast({ held }) }).kind).toBe(
    'left_alone',
  );
});

test('a page that is left alone and clears is over', () => {
  const held = { window: 'M-1', until: quiet.until, service: null };
  const over = decide(anAlert({ status: 'cleared' }), { quiet, past: aPast({ held }) });
  expect(over).toEqual({ kind: 'over', reason: 'left_alone' });
});

test('a page that arrives after its own end is ignored, one of a later time is not', () => {
  const over = { startsAt: NOW - 5 * MIN, at: NOW - MIN + 1 };
  expect(decide(anAlert({ startsAt: NOW - 5 * MIN }), { over })).toEqual({
    kind: 'ignored',
    reason: 'over_already',
  });
  expect(decide(anAlert({ startsAt: NOW - 5 * MIN + 1 }), { over }).kind).toBe('opened');
});

test('an end that was told long ago overtakes no page', () => {
  const over = { startsAt: NOW, at: NOW - OVERTAKEN_MS };
  expect(decide(anAlert(), { over }).kind).toBe('opened');
});

test('the end of an earlier time does not clear an alert that fires again', () => {
  const incidents = [anIncident([{}])];
  const past = aPast({}, { startsAt: NOW - MIN });
  const late = anAlert({ status: 'cleared', startsAt: NOW - 9 * MIN, endsAt: NOW - 2 * MIN });
  expect(decide(late, { past, incidents })).toEqual({ kind: 'ignored', reason: 'fires_again' });
  const own = anAlert({ status: 'cleared', startsAt: NOW - MIN, endsAt: NOW });
  expect(decide(own, { past, incidents }).kind).toBe('cleared');
});

test('a sender’s key never makes one alert of two services, nor of two environments', () => {
  const incidents = [anIncident([{}])];
  expect(decide(anAlert({ service: 'payments' }), { incidents }).kind).toBe('opened');
  expect(decide(anAlert({ environment: 'staging' }), { incidents })).toMatchObject({
    kind: 'opened',
    reason: 'other_environment',
  });
});

test('one end clears one of two alerts that share a key, the second end the other', () => {
  const payments = ServiceId.parse('payments');
  const second = anIncident([{ service: payments }], {
    id: IncidentId.parse('INC-2'),
    service: payments,
    openedAt: NOW - MIN,
  });
  const end = anAlert({ status: 'cleared', service: null });
  expect(decide(end, { incidents: [anIncident([{}]), second] })).toMatchObject({ incident: 'INC-1' });
  expect(decide(end, { incidents: [anIncident([{ cleared: true }]), second] })).toMatchObject({
    kind: 'cleared',
    incident: 'INC-2',
  });
});

const ofGroup = aPast({}, { fingerprint: other, group: GROUP });
const grouped = [anIncident([{ fingerprint: other }])];
test('the sender’s group joins an alert without a known service to the incident of its group', () => {
  const alert = anAlert({ service: null, group: GROUP });
  expect(decide(alert, { past: ofGroup, incidents: grouped })).toEqual(joined('same_group'));
});

test.each([
  ['of another service', { service: 'payments', group: GROUP }],
  ['of another environment', { service: null, environment: 'staging', group: GROUP }],
  [
    'of a known service in another environment',
    { service: 'checkout', environment: 'staging', group: GROUP },
  ],
  ['of another source', { service: null, source: 'other', group: GROUP }],
  ['of another group', { service: null, group: sha256('x') }],
  ['without a group', { service: null }],
])('the sender’s group does not join an alert %s', (_, over) => {
  expect(decide(anAlert(over), { past: ofGroup, incidents: grouped }).kind).toBe('opened');
});

test('the sender’s group joins within ten minutes and no longer', () => {
  const old = [anIncident([{ fingerprint: other }], { openedAt: NOW - RELATED_MS - 1 })];
  const alert = anAlert({ service: null, group: GROUP });
  expect(decide(alert, { past: ofGroup, incidents: old }).kind).toBe('opened');
});

test('whatever came before, no key or group joins a known service to the incident of an unrelated one', () => {
  const print = fc.constantFrom(PRINT, other);
  const views = fc.record({
    fingerprint: print,
    service: fc.constantFrom(...services.map(({ id }) => id), null),
    severity: fc.constantFrom(...Severity.options),
    cleared: fc.boolean(),
  });
  const incidents = fc.array(
    fc
      .record({
        alerts: fc.array(views, { maxLength: 3 }),
        service: fc.constantFrom(...services.map(({ id }) => id)),
        resolvedAt: fc.constantFrom(null, NOW - MIN),
        number: fc.integer({ min: 1, max: 9 }),
      })
      .map(({ alerts, service, resolvedAt, number }) => {
        // As in the log: what an incident holds is of its service, or of none that is known.
        const own = alerts.map((one) => ({ ...one, service: one.service === null ? null : service }));
        return anIncident(own, { service, resolvedAt, id: IncidentId.parse(`INC-${number}`) });
      }),
    { maxLength: 4 },
  );
  const pasts = fc.record({
    changes: fc.array(fc.integer({ min: NOW - 20 * MIN, max: NOW }), { maxLength: 4 }),
    group: fc.constantFrom(GROUP, sha256('x')),
    fingerprint: print,
  });
  fc.assert(
    fc.property(incidents, pasts, fc.constantFrom('checkout', 'payments'), (all, made, service) => {
      const past = aPast({ changes: made.changes }, { group: made.group, fingerprint: made.fingerprint });
      const answer = decide(anAlert({ service, group: GROUP }), { past, incidents: all });
      if (answer.kind !== 'joined' || answer.reason === 'fired_again' || answer.reason === 'reopened') return;
      expect(all.filter(({ id }) => id === answer.incident).map((one) => one.service)).toContain(service);
    }),
  );
});
