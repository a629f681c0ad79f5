import { expect, test } from 'vitest';
import { type AfterEnd, sayAfterEnd } from '#approvals/after-end.ts';
import { decide } from '#approvals/decide.ts';
import { expireDue } from '#approvals/end.ts';
import { isBusy } from '#approvals/lapse.ts';
import type { Person } from '#approvals/people.ts';
import { viewOf } from '#approvals/view.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { carryOut } from '#tools/carry-out.ts';
import { aCarry, rollback } from '../tools/a-carry.ts';
import { aPerson, INCIDENT } from './a-gate.ts';

const bob = aPerson('bob');
const onCall = aPerson('rita', ['responder']);
const viewer = aPerson('vic', ['viewer']);
const looked: AfterEnd = { kind: 'release', effect: 'happened' };

/** A change whose effect nobody can find out. */
async function quarantined() {
  const run = await aCarry([rollback], { runs: ['unknown'] });
  await carryOut(run.carry, run.id);
  return run;
}

async function expired() {
  const run = await aCarry([rollback]);
  run.clock.jump(15 * 60_000);
  await expireDue(run.deps);
  return run;
}

type Run = Awaited<ReturnType<typeof aCarry>>;
const say = ({ deps, id }: Run, person: Person, wanted: AfterEnd) =>
  sayAfterEnd(deps, { approval: id, person, wanted });

test('a person who looked frees the target of a change whose effect nobody could find out, once', async () => {
  const run = await quarantined();
  expect(isBusy(viewOf(run.deps), [rollback])).toBe(true);
  expect(await say(run, bob, looked)).toMatchObject({ kind: 'said' });
  expect(run.approval).toMatchObject({ state: 'released', reason: 'happened' });
  expect(isBusy(viewOf(run.deps), [rollback])).toBe(false);
  expect(await say(run, bob, looked)).toMatchObject({ reason: 'not_quarantined' });
  const [entry] = (await Array.fromAsync(run.log.read(0))).filter(({ kind }) => kind === 'action.released');
  expect(entry).toMatchObject({
    actor: { kind: 'person', id: 'bob' },
    body: { approval: run.id, by: 'bob', effect: 'happened' },
  });
});

test('a released change does not run on, whatever the person saw', async () => {
  const run = await quarantined();
  await say(run, bob, { kind: 'release', effect: 'did_not_happen' });
  await carryOut(run.carry, run.id);
  expect({ orders: run.orders, state: run.approval.state }).toEqual({ orders: [], state: 'released' });
});

test('who may only look or respond does not say what became of a change, and the log names who tried', async () => {
  const run = await quarantined();
  for (const person of [onCall, viewer])
    expect(await say(run, person, looked)).toMatchObject({ kind: 'refused', reason: 'not_allowed' });
  expect(run.approval.state).toBe('quarantined');
  const refused = (await Array.fromAsync(run.log.read(0))).filter(({ kind }) => kind === 'request.refused');
  expect(refused.map(({ body }) => body.by)).toEqual(['rita', 'vic']);
});

test('nothing is released that waits, runs or is done', async () => {
  const run = await aCarry([rollback]);
  expect(await say(run, bob, looked)).toMatchObject({ reason: 'not_quarantined' });
  await carryOut(run.carry, run.id);
  expect(await say(run, bob, looked)).toMatchObject({ reason: 'not_quarantined' });
  expect(run.approval.state).toBe('succeeded');
});

test('asking again for a plan that expired leaves it expired', async () => {
  const run = await expired();
  expect(await say(run, onCall, { kind: 'again' })).toMatchObject({ kind: 'said' });
  expect(run.approval.state).toBe('expired');
  await carryOut(run.carry, run.id);
  expect(run.orders).toEqual([]);
});

test('a plan that a person refused, or that was carried out, is not asked for again', async () => {
  const done = await aCarry([rollback]);
  await carryOut(done.carry, done.id);
  expect(await say(done, onCall, { kind: 'again' })).toMatchObject({ reason: 'not_over' });
  const revoked = await aCarry([rollback]);
  const no = { decision: 'revoke', person: bob, via: 'cli', typed: null } as const;
  await decide(revoked.deps, { approval: revoked.id, hash: revoked.approval.hash, ...no });
  expect(await say(revoked, onCall, { kind: 'again' })).toMatchObject({ reason: 'not_over' });
});

test('nobody asks again about an incident that is paused or that somebody has, or who may only look', async () => {
  const run = await expired();
  expect(await say(run, viewer, { kind: 'again' })).toMatchObject({ reason: 'not_allowed' });
  const context = { actor: SYSTEM, traceId: 't', incident: INCIDENT, streams: [incidentStream(INCIDENT)] };
  await run.log.append([fact('incident.paused', { on: true, by: bob.id }, context)]);
  expect(await say(run, onCall, { kind: 'again' })).toMatchObject({ reason: 'incident_closed' });
  await run.log.append([fact('incident.paused', { on: false, by: bob.id }, context)]);
  await run.log.append([fact('incident.taken', { by: bob.id }, context)]);
  expect(await say(run, onCall, { kind: 'again' })).toMatchObject({ reason: 'incident_closed' });
});
