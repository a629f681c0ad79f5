import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { expireDue, withdraw } from '#approvals/end.ts';
import { claim, claimUndo, type Recheck } from '#approvals/gate.ts';
import { isBusy } from '#approvals/lapse.ts';
import { createPermitSigner, isSigned, permitKey } from '#approvals/permit.ts';
import { type Plan, planHash } from '#approvals/plan.ts';
import { propose } from '#approvals/propose.ts';
import { viewOf } from '#approvals/view.ts';
import type { ApprovalId } from '#core/ids.ts';
import { ServiceId } from '#core/ids.ts';
import { approvalStream, fact, incidentStream, SYSTEM, stopStream } from '#incidents/entry.ts';
import { aCaller, aGate, aPerson, aStep, type GateSetup, INCIDENT } from './a-gate.ts';

const same: Recheck = async () => 'same';
const alice = aPerson('alice');
const bob = aPerson('bob');

async function proposed(setup: GateSetup = {}) {
  const gate = await aGate(setup);
  const result = await propose(gate.deps, { caller: aCaller(gate.clock), steps: [aStep()] });
  if (result.kind !== 'requested') throw new Error(result.reason);
  const approval = gate.approvals.get(result.approval);
  if (approval === undefined) throw new Error('not folded');
  return { ...gate, id: result.approval, approval };
}

async function approved(setup: GateSetup = {}) {
  const gate = await proposed(setup);
  const {
    id: approval,
    approval: { hash },
  } = gate;
  await decide(gate.deps, { approval, hash, decision: 'approve', person: alice, via: 'cli', typed: null });
  return gate;
}

const decision = (id: ApprovalId, hash: string) =>
  ({ approval: id, hash, decision: 'approve', person: alice, via: 'cli', typed: null }) as const;

test('an approved plan gives one permit, and its intent is in the log before the permit exists', async () => {
  const { deps, id, approval } = await approved();
  const claimed = await claim(deps, id, same);
  expect(claimed.kind).toBe('permit');
  expect(approval.state).toBe('started');
  expect(approval.calls).toMatchObject([{ step: 0, outcome: 'open', undo: false }]);
});

test('200 claims at once of one approval start it once', async () => {
  const { deps, id } = await approved();
  const claims = await Promise.all(Array.from({ length: 200 }, () => claim(deps, id, same)));
  expect(claims.filter((one) => one.kind === 'permit')).toHaveLength(1);
});

test('a permit is signed by the key of this start, names it, and lives 30 s', async () => {
  const { deps, id, clock } = await approved();
  const claimed = await claim(deps, id, same);
  if (claimed.kind !== 'permit') throw new Error(claimed.reason);
  const { permit } = claimed;
  expect(isSigned(permit, permitKey(deps.signer.publicKey))).toBe(true);
  expect(isSigned(permit, permitKey(createPermitSigner(deps.random).publicKey))).toBe(false);
  const now = clock.now();
  expect(permit.fields).toMatchObject({ boot: 'boot-1', mintedAt: now, notAfter: now + 30_000 });
});

test('a permit for a rollback names the exact version that people saw, and so does its intent', async () => {
  const { deps, id, log } = await approved();
  const claimed = await claim(deps, id, same);
  if (claimed.kind !== 'permit') throw new Error(claimed.reason);
  const exact = { tool: 'service_rollback', target: 'service:checkout', version: 'v41' };
  expect(claimed.permit.fields.order.change).toEqual(exact);
  const intents = (await Array.fromAsync(log.read(0))).filter(({ kind }) => kind === 'tool.intended');
  expect(intents.map(({ body }) => body.args)).toEqual([exact]);
});

test('a plan nobody approved is not claimed', async () => {
  const { deps, id } = await proposed();
  expect(await claim(deps, id, same)).toEqual({ kind: 'refused', reason: 'not_approved' });
});

test('a decision on another plan, by somebody without the role, or twice is refused with the true state', async () => {
  const { deps, id, approval } = await proposed();
  expect(await decide(deps, decision(id, 'f'.repeat(64)))).toMatchObject({ reason: 'other_plan' });
  expect(
    await decide(deps, { ...decision(id, approval.hash), person: aPerson('eve', ['viewer', 'responder']) }),
  ).toMatchObject({ reason: 'not_allowed' });
  expect(await decide(deps, decision(id, approval.hash))).toMatchObject({ kind: 'decided', complete: true });
  expect(await decide(deps, decision(id, approval.hash))).toMatchObject({
    reason: 'not_pending',
    approval: { state: 'approved' },
  });
});

test('silence is no: an expired plan takes no decision and no claim', async () => {
  const { deps, id, approval, clock } = await proposed();
  clock.jump(15 * 60_000);
  expect(await decide(deps, decision(id, approval.hash))).toMatchObject({ reason: 'expired' });
  expect(await expireDue(deps)).toEqual([id]);
  expect(approval.state).toBe('expired');
  const late = await approved();
  late.clock.jump(15 * 60_000);
  expect(await claim(late.deps, late.id, same)).toEqual({ kind: 'refused', reason: 'expired' });
});

