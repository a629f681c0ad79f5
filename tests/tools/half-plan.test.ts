import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { withdraw } from '#approvals/end.ts';
import { propose } from '#approvals/propose.ts';
import { fact, SYSTEM, stopStream } from '#incidents/entry.ts';
import { carryOut, undo } from '#tools/carry-out.ts';
import { watch as look } from '#tools/watch-change.ts';
import { aCaller, aPerson, INCIDENT } from '../approvals/a-gate.ts';
import { aCarry, restart, rollback, scale } from './a-carry.ts';

// A plan of two steps of which only the first ran.

/** Lets something come in between the first step and the second. */
async function between(come: (run: Awaited<ReturnType<typeof aCarry>>) => unknown) {
  const run = await aCarry([rollback, scale]);
  const coming: unknown[] = [];
  const unsubscribe = run.log.subscribe((entries) => {
    if (coming.length === 0 && entries.some(({ kind }) => kind === 'tool.finished')) coming.push(come(run));
  });
  await carryOut(run.carry, run.id);
  unsubscribe();
  await Promise.all(coming);
  return run;
}

async function watch(run: Awaited<ReturnType<typeof aCarry>>, looks: number): Promise<void> {
  for (let i = 0; i < looks; i += 1) {
    run.clock.jump(11_000);
    await look(run.carry, run.approval);
  }
}

test.each([
  [
    'the target is changed by somebody else',
    'drifted',
    ({ world }) => void Object.assign(world, { generation: 20 }),
  ],
  ['its time runs out', 'expired', (run) => run.clock.jump(15 * 60_000)],
  ['it is withdrawn', 'taken', ({ deps }) => withdraw(deps, INCIDENT, { reason: 'taken' })],
  [
    'everything is switched off',
    'policy_denied',
    ({ log, flags }) => {
      flags.now = { ...flags.now, off: true };
      const context = { actor: SYSTEM, traceId: 't', streams: [stopStream] };
      return log.append([fact('off.set', { on: true, by: 'bob' }, context)]);
    },
  ],
] as [string, string, Parameters<typeof between>[0]][])(
  'when %s between two steps, the plan halts and what ran is watched',
  async (_, reason, come) => {
    const run = await between(come);
    expect(run.orders).toEqual(['service_rollback']);
    expect(run.approval).toMatchObject({ state: 'halted', reason });
  },
);

test('a step that the backend refuses halts the plan; what ran and helps is verified', async () => {
  const run = await aCarry([rollback, scale], { runs: ['done', 'refused'] });
  await carryOut(run.carry, run.id);
  expect(run.approval).toMatchObject({ state: 'halted', reason: 'failed' });
  run.world.value = 0.001;
  await watch(run, 3);
  expect(run.approval.state).toBe('verified');
});

test('what ran and does not help is taken back, that step only', async () => {
  const run = await aCarry([rollback, scale], { runs: ['done', 'refused'] });
  await carryOut(run.carry, run.id);
  await watch(run, 3);
  expect(run.approval).toMatchObject({ state: 'unverified' });
  await undo(run.carry, run.id);
  expect(run.orders).toEqual(['service_rollback', 'undo service_rollback']);
  expect(run.approval).toMatchObject({ state: 'undone', undo: 'done' });
});

test('a second step that turns out not to have happened halts the plan, one that did is gone on with', async () => {
  for (const [answer, state] of [
    ['did_not_happen', 'halted'],
    ['happened', 'succeeded'],
  ] as const) {
    const run = await aCarry([rollback, scale], { runs: ['done', 'unknown'], settles: [answer] });
    await carryOut(run.carry, run.id);
    expect(run.approval.state).toBe(state);
    expect(run.orders).toEqual(['service_rollback']);
  }
});

test('a first step that was refused ends the plan: there is nothing to watch', async () => {
  const run = await aCarry([rollback, scale], { runs: ['refused'] });
  await carryOut(run.carry, run.id);
  expect(run.approval).toMatchObject({ state: 'failed' });
});

test('between its steps a plan holds its target, and can be revoked', async () => {
  const seen: unknown[] = [];
  const run = await between(async ({ deps, clock, approval }) => {
    seen.push(await propose(deps, { caller: aCaller(clock), steps: [restart] }));
    const { id, hash } = approval;
    const no = { decision: 'revoke', person: aPerson('bob'), via: 'cli', typed: null } as const;
    seen.push((await decide(deps, { approval: id, hash, ...no })).kind);
  });
  expect(seen).toEqual([{ kind: 'refused', reason: 'target_busy' }, 'decided']);
  expect(run.approval).toMatchObject({ state: 'halted', reason: 'revoked' });
});

test('a signal that is back before the first step makes the plan void, and one that nobody can see does not', async () => {
  const back = await aCarry([rollback]);
  back.world.value = 0.001;
  await carryOut(back.carry, back.id);
  expect(back.approval).toMatchObject({ state: 'invalidated', reason: 'recovered', calls: [] });
  const blind = await aCarry([rollback]);
  blind.world.value = Number.NaN;
  await carryOut(blind.carry, blind.id);
  expect(blind.orders).toEqual(['service_rollback']);
});

test('a signal that the first step brought back does not stop the second', async () => {
  const run = await between(({ world }) => void Object.assign(world, { value: 0.001 }));
  expect(run.orders).toEqual(['service_rollback', 'service_scale']);
});
