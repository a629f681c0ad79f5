import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { commandHash, Step } from '#approvals/plan.ts';
import type { PolicyRule } from '#approvals/policy.ts';
import { capsOf, standingOf } from '#approvals/policy-standing.ts';
import { propose } from '#approvals/propose.ts';
import { createReplay } from '#approvals/semantic-replay.ts';
import { sha256 } from '#core/hash.ts';
import { CallId, ServiceId } from '#core/ids.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import type { OperatorAction } from '#incidents/operator-action.ts';
import { DiagnosisReport } from '#incidents/reports.ts';
import { type CarryOutDeps, carryOut, undo } from '#tools/carry-out.ts';
import type { ChangeOutcome } from '#tools/drivers/ports.ts';
import { recheckWith } from '#tools/recheck.ts';
import { watch } from '#tools/watch-change.ts';
import { aCaller, aGate, aPerson, aStep, type GateSetup, INCIDENT } from './a-gate.ts';

// Changes of something else than a service: what they need beside an approval, and what becomes of them.

const FIRING = `alert:${sha256('a')}`;
const CHECKOUT = ServiceId.parse('checkout');
const about = { toolVersion: 1, tier: 'R2', touches: ['checkout'], deadlineMs: 60_000, manual: 'by hand' };
const target = { service: 'checkout', environment: 'prod', uid: 'u-1', generation: 0 };
const service = 'service:checkout';

const silence = (ref = FIRING) =>
  Step.parse({
    ...{ ...about, tool: 'alert_silence', target: { ...target, ref } },
    change: { tool: 'alert_silence', target: ref, service, minutes: 60 },
    preview: {
      alert: 'HighErrorRate',
      matchers: ['alertname', 'service'].map((name) => ({ name, value: 'x' })),
    },
    undo: { tool: 'alert_silence', service, back: true },
  });
const cordon = (node: string) =>
  Step.parse({
    ...{ ...about, tool: 'node_cordon', target: { ...target, ref: `node:${node}` } },
    change: { tool: 'node_cordon', target: `node:${node}`, service },
    ...{ preview: { node }, seen: { pods: 1, others: 2 } },
    undo: { tool: 'node_cordon', service, back: true },
  });
const run = (count: string, more: { tier?: 'R2' | 'R3'; program?: string } = {}) =>
  Step.parse({
    ...{ ...about, tool: 'operator_action', tier: more.tier ?? 'R2' },
    target: { ...target, ref: 'action:restart-queue' },
    change: {
      ...{ tool: 'operator_action', target: 'action:restart-queue', service },
      params: [{ name: 'count', value: count }],
    },
    preview: {
      ...{ argv: ['/opt/ops/queue', count], program: sha256(more.program ?? 'p'), env: [] },
      back: { argv: ['/opt/ops/queue', 'stop'], program: sha256('back'), env: [] },
    },
    undo: {
      ...{ tool: 'operator_action', service, back: true },
      params: [{ name: 'count', value: count }],
    },
  });
const action: OperatorAction = {
  ...{ name: 'restart-queue', service: CHECKOUT, about: 'Restart the queue workers' },
  ...{ argv: ['/opt/ops/queue', '{count}'], undo: null, tier: 'R2', timeoutMs: 60_000, env: new Map() },
  params: new Map([['count', { kind: 'int', min: 1, max: 5 }]]),
  causes: [],
};

const ASK: PolicyRule = {
  tools: ['service_rollback', 'alert_silence', 'node_cordon', 'operator_action'],
  ...{ environments: ['*'], services: ['*'], answer: 'ask' },
};
const alice = aPerson('alice');

async function setUp(changed: Partial<OperatorAction> = {}, setup: GateSetup = {}) {
  const gate = await aGate({ people: [alice, aPerson('bob')], rules: [ASK], ...setup });
  const actions = new Map([[action.name, { ...action, ...changed }]]);
  return { ...gate, deps: { ...gate.deps, inventory: { ...gate.deps.inventory, actions } } };
}
type Gate = Awaited<ReturnType<typeof setUp>>;

const put = ({ deps, clock }: Gate, ...steps: readonly Step[]) =>
  propose(deps, { caller: aCaller(clock), steps });

const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams: [incidentStream(INCIDENT)] };
async function asks({ log }: Gate, tool: string, asked: string): Promise<void> {
  await log.append([fact('change.requested', { by: alice.id, tool, target: asked }, context)]);
}

/** The incident's diagnosis is another one from now on. */
async function diagnosed(
  { log, incidents, clock }: Gate,
  cause: string,
  object: string | null,
): Promise<void> {
  const known = incidents.get(INCIDENT)?.diagnosis;
  const hypotheses = [{ cause, service: 'checkout', object, confidence: 90, for: [], against: [] }];
  const report = DiagnosisReport.parse({ ...known, hypotheses });
  const { session, run } = aCaller(clock);
  const ended = { outcome: 'reported', reason: null, droppedClaims: 0, role: 'diagnosis' } as const;
  await log.append([fact('run.settled', { ...ended, session, run, report }, context)]);
}

