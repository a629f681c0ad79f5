import { expect, test } from 'vitest';
import type { EntryDraft } from '#audit/log.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { outcomeOf } from '#incidents/incident.ts';
import { Wake } from '#incidents/reports.ts';
import { type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import type { World } from '#tools/drivers/ports.ts';

// A start is a replay: each test lets one process die at a certain entry and looks at what the next one does.

async function asked(): Promise<InProcess> {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  await run.firebreak.idle();
  return run;
}

/** People say yes or no; the process dies at an entry and a new one starts over the same log. */
async function diedAt(
  when: 'before' | 'after',
  fits: (draft: EntryDraft) => boolean,
  then: { decision?: 'approve' | 'deny'; run?: InProcess; world?: World } = {},
): Promise<InProcess> {
  const run = then.run ?? (await asked());
  run.dieAt(when, fits);
  void run.decide(then.decision ?? 'approve');
  await run.until(run.isDead);
  const next = await run.restart(then.world);
  await next.firebreak.recover();
  return next;
}

const isKind =
  (...kinds: string[]) =>
  ({ kind }: EntryDraft) =>
    kinds.includes(kind);
const isChange = ({ kind, body }: Pick<EntryDraft, 'kind' | 'body'>) =>
  kind === 'tool.intended' && body.approval !== null;
const isOutcome = ({ kind, body }: EntryDraft) =>
  kind === 'tool.finished' && String(body.tool).startsWith('service_') && body.facts !== null;

/** What the coordinator was told of the plan, in order. */
async function told(run: InProcess): Promise<string[]> {
  return (await run.entries()).flatMap(({ kind, body }) => {
    const wake = kind === 'run.started' ? Wake.nullable().parse(body.wake) : null;
    return wake?.kind === 'action_settled' ? [wake.outcome] : [];
  });
}

async function intents(run: InProcess): Promise<number> {
  return (await run.entries()).filter(isChange).length;
}

function stateOf(run: InProcess): string | undefined {
  return run.folds.approvals.all()[0]?.state;
}

async function settled(run: InProcess): Promise<void> {
  await run.until(() => run.incident().resolved !== null || run.incident().escalated !== null);
  await run.firebreak.idle();
  expect(run.errors).toEqual([]);
}

test('a pending approval survives and is carried out once after it was approved', async () => {
  const next = await (await asked()).restart();
  await next.firebreak.recover();
  expect(stateOf(next)).toBe('pending');
  await next.decide('approve');
  await settled(next);
  expect(outcomeOf(next.incident())).toBe('recovered');
  expect(next.shop.applied).toHaveLength(1);
  expect(await intents(next)).toBe(1);
});

test('approved, then died: the plan is carried out by the next start', async () => {
  const next = await diedAt('after', isKind('approval.approved'));
  await settled(next);
  expect(outcomeOf(next.incident())).toBe('recovered');
  expect(next.shop.applied).toHaveLength(1);
});

test('a claim without an intent is void: nothing is done, and the coordinator is told once', async () => {
  const next = await diedAt('after', isKind('approval.claimed'));
  await settled(next);
  expect(next.folds.approvals.all()[0]).toMatchObject({ state: 'invalidated', reason: 'restart', calls: [] });
  expect(next.shop.applied).toEqual([]);
  expect(await told(next)).toEqual(['invalidated']);
});

test('an intent without an outcome is asked about: it happened, and is watched until the signal is back', async () => {
  const next = await diedAt('before', isOutcome);
  expect(next.shop.applied).toHaveLength(1);
  await settled(next);
  const kinds = (await next.entries()).map(({ kind }) => kind);
  expect(kinds).toContain('action.reconciled');
  expect({ state: stateOf(next), outcome: outcomeOf(next.incident()) }).toEqual({
    state: 'verified',
    outcome: 'recovered',
  });
  expect({ applied: next.shop.applied.length, intents: await intents(next) }).toEqual({
    applied: 1,
    intents: 1,
  });
});

test('an intent whose change never reached the backend has failed: it is not made again, and is told once', async () => {
  const run = await asked();
  run.shop.breakNextChange('lost_request');
  const next = await diedAt('before', isKind('tool.finished'), { run: await dieAfterIntent(run) });
  await settled(next);
  expect(stateOf(next)).toBe('failed');
  expect(next.shop.applied).toEqual([]);
  expect(await intents(next)).toBe(1);
  expect(await told(next)).toEqual(['failed']);
});

/** Lets only an outcome of a change count as the place to die at. */
async function dieAfterIntent(run: InProcess): Promise<InProcess> {
  const dieAt: InProcess['dieAt'] = (when) =>
    run.dieAt(when, ({ kind, body }) => kind === 'tool.finished' && body.outcome === 'unknown');
  return { ...run, dieAt };
}

test('an intent that the backend knows nothing of is left to people, and is told once', async () => {
  const run = await asked();
  const fake = run.shop.world.workloads.get('fake');
  if (fake === undefined) throw new Error('no workload driver');
  const silent = { ...fake, settle: () => Promise.resolve('unknown' as const) };
  const world = { ...run.shop.world, workloads: new Map([['fake', silent]]) };
  const next = await diedAt('before', isOutcome, { run, world });
  await settled(next);
  expect(stateOf(next)).toBe('quarantined');
  expect(await told(next)).toEqual(['unknown']);
  expect({ outcome: outcomeOf(next.incident()), applied: next.shop.applied.length }).toEqual({
    outcome: 'escalated',
    applied: 1,
  });
});

test('a no that nobody passed on is told once, by the next start', async () => {
  const next = await diedAt('after', isKind('approval.rejected'), { decision: 'deny' });
  await settled(next);
  expect(await told(next)).toEqual(['rejected']);
  expect(outcomeOf(next.incident())).toBe('denied');
  const third = await next.restart();
  await third.firebreak.recover();
  await third.firebreak.idle();
  expect(await told(third)).toEqual(['rejected']);
});

test('a verified repair that was not yet written down as the end is, by the next start', async () => {
  const next = await diedAt('after', isKind('action.verified'));
  await settled(next);
  expect(next.incident()).toMatchObject({ resolved: { resolution: 'recovered' }, verified: true });
});

test('an incident that came back after its repair is not closed by a start', async () => {
  const run = await asked();
  await run.decide('approve');
  await settled(run);
  const { id } = run.incident();
  run.shop.inject('stuck-pool', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().length === 2);
  const next = await run.restart();
  await next.firebreak.recover();
  await next.firebreak.idle();
  expect(next.incident()).toMatchObject({ id, resolved: null });
});

test('a start leaves nothing in the log about incidents that ended long before it', async () => {
  const run = await asked();
  await run.decide('approve');
  await settled(run);
  const next = await run.restart();
  const before = (await next.entries()).length;
  await next.firebreak.recover();
  await next.firebreak.idle();
  expect((await next.entries()).slice(before).map(({ kind }) => kind)).toEqual([]);
});

test('died before the undo of a change that did not help: the next start undoes it', async () => {
  const run = await inProcess();
  run.shop.inject('wrong-fix', 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name: 'HighLatency' });
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  const next = await diedAt('after', isKind('action.unverified'), { run });
  await settled(next);
  expect(next.incident().actions).toEqual(['service_scale', 'undo:service_scale']);
  expect(next.shop.applied).toHaveLength(2);
  expect(await told(next)).toEqual(['undone']);
});