test('no, revoke and withdrawal end it: nothing starts after', async () => {
  const denied = await proposed();
  await decide(denied.deps, { ...decision(denied.id, denied.approval.hash), decision: 'deny' });
  expect(await claim(denied.deps, denied.id, same)).toMatchObject({ kind: 'refused' });
  const revoked = await approved();
  await decide(revoked.deps, {
    ...decision(revoked.id, revoked.approval.hash),
    decision: 'revoke',
    person: bob,
  });
  expect(await claim(revoked.deps, revoked.id, same)).toMatchObject({ kind: 'refused' });
  const withdrawn = await approved();
  await withdraw(withdrawn.deps, INCIDENT, { reason: 'taken' });
  expect(await claim(withdrawn.deps, withdrawn.id, same)).toMatchObject({ kind: 'refused' });
  expect([denied.approval.state, revoked.approval.state, withdrawn.approval.state]).toEqual([
    'rejected',
    'revoked',
    'withdrawn',
  ]);
});

test('a target that changed between approval and claim makes the plan invalid', async () => {
  const { deps, id, approval } = await approved();
  expect(await claim(deps, id, async () => 'drifted')).toEqual({ kind: 'refused', reason: 'drifted' });
  expect(approval.state).toBe('invalidated');
});

test('a look at the target that throws after the claim makes the plan invalid and frees its target', async () => {
  const { deps, id, approval } = await approved();
  const broken: Recheck = async () => {
    throw new Error('no room for the answer');
  };
  expect(await claim(deps, id, broken)).toEqual({ kind: 'refused', reason: 'dry_run_failed' });
  expect(approval.state).toBe('invalidated');
  expect(isBusy(viewOf(deps), [aStep()])).toBe(false);
});

test.each(['off', 'frozen', 'unverified', 'clockJumped', 'unreadLog'] as const)(
  'the stop %s holds back a proposal and a claim',
  async (stop) => {
    const gate = await aGate({ flags: { [stop]: true } });
    expect(await propose(gate.deps, { caller: aCaller(gate.clock), steps: [aStep()] })).toMatchObject({
      kind: 'refused',
    });
    const later = await approved();
    later.flags.now = { ...later.flags.now, [stop]: true };
    expect(await claim(later.deps, later.id, same)).toMatchObject({
      kind: 'refused',
      reason: 'policy_denied',
    });
  },
);

test('a stop that comes while the target is looked at again still holds', async () => {
  const { deps, id, flags, log } = await approved();
  const recheck: Recheck = async () => {
    flags.now = { ...flags.now, off: true };
    await log.append([
      fact('off.set', { on: true, by: 'alice' }, { actor: SYSTEM, traceId: 't', streams: [stopStream] }),
    ]);
    return 'same';
  };
  expect(await claim(deps, id, recheck)).toMatchObject({ kind: 'refused' });
});

test('a person who takes the incident while it is being claimed stops it', async () => {
  const { deps, id, log } = await approved();
  const claiming = claim(deps, id, same);
  await log.append([
    fact(
      'incident.taken',
      { by: alice.id },
      { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams: [incidentStream(INCIDENT)] },
    ),
  ]);
  const first = await claiming;
  const again = await claim(deps, id, same);
  expect([first, again].filter((one) => one.kind === 'permit').length).toBeLessThanOrEqual(1);
  expect(again.kind).toBe('refused');
});

test('an approver who lost the role since no longer counts', async () => {
  const { deps, id, people } = await approved();
  people.set(alice.id, { ...alice, roles: ['viewer'] });
  expect(await claim(deps, id, same)).toMatchObject({ reason: 'approver_lost_role' });
});

test('observe and propose record the plan and ask nobody', async () => {
  for (const mode of ['observe', 'propose'] as const) {
    const { approval, deps, id } = await proposed({ mode });
    expect(approval.state).toBe('recorded');
    expect(await decide(deps, decision(id, approval.hash))).toMatchObject({ reason: 'not_pending' });
  }
});

test('without a matching rule, or with one that denies, nothing is proposed', async () => {
  for (const rules of [
    [],
    [
      { tools: ['service_rollback'], environments: ['*'], services: ['*'], answer: 'ask' },
      { tools: ['service_rollback'], environments: ['prod'], services: ['checkout'], answer: 'deny' },
    ],
  ] as const) {
    const gate = await aGate({ rules });
    expect(await propose(gate.deps, { caller: aCaller(gate.clock), steps: [aStep()] })).toEqual({
      kind: 'refused',
      reason: 'policy_denied',
    });
  }
});

