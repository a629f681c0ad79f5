import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { split } from '#server/acts/regroup.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import { actDeps, bob, says, INC2 as two } from './acts/a-shift.ts';

async function asked(
  fault: 'bad-deploy' | 'wrong-fix' = 'bad-deploy',
  name = 'HighErrorRate',
): Promise<InProcess> {
  const run = await inProcess();
  run.shop.inject(fault, 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name });
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  await run.firebreak.idle();
  return run;
}

async function count(run: InProcess, kind: string): Promise<number> {
  return (await run.entries()).filter((entry) => entry.kind === kind).length;
}

/** Lets `ms` pass with deadlines fired. */
async function pass(run: InProcess, ms: number): Promise<void> {
  const end = run.clock.now() + ms;
  await run.until(() => run.clock.now() >= end, ms + 1000);
}

function state(run: InProcess): string | undefined {
  return run.folds.approvals.all()[0]?.state;
}

test('a plan that nobody answers expires at its time, once, however often the time is looked at', async () => {
  const run = await asked();
  const { expiresAt } = run.folds.approvals.all()[0]?.plan ?? { expiresAt: 0 };
  await run.until(() => run.clock.now() >= expiresAt - 1000, 20 * 60_000);
  expect(state(run)).toBe('pending');
  for (let i = 0; i < 5; i += 1) await run.clock.advance(300).then(() => run.firebreak.tick());
  await pass(run, 10_000);
  expect({ state: state(run), entries: await count(run, 'approval.expired') }).toEqual({
    state: 'expired',
    entries: 1,
  });
});

test('after its time an approval is not taken any more', async () => {
  const run = await asked();
  const { expiresAt } = run.folds.approvals.all()[0]?.plan ?? { expiresAt: 0 };
  await run.clock.advance(expiresAt - run.clock.now());
  await run.decide('approve');
  await pass(run, 5_000);
  expect({ state: state(run), applied: run.shop.applied }).toEqual({ state: 'expired', applied: [] });
});

test('what another incident’s proposal repaired is withdrawn naming it, and counts as recovered, not as by hand', async () => {
  const run = await asked();
  await run.page({ name: 'HighLatency', service: 'gateway', startsAt: run.clock.now() });
  const joined = run.incident().alerts.find(({ service }) => service === 'gateway');
  if (joined !== undefined) await split(actDeps(run), says(bob), [joined.fingerprint]);
  await run.until(() => run.folds.approvals.of(two).some((one) => one.state === 'pending'));
  const [other] = run.folds.approvals.of(two);
  if (other === undefined) throw new Error('nothing was proposed for the other one');
  const { id, hash } = other;
  await decide(run.firebreak.gate, {
    ...{ approval: id, hash, decision: 'approve', person: alice, via: 'slack', typed: null },
  });
  await run.until(() => state(run) === 'withdrawn', 20_000);
  expect(run.folds.approvals.all()[0]).toMatchObject({ reason: `done_by ${id}` });
  await run.clear();
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident().resolved).toMatchObject({ resolution: 'recovered' });
});

test('a change by hand to the target of a pending plan withdraws it', async () => {
  const run = await asked();
  run.shop.deployByHand('checkout', 'v43');
  await run.until(() => state(run) !== 'pending', 7_000);
  expect(run.folds.approvals.all()[0]).toMatchObject({ state: 'withdrawn', reason: 'changed_outside' });
});

test('a target that cannot be seen is not taken for a changed one', async () => {
  const run = await asked();
  run.shop.blind.add('workload');
  await pass(run, 30_000);
  expect(state(run)).toBe('pending');
});

test('the signal is looked at once per interval until enough samples in a row are in its band', async () => {
  const run = await asked();
  await run.decide('approve');
  await run.until(() => state(run) === 'succeeded');
  const from = run.clock.now();
  await run.until(() => state(run) === 'verified');
  const { everyMs, samples } = { samples: 0, everyMs: 0, ...run.folds.approvals.all()[0]?.plan.verification };
  expect(samples).toBe(5);
  const took = run.clock.now() - from;
  const looks = await count(run, 'action.sampled');
  expect(looks).toBeGreaterThanOrEqual(samples);
  expect(looks).toBeLessThanOrEqual(Math.ceil(took / everyMs) + 1);
});

test('a signal that nobody can see is not back: after the window the change is undone and people are told', async () => {
  const run = await asked();
  await run.decide('approve');
  await run.until(() => state(run) === 'succeeded');
  run.shop.blind.add('metrics');
  const from = run.clock.now();
  await run.until(() => state(run) === 'unverified' || state(run) === 'undone');
  expect(run.clock.now() - from).toBeGreaterThanOrEqual(59_000);
  await run.until(() => run.incident().escalated !== null);
  expect(run.incident()).toMatchObject({
    verified: false,
    actions: ['service_rollback', 'undo:service_rollback'],
  });
});

test('a cleared page whose signal does not come back goes to people once, and does not fill the log', async () => {
  const run = await asked();
  await run.clear();
  await run.until(() => run.incident().escalated !== null, 200_000);
  expect(run.incident()).toMatchObject({ resolved: null, escalated: { reason: 'inconclusive' } });
  const before = (await run.entries()).length;
  await pass(run, 20 * 60_000);
  expect((await run.entries()).length - before).toBeLessThan(20);
  expect(await count(run, 'incident.escalated')).toBe(1);
}, 60_000);

test('one that comes back after that is closed all the same', async () => {
  const run = await asked();
  await run.clear();
  await run.until(() => run.incident().escalated !== null, 200_000);
  run.shop.repairByHand();
  await run.until(() => run.incident().resolved !== null, 20 * 60_000);
  expect(run.incident()).toMatchObject({ resolved: { resolution: 'by_hand' } });
}, 60_000);

test('one sample in the band is not enough to close a cleared incident', async () => {
  const run = await asked();
  run.shop.repairByHand();
  await run.clear();
  const from = run.clock.now();
  await run.until(() => run.incident().resolved !== null);
  expect(run.clock.now() - from).toBeGreaterThanOrEqual(5 * 1000);
});

test('a page that clears while a change is being judged does not close the incident before the judgement', async () => {
  const run = await asked();
  await run.decide('approve');
  await run.until(() => state(run) === 'succeeded');
  await run.clear();
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident()).toMatchObject({ verified: true, resolved: { resolution: 'recovered' } });
});