test('died while the undo was under way: it is not made twice, and people get the incident', async () => {
  const run = await inProcess();
  run.shop.inject('wrong-fix', 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name: 'HighLatency' });
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  const next = await diedAt('after', ({ kind, body }) => kind === 'tool.intended' && body.phase === 'undo', {
    run,
  });
  await settled(next);
  expect(stateOf(next)).toBe('undone');
  expect(next.incident()).toMatchObject({ escalated: { reason: 'not_recovered' } });
  expect(await intents(next)).toBe(2);
  expect(await told(next)).toEqual(['not_recovered']);
});

test('died while agents were looking: their runs end as interrupted, the work goes on, people are asked once', async () => {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  run.dieAt('after', ({ kind, body }) => kind === 'run.started' && body.role === 'diagnosis');
  const paged = run.page();
  await run.until(run.isDead);
  await paged;
  const next = await run.restart();
  await next.firebreak.recover();
  await next.until(() => next.folds.approvals.all().some((one) => one.state === 'pending'));
  await next.firebreak.idle();
  const ends = (await next.entries()).filter(({ kind }) => kind === 'run.settled').map(({ body }) => body);
  expect(ends).toContainEqual(expect.objectContaining({ role: 'diagnosis', outcome: 'interrupted' }));
  expect(next.folds.approvals.all()).toHaveLength(1);
  await next.decide('approve');
  await settled(next);
  expect(outcomeOf(next.incident())).toBe('recovered');
});

test('died right after the page was accepted: the next start opens the coordinator', async () => {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  run.dieAt('after', isKind('incident.opened'));
  void run.page();
  await run.until(run.isDead);
  const next = await run.restart();
  await next.firebreak.recover();
  await next.until(() => next.folds.approvals.all().some((one) => one.state === 'pending'));
  expect(next.errors).toEqual([]);
});

test('a read that was under way ends as unknown, and is not made again in its name', async () => {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  run.dieAt('before', isKind('tool.finished'));
  await run.page();
  await run.until(run.isDead);
  const next = await run.restart();
  const [open] = next.folds.openCalls.all();
  await next.firebreak.recover();
  expect(next.folds.openCalls.all().filter(({ call }) => call === open?.call)).toEqual([]);
  const outcomes = (await next.entries()).filter(
    ({ kind, body }) => kind === 'tool.finished' && body.call === open?.call,
  );
  expect(outcomes.map(({ body }) => body)).toMatchObject([{ outcome: 'unknown', reason: 'restart' }]);
});

test('a target that changed after the approval makes the claim void: nothing is done', async () => {
  const run = await asked();
  run.shop.deployByHand('checkout', 'v43');
  await run.decide('approve');
  await settled(run);
  expect(run.folds.approvals.all()[0]).toMatchObject({ state: 'invalidated', reason: 'drifted' });
  expect(run.shop.applied).toEqual([]);
  expect(await told(run)).toEqual(['invalidated']);
});

test('an alert that fires again while nobody is on the incident wakes the coordinator again', async () => {
  const run = await inProcess();
  await run.page({ service: 'checkout' });
  await run.page({ name: 'HighLatency' });
  await run.clear();
  await run.clear({ name: 'HighLatency' });
  await run.log.append([
    fact(
      'incident.noted',
      { by: 'test', chars: 1 },
      {
        actor: SYSTEM,
        traceId: 't',
        incident: run.incident().id,
        streams: [incidentStream(run.incident().id)],
      },
    ),
  ]);
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().length === 1);
  expect(run.errors).toEqual([]);
});
