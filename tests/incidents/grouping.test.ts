import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { type Digest, IncidentId, ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import { type GroupingView, group, type IncidentView, RELATED_MS, REOPEN_MS } from '#incidents/grouping.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { Severity } from '#incidents/vocabulary.ts';

const NOW = Date.UTC(2026, 0, 5, 3, 12);

function aService(id: string, dependsOn: string[]): Service {
  return {
    id: ServiceId.parse(id),
    environment: 'prod',
    owner: 'team-shop',
    mode: 'act',
    dependsOn: dependsOn.map((name) => ServiceId.parse(name)),
    maxReplicas: 4,
    signals: {},
  };
}
const services = [
  aService('gateway', ['checkout']),
  aService('checkout', ['inventory']),
  aService('inventory', []),
  aService('mail', []),
];
const inventory: Inventory = {
  version: sha256('v1'),
  services: new Map(services.map((service) => [service.id, service])),
};

function anAlert(over: Partial<Alert> = {}): Alert {
  return {
    source: 'alertmanager',
    status: 'firing',
    fingerprint: sha256('errors'),
    name: 'HighErrorRate',
    severity: 'critical',
    service: 'checkout',
    environment: null,
    startsAt: NOW,
    summary: '',
    ...over,
  };
}
type Made = Partial<Omit<IncidentView, 'alerts'>> & {
  name?: string;
  prints?: readonly Digest[];
  cleared?: readonly Digest[];
  severity?: Alert['severity'];
};
/** `prints` are the alerts that it holds, all of its own service. */
function anIncident({
  name,
  prints = [sha256('other')],
  cleared = [],
  severity = 'error',
  ...rest
}: Made = {}): IncidentView {
  const service = ServiceId.parse(name ?? 'checkout');
  const base = {
    id: IncidentId.parse('INC-1'),
    service,
    environment: 'prod',
    openedAt: NOW - 60_000,
    resolvedAt: null,
    ...rest,
  };
  const alerts = prints.map((fingerprint) => {
    return { fingerprint, service: base.service, severity, cleared: cleared.includes(fingerprint) };
  });
  return { ...base, alerts };
}
const view = (...incidents: IncidentView[]): GroupingView => ({
  incidents,
  inventory,
  environment: 'prod',
  now: NOW,
  history: { get: () => undefined, over: () => undefined },
  quiet: () => null,
});

test('a first alert opens an incident on its service', () => {
  expect(group(anAlert(), view())).toEqual({
    kind: 'opened',
    service: 'checkout',
    environment: 'prod',
    reason: 'new_fault',
  });
});

test('the same alert again is suppressed as a repeat, also when its service is not known', () => {
  const incident = anIncident({ prints: [sha256('errors')] });
  const answer = { kind: 'suppressed', incident: 'INC-1', reason: 'same_alert' };
  expect(group(anAlert(), view(incident))).toEqual(answer);
  expect(
    group(anAlert({ service: null }), view(anIncident({ prints: [sha256('errors')], service: null }))),
  ).toEqual(answer);
});

test('another alert of the same service joins its open incident', () => {
  expect(group(anAlert(), view(anIncident()))).toEqual({
    kind: 'joined',
    incident: 'INC-1',
    reason: 'same_service',
  });
});

test('an alert that fires again after it cleared is news for the same incident', () => {
  const print = sha256('errors');
  const incident = anIncident({ prints: [print], cleared: [print] });
  expect(group(anAlert(), view(incident))).toEqual({
    kind: 'joined',
    incident: 'INC-1',
    reason: 'fired_again',
  });
});

test.each([
  ['the page of a dependency joins the incident of its caller', 'gateway', 'inventory'],
  ['the page of a caller joins the incident of its dependency', 'inventory', 'gateway'],
])('%s', (_, open, paged) => {
  const answer = group(anAlert({ service: paged }), view(anIncident({ name: open })));
  expect(answer).toEqual({ kind: 'joined', incident: 'INC-1', reason: 'related_service' });
});

test('related services are joined within ten minutes and no longer', () => {
  const at = (age: number) =>
    group(anAlert(), view(anIncident({ name: 'gateway', openedAt: NOW - age }))).kind;
  expect(at(RELATED_MS)).toBe('joined');
  expect(at(RELATED_MS + 1)).toBe('opened');
});

test('services that do not call each other get incidents of their own', () => {
  expect(group(anAlert({ service: 'mail' }), view(anIncident())).kind).toBe('opened');
});

test('the incident of the service itself goes before an older one of a related service', () => {
  const older = anIncident({ name: 'gateway', openedAt: NOW - 120_000 });
  const own = anIncident({ id: IncidentId.parse('INC-2') });
  expect(group(anAlert(), view(older, own))).toMatchObject({ incident: 'INC-2', reason: 'same_service' });
});

test('the same alert within half an hour of the resolution reopens the incident, later it opens a new one', () => {
  const at = (age: number) =>
    group(anAlert(), view(anIncident({ prints: [sha256('errors')], resolvedAt: NOW - age })));
  expect(at(REOPEN_MS - 1)).toEqual({ kind: 'joined', incident: 'INC-1', reason: 'reopened' });
  expect(at(REOPEN_MS).kind).toBe('opened');
});

test('another alert of a service whose incident is resolved opens a new one', () => {
  expect(group(anAlert(), view(anIncident({ resolvedAt: NOW - 1000 }))).kind).toBe('opened');
});

test('an unknown or missing service still opens an incident, without a service', () => {
  for (const service of ['warehouse', null, '../etc', '']) {
    const answer = group(anAlert({ service }), view(anIncident()));
    expect(answer).toEqual({ kind: 'opened', service: null, environment: 'prod', reason: 'unknown_service' });
  }
});

test('a page from another environment is not taken for the one in the inventory', () => {
  const answer = group(anAlert({ environment: 'staging' }), view(anIncident()));
  expect(answer).toEqual({
    kind: 'opened',
    service: null,
    environment: 'staging',
    reason: 'other_environment',
  });
});

test('production and prod are one environment', () => {
  expect(group(anAlert({ environment: 'Production' }), view(anIncident())).kind).toBe('joined');
});

test('a cleared alert is cleared in its incident once, and ignored where nothing is open', () => {
  const print = sha256('errors');
  const cleared = anAlert({ status: 'cleared' });
  const incident = anIncident({ prints: [print] });
  expect(group(cleared, view(incident))).toEqual({
    kind: 'cleared',
    incident: 'INC-1',
    reason: 'alert_cleared',
  });
  expect(group(cleared, view(anIncident({ prints: [print], cleared: [print] })))).toEqual({
    kind: 'ignored',
    reason: 'already_cleared',
  });
  expect(group(cleared, view({ ...incident, resolvedAt: NOW }))).toEqual({
    kind: 'over',
    reason: 'nothing_open',
  });
  expect(group(cleared, view(anIncident()))).toEqual({ kind: 'over', reason: 'nothing_open' });
});

test('a firing alert always ends up in an incident, and only one that the view holds', () => {
  const names = fc.constantFrom('gateway', 'checkout', 'inventory', 'mail', 'nobody', null);
  const prints = fc.constantFrom(...['a', 'b', 'c'].map((text) => sha256(text)));
  const incidents = fc.array(
    fc
      .record({
        id: fc.integer({ min: 1, max: 99 }).map((n) => IncidentId.parse(`INC-${n}`)),
        service: fc.constantFrom(...services.map((service) => service.id), null),
        environment: fc.constantFrom('prod', 'staging'),
        prints: fc.array(prints),
        openedAt: fc.integer({ min: NOW - 3_600_000, max: NOW }),
        resolvedAt: fc.option(fc.integer({ min: NOW - 1_800_000, max: NOW })),
      })
      .map(anIncident),
    { maxLength: 6 },
  );
  const places = fc.constantFrom(null, 'prod', 'staging', 'Production', 'lab');
  const severities = fc.constantFrom(...Severity.options);
  const alerts = fc.record({
    service: names,
    fingerprint: prints,
    environment: places,
    severity: severities,
  });
  fc.assert(
    fc.property(incidents, alerts, (all, over) => {
      const answer = group(anAlert(over), view(...all));
      expect(['opened', 'joined', 'suppressed']).toContain(answer.kind);
      if (!('incident' in answer)) return;
      const target = all.filter(({ id }) => id === answer.incident);
      expect(target).not.toEqual([]);
      if (over.environment !== null)
        expect(target.map(({ environment }) => short(environment))).toContain(short(over.environment));
    }),
  );
});

const short = (environment: string): string => (environment === 'Production' ? 'prod' : environment);