test('a plan with two targets needs two people, one of them an owner, and the target typed', async () => {
  const gate = await aGate();
  const other = aStep({
    target: { ...aStep().target, ref: 'service:inventory', service: ServiceId.parse('checkout') },
    change: { tool: 'service_restart', target: 'service:inventory' },
    tool: 'service_restart',
  });
  const result = await propose(gate.deps, { caller: aCaller(gate.clock), steps: [aStep(), other] });
  if (result.kind !== 'requested') throw new Error(result.reason);
  const approval = gate.approvals.get(result.approval);
  if (approval === undefined) throw new Error('not folded');
  expect(approval.plan.tier).toBe('R3');
  const owner = aPerson('olga', ['owner'], ['team-shop']);
  gate.people.set(owner.id, owner);
  const yes = decision(result.approval, approval.hash);
  expect(await decide(gate.deps, yes)).toMatchObject({ reason: 'target_not_typed' });
  expect(await decide(gate.deps, { ...yes, typed: 'checkout' })).toMatchObject({
    kind: 'decided',
    complete: false,
  });
  expect(await decide(gate.deps, { ...yes, typed: 'checkout' })).toMatchObject({ reason: 'already_decided' });
  expect(await decide(gate.deps, { ...yes, person: bob, typed: 'checkout' })).toMatchObject({
    kind: 'decided',
    complete: false,
  });
  expect(await decide(gate.deps, { ...yes, person: owner, typed: 'checkout' })).toMatchObject({
    kind: 'decided',
    complete: true,
  });
});

test('a newer plan for the same tool and target takes the place of the older; the same plan twice is refused', async () => {
  const { deps, clock, approval, approvals } = await proposed();
  expect(await propose(deps, { caller: aCaller(clock), steps: [aStep()] })).toEqual({
    kind: 'refused',
    reason: 'duplicate_plan',
  });
  const further = aStep({
    change: { tool: 'service_rollback', target: 'service:checkout', to: 'deploy:checkout@-2' },
  });
  expect(await propose(deps, { caller: aCaller(clock), steps: [further] })).toMatchObject({
    kind: 'requested',
  });
  expect(approval.state).toBe('superseded');
  expect(approvals.all().filter((one) => one.state === 'pending')).toHaveLength(1);
});

test('while one change of a target is under way no other is proposed or claimed for it', async () => {
  const { deps, clock, id } = await approved();
  await claim(deps, id, same);
  const restart = aStep({
    tool: 'service_restart',
    change: { tool: 'service_restart', target: 'service:checkout' },
    undo: null,
  });
  expect(await propose(deps, { caller: aCaller(clock), steps: [restart] })).toEqual({
    kind: 'refused',
    reason: 'target_busy',
  });
});

test('every field of the plan is inside its hash', async () => {
  const { approval } = await proposed();
  const { plan, hash } = approval;
  expect(planHash(plan)).toBe(hash);
  const step = aStep();
  expect(plan.steps).toEqual([step]);
  const changed: readonly Plan[] = [
    { ...plan, expiresAt: plan.expiresAt + 1 },
    { ...plan, environment: 'staging' },
    { ...plan, steps: [{ ...step, target: { ...step.target, generation: 8 } }] },
    { ...plan, steps: [{ ...step, undo: null }] },
    {
      ...plan,
      steps: [{ ...step, preview: { ...step.preview, after: { ...step.preview.after, replicas: 0 } } }],
    },
    { ...plan, steps: [step, step] },
    { ...plan, verification: { ...plan.verification, high: '0.9' } },
  ];
  expect(new Set([hash, ...changed.map(planHash)]).size).toBe(changed.length + 1);
});

test('the undo is granted only for a change that was not verified, and not when somebody touched the target since', async () => {
  const { deps, id, approval, log } = await approved();
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams: [approvalStream(id)] };
  expect(await claimUndo(deps, id, same)).toMatchObject({ kind: 'refused' });
  const claimed = await claim(deps, id, same);
  if (claimed.kind !== 'permit') throw new Error(claimed.reason);
  const { call } = claimed.permit.fields;
  const finished = {
    call,
    tool: 'service_rollback',
    outcome: 'ok',
    reason: null,
    exitCode: null,
    durationMs: 5,
    facts: { generation: 8 },
  } as const;
  await log.append([fact('tool.finished', finished, context)]);
  expect(approval.state).toBe('succeeded');
  expect(await claimUndo(deps, id, same)).toMatchObject({ reason: 'not_approved' });
  await log.append([fact('action.unverified', { approval: id, reason: 'out_of_band' }, context)]);
  expect(await claimUndo(deps, id, async () => 'drifted')).toEqual({ kind: 'refused', reason: 'drifted' });
  const undo = await claimUndo(deps, id, same);
  if (undo.kind !== 'permit') throw new Error(undo.reason);
  expect(undo.permit.fields.order).toMatchObject({
    tool: 'service_rollback',
    change: { version: 'v42' },
    expectGeneration: 8,
  });
  expect(await claimUndo(deps, id, same)).toMatchObject({ kind: 'refused', reason: 'nothing_to_undo' });
});
