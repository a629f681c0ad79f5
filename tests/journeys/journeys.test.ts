import { expect, test } from 'vitest';
import { causeOf, outcomeOf } from '#incidents/incident.ts';
import { type InProcess, inProcess } from './in-process.ts';

/** Breaks one service, pages some seconds later, and waits until people are asked, it is over, or they have it. */
async function broken(
  fault: Parameters<InProcess['shop']['inject']>[0],
  service: 'gateway' | 'checkout' | 'inventory',
  page: { name?: string; service?: string } = {},
) {
  const run = await inProcess();
  run.shop.inject(fault, service);
  await run.clock.advance(12_000);
  await run.page({ service, ...page });
  await run.until(() => settled(run));
  return run;
}

function settled({ folds }: InProcess): boolean {
  const first = folds.incidents.current()[0];
  return (
    first?.resolved !== null ||
    first.escalated !== null ||
    folds.approvals.all().some((one) => one.state === 'pending')
  );
}

const known = [
  ['bad-deploy', 'bad_deploy', 'service_rollback', 'HighErrorRate'],
  ['memory-leak', 'memory_leak', 'service_restart', 'MemoryNearLimit'],
  ['stuck-pool', 'stuck_pool', 'service_restart', 'HighLatency'],
  ['dead-dependency', 'instance_down', 'service_restart', 'InstanceDown'],
  ['overload', 'overload', 'service_scale', 'HighLatency'],
] as const;

test.each(known)(
  '%s is named %s, approved, repaired by %s and verified',
  async (fault, cause, tool, name) => {
    const run = await broken(fault, 'checkout', { name });
    expect(causeOf(run.incident())).toMatchObject({ cause, service: 'checkout' });
    await run.decide('approve');
    await run.until(() => run.incident().resolved !== null);
    expect(outcomeOf(run.incident())).toBe('recovered');
    expect(run.incident()).toMatchObject({ actions: [tool], verified: true, escalated: null });
    expect(run.shop.applied).toHaveLength(1);
    expect(run.errors).toEqual([]);
  },
);

test('a page for the caller finds the dependency that is broken', async () => {
  const run = await broken('dead-dependency', 'inventory', { service: 'gateway' });
  expect(causeOf(run.incident())).toMatchObject({ service: 'inventory', cause: 'instance_down' });
});

test('nothing wrong is said when the signal is in its band, and nothing is touched', async () => {
  const run = await inProcess();
  await run.page();
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident()).toMatchObject({
    resolved: { resolution: 'nothing_wrong' },
    actions: [],
    diagnosis: null,
  });
  expect(run.folds.approvals.all()).toEqual([]);
});

test('a no ends it: nothing is changed and people are told', async () => {
  const run = await broken('bad-deploy', 'checkout');
  await run.decide('deny');
  await run.until(() => run.incident().escalated !== null);
  expect(outcomeOf(run.incident())).toBe('denied');
  expect(run.shop.applied).toEqual([]);
});

test('nobody answers: the plan expires, nothing is changed, people are told', async () => {
  const run = await broken('bad-deploy', 'checkout');
  await run.until(() => run.incident().escalated !== null, 20 * 60_000);
  expect(run.incident().escalated).toMatchObject({ reason: 'expired' });
  expect(run.shop.applied).toEqual([]);
}, 60_000);

test('repaired by hand while the approval waits: the plan is withdrawn and the incident says so', async () => {
  const run = await broken('bad-deploy', 'checkout');
  run.shop.repairByHand();
  await run.clock.advance(3_000);
  await run.clear();
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident()).toMatchObject({ resolved: { resolution: 'by_hand' }, actions: [] });
  expect(run.folds.approvals.all().map((one) => one.state)).toEqual(['withdrawn']);
  expect(run.shop.applied).toEqual([]);
});

test('a fix that does not help is undone and people are told', async () => {
  const run = await broken('wrong-fix', 'checkout', { name: 'HighLatency' });
  await run.decide('approve');
  await run.until(() => run.incident().escalated !== null);
  expect(run.incident()).toMatchObject({
    actions: ['service_scale', 'undo:service_scale'],
    verified: false,
    escalated: { reason: 'not_recovered' },
  });
  expect(run.shop.applied).toHaveLength(2);
});

test('two pages for one fault are one incident and one plan', async () => {
  const run = await broken('bad-deploy', 'checkout');
  await run.page({ service: 'gateway' });
  await run.page({ service: 'checkout', name: 'HighLatency' });
  await run.clock.advance(5_000);
  expect(run.folds.incidents.current()).toHaveLength(1);
  expect(run.incident().alerts).toHaveLength(3);
  expect(run.folds.approvals.all()).toHaveLength(1);
});

test('a page for a service that nobody configured goes to people and touches nothing', async () => {
  const run = await inProcess();
  await run.page({ service: 'billing' });
  await run.until(() => run.incident().escalated !== null);
  expect(run.incident()).toMatchObject({ service: null, escalated: { reason: 'unknown_service' } });
});

test('in mode observe the plan is recorded, nobody is asked, people are told', async () => {
  const run = await inProcess({ mode: 'observe' });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.incident().escalated !== null);
  expect(run.folds.approvals.all()).toMatchObject([{ state: 'recorded' }]);
  expect(run.shop.applied).toEqual([]);
});

test('when a person has it, what is pending is withdrawn and agents stop', async () => {
  const run = await broken('bad-deploy', 'checkout');
  const { id } = run.incident();
  const { fact, incidentStream } = await import('#incidents/entry.ts');
  const { alice } = await import('./in-process.ts');
  await run.log.append([
    fact(
      'incident.taken',
      { by: alice.id },
      { actor: { kind: 'person', id: 'alice' }, traceId: id, incident: id, streams: [incidentStream(id)] },
    ),
  ]);
  await run.until(() => run.folds.approvals.all().every((one) => one.state === 'withdrawn'));
  expect(run.shop.applied).toEqual([]);
});

test.each(['unknown-bad-record', 'unknown-slow-disk'] as const)(
  '%s: no culprit is named, people are told what could not be decided',
  async (fault) => {
    const run = await broken(fault, 'checkout', {
      name: fault === 'unknown-slow-disk' ? 'HighLatency' : 'HighErrorRate',
    });
    expect(causeOf(run.incident())).toBeNull();
    expect(run.incident()).toMatchObject({ actions: [], escalated: { reason: 'inconclusive' } });
  },
);

test('every claim that reached people cites evidence of this incident', async () => {
  const run = await broken('bad-deploy', 'checkout');
  const top = run.incident().diagnosis?.hypotheses[0];
  expect(top?.for.length).toBeGreaterThan(0);
  const seen = new Set<string>();
  for await (const entry of run.log.read(0))
    if (entry.kind === 'tool.finished') seen.add(String(entry.body.call));
  for (const cited of [...(top?.for ?? []), ...(top?.against ?? [])]) expect(seen).toContain(cited);
});
