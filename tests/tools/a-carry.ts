import { decide } from '#approvals/decide.ts';
import type { Step } from '#approvals/plan.ts';
import { propose } from '#approvals/propose.ts';
import { CallId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { CallResult } from '#tools/call-result.ts';
import type { CarryOutDeps } from '#tools/carry-out.ts';
import type { ChangeOutcome } from '#tools/drivers/ports.ts';
import { aCaller, aGate, aPerson, aStep, type GateSetup, INCIDENT } from '../approvals/a-gate.ts';

export const rollback = aStep();
export const scale = aStep({
  tool: 'service_scale',
  change: { tool: 'service_scale', target: 'service:checkout', replicas: 4 },
  preview: {
    before: { version: 'v41', replicas: 2 },
    after: { version: 'v41', replicas: 4 },
    instances: 2,
  },
  undo: { tool: 'service_scale', replicas: 2 },
});
export const restart = aStep({
  tool: 'service_restart',
  change: { tool: 'service_restart', target: 'service:checkout' },
  undo: null,
});

/** What a backend does to the orders that reach it, in their order; it does all that is not said. */
type Answers = {
  runs?: ChangeOutcome['kind'][];
  undos?: ChangeOutcome['kind'][];
  settles?: ('happened' | 'did_not_happen' | 'unknown')[];
};

/** An approved plan over a backend of one target, before anything of it ran. */
export async function aCarry(steps: readonly Step[], answers: Answers = {}, setup: GateSetup = {}) {
  const gate = await aGate(setup);
  const proposed = await propose(gate.deps, { caller: aCaller(gate.clock), steps });
  if (proposed.kind !== 'requested') throw new Error(proposed.reason);
  const approval = gate.approvals.get(proposed.approval);
  if (approval === undefined) throw new Error('not folded');
  /** `value` is the signal: out of its band until a test says otherwise. */
  const world = { uid: 'u-1', generation: 7, value: 0.3 };
  const orders: string[] = [];
  const asked: string[] = [];
  const carry: CarryOutDeps = {
    gate: gate.deps,
    invoke: {
      turn: async () => [],
      one: async (_caller, tool): Promise<CallResult> => ({
        id: 'w',
        call: CallId.parse('e99'),
        tool,
        outcome: { kind: 'ok', value: tool === 'metrics_query' ? signal(world) : workload(world), text: '' },
      }),
      dryRun: async (_caller, tool) => {
        const step = steps.find((one) => one.tool === tool) ?? rollback;
        const { uid, generation } = world;
        return { kind: 'step', step: { ...step, target: { ...step.target, uid, generation } } };
      },
    },
    execute: {
      ready: async () => 'up',
      change: async ({ fields }) => {
        const answer = (fields.undo ? answers.undos : answers.runs)?.shift() ?? 'done';
        if (answer === 'unknown') return { kind: 'unknown', detail: 'no answer' };
        if (answer === 'refused') return { kind: 'refused', reason: 'invalid', detail: 'no' };
        world.generation += 1;
        orders.push(`${fields.undo ? 'undo ' : ''}${fields.order.tool}`);
        return { kind: 'done', generation: world.generation, tookMs: 1 };
      },
      settle: async (_service, { key }) => {
        asked.push(key);
        return answers.settles?.shift() ?? 'unknown';
      },
    },
  };
  const { id, hash } = approval;
  const person = aPerson('alice');
  await decide(gate.deps, { approval: id, hash, decision: 'approve', person, via: 'cli', typed: null });
  return { ...gate, carry, id, approval, world, orders, asked };
}

export async function judge({ log, id }: Awaited<ReturnType<typeof aCarry>>): Promise<void> {
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT };
  await log.append([fact('action.unverified', { approval: id, reason: 'out_of_band' }, context)]);
}

function signal({ value }: { value: number }) {
  const seen = { service: 'checkout', signal: 'error_ratio', now: value, state: 'high', since: null };
  return { ...seen, normal: null, slope: null, points: { from: 0, stepMs: 1000, v: [] } };
}

function workload({ uid, generation }: { uid: string; generation: number }) {
  const counts = { replicas: 2, maxReplicas: 4, running: 2, starting: 0, exited: 0 };
  return {
    ...{ service: 'checkout', uid, generation, version: 'v41' },
    ...counts,
    oldestStart: null,
    newestStart: null,
  };
}