test('an alert is silenced only because a person asked for just that, while it fires, and with nothing else', async () => {
  const gate = await setUp();
  expect(await put(gate, silence())).toEqual({ kind: 'refused', reason: 'only_on_request' });
  await asks(gate, 'alert_silence', `alert:${sha256('of another incident')}`);
  expect(await put(gate, silence())).toMatchObject({ reason: 'only_on_request' });
  expect(await put(gate, silence(`alert:${sha256('of another incident')}`))).toMatchObject({
    reason: 'alert_of_another',
  });
  await asks(gate, 'alert_silence', FIRING);
  const ofPayments = { ...silence(), target: { ...silence().target, service: ServiceId.parse('payments') } };
  expect(await put(gate, Step.parse(ofPayments))).toMatchObject({ reason: 'alert_of_another' });
  expect(await put(gate, silence(), aStep())).toMatchObject({ reason: 'only_alone' });
  expect(await put(gate, silence())).toMatchObject({ kind: 'requested', pending: true });
  const [{ plan } = { plan: undefined }] = gate.approvals.all();
  expect(plan).toMatchObject({ requestedBy: ['alice'], verification: { inEffect: FIRING }, tier: 'R2' });
});

test('a node is cordoned only where the diagnosis of the incident names that node for that service', async () => {
  const gate = await setUp();
  expect(await put(gate, cordon('worker-1'))).toMatchObject({ reason: 'not_a_node_cause' });
  await asks(gate, 'node_cordon', 'node:worker-1');
  expect(await put(gate, cordon('worker-1'))).toMatchObject({ reason: 'not_a_node_cause' });
  await diagnosed(gate, 'kubelet_unavailable', 'node:worker-1');
  expect(await put(gate, cordon('worker-2'))).toMatchObject({ reason: 'not_a_node_cause' });
  expect(await put(gate, cordon('worker-1'))).toMatchObject({ kind: 'requested', pending: true });
});

test('an action is run for a cause that the config names, or because a person asked for exactly these values', async () => {
  const gate = await setUp();
  expect(await put(gate, run('2'))).toMatchObject({ reason: 'only_on_request' });
  await asks(gate, 'operator_action', 'action:restart-queue?count=3');
  expect(await put(gate, run('2'))).toMatchObject({ reason: 'only_on_request' });
  expect(await put(gate, run('3'))).toMatchObject({ kind: 'requested' });
  expect(gate.approvals.all()[0]?.plan.requestedBy).toEqual(['alice']);
  const offered = await setUp({ causes: ['bad_deploy'] });
  expect(await put(offered, run('2'))).toMatchObject({ kind: 'requested' });
  const other = await setUp({ causes: ['overload'] });
  expect(await put(other, run('2'))).toMatchObject({ reason: 'only_on_request' });
});

test('an action that the config calls wide needs two people', async () => {
  const gate = await setUp({ causes: ['bad_deploy'], tier: 'R3' });
  await put(gate, run('2', { tier: 'R3' }));
  const [approval] = gate.approvals.all();
  if (approval === undefined) throw new Error('none');
  expect(approval.plan.tier).toBe('R3');
  const said = { approval: approval.id, hash: approval.hash, decision: 'approve', via: 'cli' } as const;
  expect(await decide(gate.deps, { ...said, person: alice, typed: 'checkout' })).toMatchObject({
    complete: false,
  });
});

test('an owner accepts each action with what it runs: another command under the same name does not count', async () => {
  const gate = await setUp({ causes: ['bad_deploy'] });
  const { inventory, policy, people } = gate.deps;
  const caps = capsOf(standingOf({ inventory, policy, people }));
  const accepted = { ...gate, deps: { ...gate.deps, policy: { ...policy, caps } } };
  expect(await put(accepted, run('2'))).toMatchObject({ kind: 'requested', pending: true });
  for (const changed of [
    { argv: ['/opt/ops/other', '{count}'] },
    { params: new Map([['count', { kind: 'int', min: 1, max: 9 } as const]]) },
    { env: new Map([['KEY', 'file:/x']]) },
    { undo: ['/opt/ops/queue', 'stop'] },
  ]) {
    const other = await setUp({ causes: ['bad_deploy'], ...changed });
    const under = { ...other, deps: { ...other.deps, policy: { ...policy, caps } } };
    expect(await put(under, run('2'))).toMatchObject({ kind: 'requested', pending: false });
  }
});

