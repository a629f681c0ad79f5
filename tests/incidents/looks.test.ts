import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { ServiceId, SessionKey } from '#core/ids.ts';
import type { IncidentAlert, Look } from '#incidents/incident.ts';
import { isSeenHealthy } from '#incidents/looks.ts';
import type { MonitorReport } from '#incidents/reports.ts';

const [checkout, payments] = [ServiceId.parse('checkout'), ServiceId.parse('payments')];

function alert(service: ServiceId, cleared = false): IncidentAlert {
  const fingerprint = sha256(service);
  return {
    fingerprint,
    name: 'Slow',
    service,
    severity: 'critical',
    source: 'test',
    startsAt: 1,
    cleared,
    reason: 'new_fault',
  };
}

function look(service: ServiceId, verdict: MonitorReport['verdict']): Look {
  const signal = { service, name: 'error_ratio', low: '0', high: '0.02' } as const;
  const session = SessionKey.parse('agent:monitor:subagent:51a885e5-4b86-4830-96b6-73c544d8d639');
  return { session, service, report: { role: 'monitor', verdict, signal, since: null, findings: [] } };
}

function healthyCheck(service: ServiceId): Look {
  const { session } = look(service, 'unclear');
  const none = { hypotheses: [], ruledOut: [], gaps: [], pressure: null };
  const facts = { deploy: null, replicas: null, maxReplicas: null };
  return { session, service, report: { role: 'diagnosis', outcome: 'healthy', ...none, ...facts } };
}

function unclearInBand(service: ServiceId): Look {
  const { report, ...rest } = look(service, 'unclear');
  const seen = { now: '0', normal: '0', since: null, evidence: [] };
  const finding = { service, signal: 'error_ratio', state: 'normal', ...seen } as const;
  return { ...rest, report: report?.role === 'monitor' ? { ...report, findings: [finding] } : report };
}

test('once a monitor saw the page outside its band, no later look makes it healthy', () => {
  const about = { service: checkout, alerts: [alert(checkout)] };
  expect(isSeenHealthy({ ...about, looks: [look(checkout, 'healthy')] })).toBe(true);
  const looks = [look(checkout, 'impaired'), look(checkout, 'healthy')];
  expect(isSeenHealthy({ ...about, looks })).toBe(false);
});

test('each service with a page that fires must be seen healthy, and a neighbour does not count', () => {
  const about = { service: checkout, looks: [look(checkout, 'healthy')] };
  expect(isSeenHealthy({ ...about, alerts: [alert(checkout), alert(payments)] })).toBe(false);
  expect(isSeenHealthy({ ...about, alerts: [alert(checkout), alert(payments, true)] })).toBe(true);
  const both = [look(checkout, 'healthy'), look(payments, 'healthy')];
  expect(isSeenHealthy({ ...about, alerts: [alert(checkout), alert(payments)], looks: both })).toBe(true);
  expect(isSeenHealthy({ ...about, alerts: [alert(checkout)], looks: [look(payments, 'healthy')] })).toBe(
    false,
  );
});

test('a diagnosis that finds a neighbour healthy does not help a service that is unclear', () => {
  const about = { service: checkout, alerts: [alert(checkout)] };
  const unclear = unclearInBand(checkout);
  expect(isSeenHealthy({ ...about, looks: [unclear, healthyCheck(payments)] })).toBe(false);
  expect(isSeenHealthy({ ...about, looks: [unclear, healthyCheck(checkout)] })).toBe(true);
});

test('where the page names no service that is known, a look at any service counts', () => {
  expect(isSeenHealthy({ service: null, alerts: [], looks: [look(payments, 'healthy')] })).toBe(true);
});
