import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import type { Step } from '#approvals/plan.ts';
import { propose } from '#approvals/propose.ts';
import { CallId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { CallResult } from '#tools/call-result.ts';
import { type CarryOutDeps, carryOut, undo } from '#tools/carry-out.ts';
import type { ChangeOutcome } from '#tools/drivers/ports.ts';
import { aCaller, aGate, aPerson, aStep, INCIDENT } from '../approvals/a-gate.ts';

const scale = aStep({
  tool: 'service_scale',
  change: { tool: 'service_scale', target: 'service:checkout', replicas: 4 },
  preview: {
    before: { version: 'v41', replicas: 2 },
    after: { version: 'v41', replicas: 4 },
    instances: 2,
  },
  undo: { tool: 'service_scale', replicas: 2 },
});
const rollback = aStep();

/** A plan of two steps that both ran and did not help; `answers` is what the backend says to each undo. */
async function unverified(steps: readonly Step[], answers: readonly ChangeOutcome['kind'][] = []) {
  const gate = await aGate();
  const proposed = await propose(gate.deps, { caller: aCaller(gate.clock), steps });
  if (proposed.kind !== 'requested') throw new Error(proposed.reason);
  const approval = gate.approvals.get(proposed.approval);
  if (approval === undefined) throw new Error('not folded');
  const { id, hash } = approval;
  const target = { generation: 7 };
  const orders: string[] = [];
  const left = [...answers];
  const carry: CarryOutDeps = {
    gate: gate.deps,
    invoke: {
      turn: async () => [],
      one: async (): Promise<CallResult> => ({
        id: 'w',
        call: CallId.parse('e99'),
        tool: 'workload_status',
        outcome: { kind: 'ok', value: workload(target.generation), text: '' },
      }),
      dryRun: async (_caller, tool) => {
        const step = steps.find((one) => one.tool === tool) ?? rollback;
        return { kind: 'step', step: { ...step, target: { ...step.target, generation: target.generation } } };
      },
    },
    execute: {
      change: async ({ fields }) => {
        if (fields.undo && left.shift() === 'unknown') return { kind: 'unknown', detail: 'no answer' };
        target.generation += 1;
        orders.push(`${fields.undo ? 'undo ' : ''}${fields.order.tool}`);
        return { kind: 'done', generation: target.generation, tookMs: 1 };
      },
      settle: async () => 'unknown',
    },
  };
  const person = aPerson('alice');
  await decide(gate.deps, { approval: id, hash, decision: 'approve', person, via: 'cli', typed: null });
  await carryOut(carry, id);
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT };
  await gate.log.append([fact('action.unverified', { approval: id, reason: 'out_of_band' }, context)]);
  return { ...gate, carry, id, approval, orders };
}

function workload(generation: number) {
  return {
    service: 'checkout',
    generation,
    version: 'v41',
    replicas: 2,
    maxReplicas: 4,
    running: 2,
    starting: 0,
    exited: 0,
    oldestStart: null,
    newestStart: null,
  };
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
  const half = await unverified([rollback, scale], ['done', 'unknown']);
  await undo(half.carry, half.id);
  expect(half.orders.slice(2)).toEqual(['undo service_scale']);
  expect(half.approval).toMatchObject({ state: 'undone', undo: 'failed', reason: 'unknown' });
  const restart = aStep({
    tool: 'service_restart',
    change: { tool: 'service_restart', target: 'service:checkout' },
    undo: null,
  });
  const without = await unverified([rollback, restart]);
  await undo(without.carry, without.id);
  expect(without.orders).toEqual(['service_rollback', 'service_restart']);
  expect(without.approval).toMatchObject({ undo: 'failed', reason: 'nothing_to_undo' });
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