/** Carries the one plan out over a backend that answers like this. */
async function carried(gate: Gate, step: Step, outcome: ChangeOutcome, settled: string[] = []) {
  await put(gate, step);
  const [approval] = gate.approvals.all();
  if (approval === undefined) throw new Error('nothing was proposed');
  const said = { approval: approval.id, hash: approval.hash, decision: 'approve', via: 'cli' } as const;
  await decide(gate.deps, { ...said, person: alice, typed: 'checkout' });
  const orders: unknown[] = [];
  const carry: CarryOutDeps = {
    gate: gate.deps,
    invoke: {
      turn: async () => [],
      one: async (_caller, tool) => ({
        ...{ id: 'w', call: CallId.parse('e99'), tool },
        outcome: { kind: 'gap', reason: 'no_data', text: '' },
      }),
      dryRun: async () => ({ kind: 'step', step }),
    },
    execute: {
      ready: async () => 'up',
      change: async ({ fields }) => {
        orders.push(fields.order);
        return outcome;
      },
      settle: async () => {
        const next = settled.shift();
        return next === 'happened' || next === 'did_not_happen' ? next : 'unknown';
      },
    },
  };
  await carryOut(carry, approval.id);
  return { carry, approval, orders };
}

async function replayed({ log }: Gate): Promise<unknown> {
  const replay = createReplay();
  for await (const entry of log.read(0)) replay.apply(entry);
  return replay.problems();
}

test('a silence that is in effect ends its plan and nothing else: the incident stays as it was', async () => {
  const gate = await setUp();
  await asks(gate, 'alert_silence', FIRING);
  const done = { kind: 'done', generation: 1, tookMs: 5 } as const;
  const { carry, approval, orders } = await carried(gate, silence(), done, ['unknown', 'happened']);
  expect(orders).toMatchObject([
    { tool: 'alert_silence', change: { target: FIRING, minutes: 60 }, expectGeneration: 0 },
  ]);
  await watch(carry, approval);
  expect(approval.state).toBe('succeeded');
  await watch(carry, approval);
  expect(approval.state).toBe('verified');
  expect(gate.incidents.get(INCIDENT)).toMatchObject({
    state: 'identified',
    verified: false,
    resolved: null,
  });
  expect(await replayed(gate)).toEqual([]);
});

test('a silence that is not seen to be in effect within the window is taken back', async () => {
  const gate = await setUp();
  await asks(gate, 'alert_silence', FIRING);
  const done = { kind: 'done', generation: 1, tookMs: 5 } as const;
  const { carry, approval, orders } = await carried(gate, silence(), done, ['did_not_happen']);
  gate.clock.jump(31_000);
  await watch(carry, approval);
  expect(approval.state).toBe('unverified');
  await undo(carry, approval.id);
  expect(orders[1]).toMatchObject({ change: { tool: 'alert_silence', target: FIRING, service, back: true } });
  expect(approval).toMatchObject({ state: 'undone', undo: 'done' });
  expect(await replayed(gate)).toEqual([]);
});

test('an action with an unknown outcome is quarantined, never run again, and what it said is kept with its call', async () => {
  const gate = await setUp({ causes: ['bad_deploy'] });
  const failed = { kind: 'unknown', detail: 'exit code 3', exitCode: 3, output: 'half done' } as const;
  const { carry, approval, orders } = await carried(gate, run('2'), failed);
  expect(approval.state).toBe('quarantined');
  await carryOut(carry, approval.id);
  expect(orders).toHaveLength(1);
  const finished: unknown[] = [];
  for await (const { kind, body, payloads } of gate.log.read(0))
    if (kind === 'tool.finished') finished.push({ ...Object(body), payloads: payloads.length });
  expect(finished).toMatchObject([{ outcome: 'unknown', exitCode: 3, payloads: 1 }]);
  expect(await replayed(gate)).toEqual([]);
});

test('an order of an action carries all of its command, and taking it back the one that people saw', async () => {
  const gate = await setUp({ causes: ['bad_deploy'] });
  const done = { kind: 'done', generation: 0, tookMs: 5 } as const;
  const { carry, approval, orders } = await carried(gate, run('2'), done);
  const [step] = approval.plan.steps;
  if (step?.tool !== 'operator_action' || step.preview.back === null) throw new Error('no such step');
  gate.clock.jump(600_000);
  await watch(carry, approval);
  await undo(carry, approval.id);
  expect(orders).toMatchObject([
    { change: { ...step.change, command: commandHash(step.preview) } },
    { change: { back: true, command: commandHash(step.preview.back) } },
  ]);
  expect(await replayed(gate)).toEqual([]);
});

test('an action whose program is another one than people saw is not run', async () => {
  const gate = await setUp({ causes: ['bad_deploy'] });
  await put(gate, run('2'));
  const [approval] = gate.approvals.all();
  if (approval === undefined) throw new Error('none');
  const recheck = recheckWith({
    turn: async () => [],
    one: async (_caller, tool) => ({
      ...{ id: 'w', call: CallId.parse('e99'), tool },
      outcome: { kind: 'gap', reason: 'no_data', text: '' },
    }),
    dryRun: async () => ({ kind: 'step', step: run('2', { program: 'another' }) }),
  });
  const [step] = approval.plan.steps;
  if (step === undefined) throw new Error('no step');
  expect(await recheck({ approval, step, generation: 0, purpose: 'change' })).toBe('drifted');
});
