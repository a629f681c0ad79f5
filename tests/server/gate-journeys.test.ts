import { expect, test } from 'vitest';
import { sayAfterEnd } from '#approvals/after-end.ts';
import type { ModelCall } from '#llm/model.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';

type Options = Parameters<typeof inProcess>[0];

async function broken(options: Options = {}): Promise<InProcess> {
  const run = await inProcess(options);
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  return run;
}

const pending = (run: InProcess) => run.folds.approvals.all().find(({ state }) => state === 'pending');

async function asked(options: Options = {}): Promise<InProcess> {
  const run = await broken(options);
  await run.page();
  await run.until(() => pending(run) !== undefined);
  await run.firebreak.idle();
  return run;
}

async function count(run: InProcess, kind: string): Promise<number> {
  return (await run.entries()).filter((entry) => entry.kind === kind).length;
}

test('a proposal right after a start waits for the log to be verified', async () => {
  const verified = Promise.withResolvers<void>();
  const run = await broken({ verified: verified.promise });
  run.flags.unverified = true;
  await run.page();
  await run.until(() => run.incident().diagnosis !== null);
  await run.clock.advance(20_000);
  expect(run.folds.approvals.all()).toEqual([]);
  run.flags.unverified = false;
  verified.resolve();
  await run.until(() => pending(run) !== undefined, 5_000);
  expect(run.errors).toEqual([]);
});

test('it does not wait longer than a minute, and then people get the incident', async () => {
  const run = await broken({ verified: new Promise(() => {}) });
  run.flags.unverified = true;
  await run.page();
  await run.until(() => run.incident().escalated !== null, 120_000);
  expect(run.folds.approvals.all()).toEqual([]);
  expect(run.incident().escalated).toMatchObject({ reason: 'no_safe_action' });
});

test('a plan that nobody answered is brought to mind once, and expires when nobody answers that either', async () => {
  const run = await asked();
  await run.until(() => run.folds.approvals.all()[0]?.state === 'expired', 16 * 60_000);
  expect(await count(run, 'approval.reminded')).toBe(1);
}, 60_000);

test('asked for again, everything is read anew and a new plan is put before people, never the old one', async () => {
  const run = await asked();
  const first = pending(run);
  await run.until(() => first?.state === 'expired', 16 * 60_000);
  await run.until(() => run.incident().escalated !== null);
  await run.firebreak.idle();
  const reads = await count(run, 'tool.intended');
  if (first === undefined) throw new Error('nothing was proposed');
  const said = await sayAfterEnd(run.firebreak.gate, {
    approval: first.id,
    person: alice,
    wanted: { kind: 'again' },
  });
  expect(said.kind).toBe('said');
  await run.until(() => pending(run) !== undefined);
  const second = pending(run);
  expect(second?.id).not.toBe(first.id);
  expect(second?.hash).not.toBe(first.hash);
  expect(first.state).toBe('expired');
  expect((await count(run, 'tool.intended')) - reads).toBeGreaterThan(3);
  await run.decide('approve');
  await run.until(() => run.incident().resolved !== null);
  expect(run.shop.applied).toHaveLength(1);
}, 60_000);

test('a signal that came back while people thought makes the plan void: nothing is changed', async () => {
  const run = await inProcess();
  run.shop.inject('overload', 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name: 'HighLatency' });
  await run.until(() => pending(run) !== undefined);
  // The load goes back to what it was: the page has not cleared yet, and nobody touched the target.
  run.shop.repairByHand();
  await run.clock.advance(90_000);
  await run.decide('approve');
  await run.until(() => run.folds.approvals.all()[0]?.state === 'invalidated');
  expect(run.folds.approvals.all()[0]).toMatchObject({ reason: 'recovered', calls: [] });
  await run.clear({ name: 'HighLatency' });
  await run.until(() => run.incident().resolved !== null);
  expect({ applied: run.shop.applied, escalated: run.incident().escalated }).toEqual({
    applied: [],
    escalated: null,
  });
});

test('a page that goes on though its signal was back goes to people', async () => {
  const run = await inProcess();
  run.shop.inject('overload', 'checkout');
  await run.clock.advance(12_000);
  await run.page({ name: 'HighLatency' });
  await run.until(() => pending(run) !== undefined);
  run.shop.repairByHand();
  await run.clock.advance(90_000);
  await run.decide('approve');
  await run.until(() => run.incident().escalated !== null, 120_000);
  expect(run.shop.applied).toEqual([]);
});

test('a plan that stops half way is told to people at once, and what ran is judged all the same', async () => {
  const target = 'service:checkout';
  const calls: ModelCall[] = [
    { id: 'a', tool: 'service_rollback', args: { target, to: 'deploy:checkout@-1' } },
    { id: 'b', tool: 'service_scale', args: { target, replicas: 3 } },
  ];
  const run = await asked({
    model: ({ rules }) => ({
      ...rules,
      reply: async (request, signal) => {
        const reply = await rules.reply(request, signal);
        return request.role === 'remediation' && reply.kind === 'reply' && reply.calls.length > 0
          ? { ...reply, calls }
          : reply;
      },
    }),
  });
  expect(pending(run)?.plan.steps).toHaveLength(2);
  await run.decide('approve');
  // The second step was looked at before the first had run: its dry run differs now.
  await run.until(() => run.folds.approvals.all()[0]?.state === 'halted');
  await run.until(() => run.incident().escalated !== null, 5_000);
  expect(run.incident()).toMatchObject({ escalated: { reason: 'action_failed' }, resolved: null });
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident()).toMatchObject({ verified: true, resolved: { resolution: 'recovered' } });
  expect(run.shop.applied).toHaveLength(1);
});
