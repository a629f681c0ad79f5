import { expect, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { remindDue } from '#approvals/end.ts';
import { claim, type Recheck } from '#approvals/gate.ts';
import type { Person } from '#approvals/people.ts';
import type { Step } from '#approvals/plan.ts';
import { propose } from '#approvals/propose.ts';
import { type ApprovalId, ServiceId } from '#core/ids.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { aCaller, aGate, aPerson, aStep, type GateSetup, INCIDENT } from './a-gate.ts';

const same: Recheck = async () => 'same';
const alice = aPerson('alice');
const bob = aPerson('bob');
const olga = aPerson('olga', ['owner'], ['team-shop']);
const paul = aPerson('paul', ['owner'], ['team-pay']);
const PAYMENTS = ServiceId.parse('payments');
const rollback = aStep();
const ofPayments = aStep({
  tool: 'service_restart',
  change: { tool: 'service_restart', target: 'service:payments' },
  target: { ...aStep().target, ref: 'service:payments', service: PAYMENTS },
  undo: null,
});
const scaleTo = (replicas: number) =>
  aStep({ tool: 'service_scale', change: { tool: 'service_scale', target: 'service:checkout', replicas } });
const onIncident = { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams: [incidentStream(INCIDENT)] };

/** Checkout belongs to team-shop, payments to team-pay. */
async function aShop(setup: GateSetup = {}) {
  const gate = await aGate({ people: [alice, bob, olga, paul], ...setup });
  const services = new Map(gate.deps.inventory.services);
  const checkout = services.get(rollback.target.service);
  if (checkout === undefined) throw new Error('no checkout');
  services.set(PAYMENTS, { ...checkout, id: PAYMENTS, owner: 'team-pay' });
  return { ...gate, deps: { ...gate.deps, inventory: { ...gate.deps.inventory, services } } };
}
type Shop = Awaited<ReturnType<typeof aShop>>;

const put = ({ deps, clock }: Shop, steps: readonly Step[]) =>
  propose(deps, { caller: aCaller(clock), steps });

async function asked(shop: Shop, steps: readonly Step[]): Promise<ApprovalId> {
  const result = await put(shop, steps);
  if (result.kind !== 'requested') throw new Error(result.reason);
  return result.approval;
}

function say({ deps, approvals }: Shop, approval: ApprovalId, person: Person, typed: string | null = null) {
  const hash = approvals.get(approval)?.hash ?? '';
  return decide(deps, { approval, hash, decision: 'approve', person, via: 'cli', typed });
}

async function requested(
  shop: Shop,
  by: Person,
  ...[tool = 'service_rollback', target = 'service:checkout']: readonly string[]
): Promise<void> {
  await shop.log.append([fact('change.requested', { by: by.id, tool, target }, onIncident)]);
}

test('a change of two teams needs an owner of each, and every target typed', async () => {
  const shop = await aShop();
  const id = await asked(shop, [rollback, ofPayments]);
  expect(await say(shop, id, olga, 'checkout')).toMatchObject({ reason: 'target_not_typed' });
  expect(await say(shop, id, olga, 'payments, checkout')).toMatchObject({ complete: false });
  expect(await say(shop, id, alice, 'checkout payments')).toMatchObject({ complete: false });
  expect(await claim(shop.deps, id, same)).toMatchObject({ reason: 'not_approved' });
  expect(await say(shop, id, paul, 'checkout payments')).toMatchObject({ complete: true });
  expect(await claim(shop.deps, id, same)).toMatchObject({ kind: 'permit' });
});

test('an owner of one target who lost that team since leaves the other target without an owner', async () => {
  const shop = await aShop();
  const id = await asked(shop, [rollback, ofPayments]);
  await say(shop, id, olga, 'checkout payments');
  await say(shop, id, paul, 'checkout payments');
  shop.people.set(paul.id, { ...paul, teams: ['team-shop'] });
  expect(await claim(shop.deps, id, same)).toMatchObject({ reason: 'approver_lost_role' });
});

test('a yes to one’s own wish counts only with the target typed, and is never enough for a wide change', async () => {
  const shop = await aShop();
  await requested(shop, alice);
  const own = await asked(shop, [rollback]);
  expect(shop.approvals.get(own)?.plan.requestedBy).toEqual(['alice']);
  expect(await say(shop, own, alice)).toMatchObject({ reason: 'target_not_typed' });
  expect(await say(shop, own, alice, 'inventory')).toMatchObject({ reason: 'target_not_typed' });
  expect(await say(shop, own, alice, 'checkout')).toMatchObject({ complete: true });
  const other = await aShop();
  await requested(other, alice);
  expect(await say(other, await asked(other, [rollback]), bob)).toMatchObject({ complete: true });
  const wide = await aShop();
  await requested(wide, olga);
  const id = await asked(wide, [aStep({ tier: 'R3' })]);
  expect(await say(wide, id, olga, 'checkout')).toMatchObject({ reason: 'requester' });
  await say(wide, id, alice, 'checkout');
  expect(await say(wide, id, bob, 'checkout')).toMatchObject({ complete: false });
});

test('everybody who asked for a part of a plan counts as asking for it, not only who asked last', async () => {
  const two = await aShop();
  await requested(two, alice);
  await requested(two, bob);
  await requested(two, alice);
  const own = await asked(two, [rollback]);
  expect(two.approvals.get(own)?.plan.requestedBy).toEqual(['alice', 'bob']);
  for (const person of [alice, bob])
    expect(await say(two, own, person)).toMatchObject({ reason: 'target_not_typed' });
  const wide = await aShop();
  await requested(wide, alice);
  await requested(wide, bob, 'service_restart', 'service:payments');
  const id = await asked(wide, [rollback, ofPayments]);
  for (const person of [alice, bob])
    expect(await say(wide, id, person, 'checkout payments')).toMatchObject({ reason: 'requester' });
});

test('who asked is read from the log: a wish for another change, or of another incident, is not one for this', async () => {
  const shop = await aShop();
  await requested(shop, alice, 'service_restart');
  expect(shop.approvals.get(await asked(shop, [rollback]))?.plan.requestedBy).toEqual([]);
});

test('an incident starts no more changes than its budget, also when the plans were approved before', async () => {
  const shop = await aShop({ changes: 1 });
  expect(await put(shop, [rollback, scaleTo(4)])).toEqual({ kind: 'refused', reason: 'budget_spent' });
  const first = await asked(shop, [rollback]);
  const second = await asked(shop, [ofPayments]);
  await say(shop, first, alice);
  await say(shop, second, alice);
  const claims = await Promise.all([claim(shop.deps, first, same), claim(shop.deps, second, same)]);
  expect(claims.filter(({ kind }) => kind === 'permit')).toHaveLength(1);
  const later = await claim(shop.deps, second, same);
  expect(later).toMatchObject({ kind: 'refused' });
  expect([...shop.approvals.all()].filter(({ calls }) => calls.length > 0)).toHaveLength(1);
  expect(await put(shop, [scaleTo(4)])).toMatchObject({ kind: 'refused' });
});

test('what people refused does not come back within a quarter of an hour, alone or inside a longer plan', async () => {
  const shop = await aShop();
  const id = await asked(shop, [rollback]);
  const no = { hash: shop.approvals.get(id)?.hash ?? '', decision: 'deny', typed: null } as const;
  await decide(shop.deps, { approval: id, person: alice, via: 'cli', ...no });
  for (const steps of [[rollback], [scaleTo(4), rollback]])
    expect(await put(shop, steps)).toEqual({ kind: 'refused', reason: 'denied_before' });
  shop.clock.jump(15 * 60_000);
  expect(await put({ ...shop }, [rollback])).toMatchObject({ kind: 'requested' });
});

test('what people refused may come back at once when another cause speaks for it', async () => {
  const shop = await aShop();
  const id = await asked(shop, [rollback]);
  const no = { hash: shop.approvals.get(id)?.hash ?? '', decision: 'deny', typed: null } as const;
  await decide(shop.deps, { approval: id, person: alice, via: 'cli', ...no });
  const incident = shop.incidents.get(INCIDENT);
  const best = incident?.diagnosis?.hypotheses[0];
  if (best === undefined) throw new Error('no diagnosis');
  best.cause = 'overload';
  expect(await put(shop, [rollback])).toMatchObject({ kind: 'requested' });
});

test('a fourth proposal finds no room, and one for the same tool and target takes the place of the older', async () => {
  const shop = await aShop({ changes: 100 });
  const restart = aStep({
    tool: 'service_restart',
    change: { tool: 'service_restart', target: 'service:checkout' },
    undo: null,
  });
  for (const step of [rollback, ofPayments, restart]) await asked(shop, [step]);
  expect(await put(shop, [scaleTo(4)])).toEqual({ kind: 'refused', reason: 'too_many_pending' });
  const further = { tool: 'service_rollback', target: 'service:checkout', to: 'deploy:checkout@-2' } as const;
  await asked(shop, [aStep({ change: further })]);
  const states = shop.approvals.all().map(({ state }) => state);
  expect(states).toEqual(['superseded', 'pending', 'pending', 'pending']);
});

test('people are reminded once, at half of the time, of a plan that nobody answered', async () => {
  const shop = await aShop();
  const id = await asked(shop, [rollback]);
  shop.clock.jump(7.5 * 60_000 - 1);
  expect(await remindDue(shop.deps)).toEqual([]);
  shop.clock.jump(1);
  expect(await Promise.all([remindDue(shop.deps), remindDue(shop.deps)])).toContainEqual([id]);
  expect(await remindDue(shop.deps)).toEqual([]);
  const reminders = (await Array.fromAsync(shop.log.read(0))).filter(
    ({ kind }) => kind === 'approval.reminded',
  );
  expect(reminders).toHaveLength(1);
  expect(await say(shop, id, alice)).toMatchObject({ complete: true });
});

test('a run that was stopped, or whose time is over, puts nothing before people', async () => {
  const shop = await aShop();
  const stopped = { ...aCaller(shop.clock), signal: AbortSignal.abort() };
  expect(await propose(shop.deps, { caller: stopped, steps: [rollback] })).toMatchObject({
    reason: 'run_ended',
  });
  const caller = aCaller(shop.clock);
  shop.clock.jump(300_000);
  expect(await propose(shop.deps, { caller, steps: [rollback] })).toMatchObject({ reason: 'run_ended' });
});
