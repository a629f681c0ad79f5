import { expect, test } from 'vitest';
import { type CarryOutDeps, carryOut, undo } from '#tools/carry-out.ts';
import { aCarry, judge, restart, rollback, scale } from './a-carry.ts';

/** A plan that ran as a whole and did not help. */
async function unverified(...of: Parameters<typeof aCarry>) {
  const run = await aCarry(...of);
  await carryOut(run.carry, run.id);
  await judge(run);
  return run;
}

test('a plan of two steps is taken back step by step, the last one first', async () => {
  const { carry, id, approval, orders } = await unverified([rollback, scale]);
  await undo(carry, id);
  expect(orders).toEqual([
    'service_rollback',
    'service_scale',
    'undo service_scale',
    'undo service_rollback',
  ]);
  expect(approval).toMatchObject({ state: 'undone', undo: 'done', reason: null });
});

test('nobody is told that a plan was taken back of which one step still stands', async () => {
  const half = await unverified([rollback, scale], { undos: ['done', 'refused'] });
  await undo(half.carry, half.id);
  expect(half.orders.slice(2)).toEqual(['undo service_scale']);
  expect(half.approval).toMatchObject({ state: 'undone', undo: 'failed', reason: 'refused' });
  const without = await unverified([rollback, restart]);
  await undo(without.carry, without.id);
  expect(without.orders).toEqual(['service_rollback', 'service_restart']);
  expect(without.approval).toMatchObject({ undo: 'failed', reason: 'nothing_to_undo' });
});

test('an undo without an answer is asked about and not sent again', async () => {
  const done = await unverified([rollback], { undos: ['unknown'], settles: ['happened'] });
  await undo(done.carry, done.id);
  expect(done.approval).toMatchObject({ state: 'undone', undo: 'done' });
  expect(done.asked.map((key) => key.slice(-6))).toEqual(['0-undo']);
  const lost = await unverified([rollback], { undos: ['unknown'], settles: ['did_not_happen'] });
  await undo(lost.carry, lost.id);
  expect(lost.approval).toMatchObject({ state: 'undone', undo: 'failed', reason: 'failed' });
  const opaque = await unverified([rollback], { undos: ['unknown'] });
  await undo(opaque.carry, opaque.id);
  expect(opaque.approval).toMatchObject({ state: 'quarantined' });
  for (const run of [done, lost, opaque]) expect(run.orders).toEqual(['service_rollback']);
});

test.each([
  ['another generation', { generation: 12 }],
  ['another uid of the same generation', { uid: 'u-2' }],
])('a target with %s is not touched by the undo, and people get the incident', async (_, moved) => {
  const run = await unverified([rollback]);
  Object.assign(run.world, moved);
  await undo(run.carry, run.id);
  expect(run.orders).toEqual(['service_rollback']);
  expect(run.approval).toMatchObject({ state: 'undone', undo: 'failed', reason: 'drifted' });
});

test('a start that finds the undo done but not said says that it was done', async () => {
  const { carry, id, approval, orders } = await unverified([rollback]);
  const { gate } = carry;
  const dying = { ...carry, gate: { ...gate, log: dieAt(gate.log, 'action.undone') } };
  await expect(undo(dying, id)).rejects.toThrow('the process ended');
  await undo(carry, id);
  expect(orders).toEqual(['service_rollback', 'undo service_rollback']);
  expect(approval).toMatchObject({ undo: 'done', reason: null });
});

function dieAt(log: CarryOutDeps['gate']['log'], kind: string): CarryOutDeps['gate']['log'] {
  return {
    ...log,
    append: (drafts, options) =>
      drafts.some((draft) => draft.kind === kind)
        ? Promise.reject(new Error('the process ended'))
        : log.append(drafts, options),
  };
}
