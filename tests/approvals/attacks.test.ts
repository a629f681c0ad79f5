import { expect, test } from 'vitest';
import { ApprovalFold } from '#approvals/approval-fold.ts';
import { decide } from '#approvals/decide.ts';
import { withdraw } from '#approvals/end.ts';
import { claim, claimUndo, type Recheck } from '#approvals/gate.ts';
import { isBusy } from '#approvals/lapse.ts';
import type { Step } from '#approvals/plan.ts';
import { propose } from '#approvals/propose.ts';
import { viewOf } from '#approvals/view.ts';
import type { Entry } from '#audit/log.ts';
import { sha256 } from '#core/hash.ts';
import { type ApprovalId, type CallId, ServiceId } from '#core/ids.ts';
import { approvalStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { aCaller, aGate, aPerson, aStep, type GateSetup, INCIDENT } from './a-gate.ts';

const same: Recheck = async () => 'same';
const alice = aPerson('alice');
const bob = aPerson('bob');
const olga = aPerson('olga', ['owner'], ['team-shop']);
const onIncident = { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams: [incidentStream(INCIDENT)] };
const restart = aStep({
  tool: 'service_restart',
  change: { tool: 'service_restart', target: 'service:checkout' },
  undo: null,
});

type Gate = Awaited<ReturnType<typeof aGate>>;

async function proposed(steps: readonly Step[] = [aStep()], setup: GateSetup = {}) {
  const gate = await aGate({ people: [alice, bob, olga], ...setup });
  const result = await propose(gate.deps, { caller: aCaller(gate.clock), steps });
  if (result.kind !== 'requested') throw new Error(result.reason);
  const approval = gate.approvals.get(result.approval);
  if (approval === undefined) throw new Error('not folded');
  return { ...gate, id: result.approval, approval };
}

async function approved(steps?: readonly Step[]) {
  const gate = await proposed(steps);
  await say(gate, gate.id);
  return gate;
}

function say(gate: Gate, id: ApprovalId, person = alice, typed: string | null = null) {
  const hash = gate.approvals.get(id)?.hash ?? '';
  return decide(gate.deps, { approval: id, hash, decision: 'approve', person, via: 'cli', typed });
}

async function finish({ log }: Gate, id: ApprovalId, call: CallId, generation: number): Promise<void> {
  const body = {
    call,
    tool: 'service_rollback',
    outcome: 'ok',
    reason: null,
    exitCode: null,
    durationMs: 5,
    facts: { generation },
  } as const;
  await log.append([
    fact('tool.finished', body, { ...onIncident, streams: [approvalStream(id), incidentStream(INCIDENT)] }),
  ]);
}

test.each([
  ['taken', () => fact('incident.taken', { by: bob.id }, onIncident)],
  ['resolved', () => fact('incident.resolved', { resolution: 'by_hand', by: 'bob' }, onIncident)],
] as const)('an incident that is %s while the target is looked at again is left alone', async (_, draft) => {
  const { deps, id, approval, log } = await approved();
  const claimed = await claim(deps, id, async () => {
    await log.append([draft()]);
    return 'same';
  });
  expect(claimed).toEqual({ kind: 'refused', reason: 'incident_closed' });
  expect(approval).toMatchObject({ state: 'invalidated', calls: [] });
});

test('a plan whose time runs out while the target is looked at again does not start', async () => {
  const { deps, id, approval, clock } = await approved();
  clock.jump(15 * 60_000 - 1);
  const claimed = await claim(deps, id, async () => {
    clock.jump(1);
    return 'same';
  });
  expect(claimed).toEqual({ kind: 'refused', reason: 'expired' });
  expect(approval).toMatchObject({ state: 'invalidated', calls: [] });
});

test('a withdrawal that meets a yes at the same moment still ends the plan', async () => {
  const gate = await proposed();
  const [decided] = await Promise.all([
    say(gate, gate.id),
    withdraw(gate.deps, INCIDENT, { reason: 'alert_cleared' }),
  ]);
  expect(decided.kind).toBe('decided');
  expect(gate.approval.state).toBe('withdrawn');
  expect(await claim(gate.deps, gate.id, same)).toMatchObject({ kind: 'refused' });
});

test('a plan that started while others were being withdrawn stays started', async () => {
  const gate = await proposed();
  const second = await propose(gate.deps, { caller: aCaller(gate.clock), steps: [restart] });
  if (second.kind !== 'requested') throw new Error(second.reason);
  await say(gate, second.approval);
  const { log } = gate;
  const claims: string[] = [];
  // Both are due when the withdrawal begins; the second starts while the end of the first is being written.
  const append: typeof log.append = async (drafts, options) => {
    if (claims.length === 0) claims.push((await claim(gate.deps, second.approval, same)).kind);
    return log.append(drafts, options);
  };
  const ended = await withdraw({ ...gate.deps, log: { ...log, append } }, INCIDENT, {
    reason: 'alert_cleared',
  });
  expect({ claims, ended }).toEqual({ claims: ['permit'], ended: [gate.id] });
  expect(gate.approvals.get(second.approval)?.state).toBe('started');
});

test('after its alert cleared a plan is not started any more, whoever said yes', async () => {
  const { deps, id, log } = await approved();
  await log.append([fact('alert.cleared', { fingerprint: sha256('a'), source: 'test' }, onIncident)]);
  expect(await claim(deps, id, same)).toEqual({ kind: 'refused', reason: 'alert_cleared' });
});

test('a second worker that finds a plan claimed leaves it to the first', async () => {
  const gate = await approved();
  const claims: Promise<unknown>[] = [];
  const first = await claim(gate.deps, gate.id, async () => {
    claims.push(claim(gate.deps, gate.id, same));
    await Promise.all(claims);
    return 'same';
  });
  expect(first.kind).toBe('permit');
  expect(await claims[0]).toEqual({ kind: 'refused', reason: 'not_approved' });
  expect(gate.approval.state).toBe('started');
});

test('two people are not enough when the one who owned the target no longer does', async () => {
  const wide = [aStep({ tier: 'R3' })];
  const gate = await proposed(wide);
  await say(gate, gate.id, alice, 'checkout');
  expect(await say(gate, gate.id, olga, 'checkout')).toMatchObject({ complete: true });
  gate.people.set(olga.id, { ...olga, roles: ['approver'] });
  expect(await claim(gate.deps, gate.id, same)).toEqual({ kind: 'refused', reason: 'approver_lost_role' });
  const kept = await proposed(wide);
  await say(kept, kept.id, alice, 'checkout');
  await say(kept, kept.id, olga, 'checkout');
  expect(await claim(kept.deps, kept.id, same)).toMatchObject({ kind: 'permit' });
});

test('of two undos that are asked for at once one starts', async () => {
  const gate = await approved();
  const claimed = await claim(gate.deps, gate.id, same);
  if (claimed.kind !== 'permit') throw new Error(claimed.reason);
  await finish(gate, gate.id, claimed.permit.fields.call, 8);
  await gate.log.append([
    fact('action.unverified', { approval: gate.id, reason: 'out_of_band' }, { ...onIncident, streams: [] }),
  ]);
  const undos = await Promise.all([claimUndo(gate.deps, gate.id, same), claimUndo(gate.deps, gate.id, same)]);
  expect(undos.filter(({ kind }) => kind === 'permit')).toHaveLength(1);
  expect(gate.approval.calls.filter(({ undo }) => undo)).toHaveLength(1);
});

test('a plan that this version cannot read is nothing that could be approved, and no crash', () => {
  const fold = new ApprovalFold();
  const entry: Entry = {
    v: 1,
    seq: 1,
    ts: 1,
    streams: [],
    incidentId: INCIDENT,
    traceId: 't',
    actor: SYSTEM,
    kind: 'approval.requested',
    body: { approval: 'A-1', hash: sha256('x'), cardDigest: sha256('y'), mode: 'act', plan: { v: 2 } },
    payloads: [],
  };
  expect(() => fold.apply(entry)).not.toThrow();
  expect(fold.all()).toEqual([]);
  expect([fold.requested, fold.unreadable]).toEqual([1, 1]);
});

test('the card does not lend the diagnosed cause to a service that nobody suspects', async () => {
  const other = ServiceId.parse('payments');
  const step = aStep({ target: { ...aStep().target, ref: 'service:payments', service: other } });
  const gate = await aGate();
  const services = new Map(gate.deps.inventory.services);
  const known = services.get(ServiceId.parse('checkout'));
  if (known === undefined) throw new Error('no checkout');
  services.set(other, { ...known, id: other });
  const deps = { ...gate.deps, inventory: { ...gate.deps.inventory, services } };
  const result = await propose(deps, { caller: aCaller(gate.clock), steps: [step] });
  if (result.kind !== 'requested') throw new Error(result.reason);
  expect(gate.approvals.get(result.approval)?.plan).toMatchObject({
    service: 'payments',
    cause: 'unknown',
    confidence: 0,
    evidence: [],
  });
});

test('a change whose effect is not known keeps its target until a person closes the incident, not until code does', async () => {
  const gate = await approved();
  const claimed = await claim(gate.deps, gate.id, same);
  if (claimed.kind !== 'permit') throw new Error(claimed.reason);
  const { call } = claimed.permit.fields;
  await gate.log.append([
    fact('action.quarantined', { approval: gate.id, step: 0, call }, { ...onIncident, streams: [] }),
  ]);
  expect(isBusy(viewOf(gate.deps), [restart])).toBe(true);
  expect(await propose(gate.deps, { caller: aCaller(gate.clock), steps: [restart] })).toEqual({
    kind: 'refused',
    reason: 'target_busy',
  });
  const over = fact('incident.resolved', { resolution: 'recovered', by: 'firebreak' }, onIncident);
  await gate.log.append([over]);
  expect(isBusy(viewOf(gate.deps), [restart])).toBe(true);
  await gate.log.append([fact('incident.reopened', { reason: 'reopened' }, onIncident)]);
  const actor = { kind: 'person', id: 'bob' } as const;
  const closed = fact('incident.resolved', { resolution: 'by_hand', by: 'bob' }, { ...onIncident, actor });
  await gate.log.append([closed]);
  expect(isBusy(viewOf(gate.deps), [restart])).toBe(false);
  expect(gate.approvals.get(gate.id)).toMatchObject({ state: 'released', reason: 'incident_closed' });
});

test('whoever decides without the right to is named in the log, and so is a click on another plan', async () => {
  const gate = await proposed();
  const eve = aPerson('eve', ['viewer', 'responder']);
  await say(gate, gate.id, eve);
  const body = {
    approval: gate.id,
    hash: 'f'.repeat(64),
    decision: 'deny',
    via: 'slack',
    typed: null,
  } as const;
  await decide(gate.deps, { ...body, person: bob });
  const refused = (await Array.fromAsync(gate.log.read(0))).filter(({ kind }) => kind === 'request.refused');
  expect(refused.map(({ actor, incidentId, body }) => ({ who: actor.id, incidentId, ...body }))).toEqual([
    {
      who: 'eve',
      incidentId: INCIDENT,
      by: 'eve',
      what: 'approve',
      reason: 'not_allowed',
      approval: gate.id,
    },
    { who: 'bob', incidentId: INCIDENT, by: 'bob', what: 'deny', reason: 'other_plan', approval: gate.id },
  ]);
});
