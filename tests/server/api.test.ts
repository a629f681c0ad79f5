import { expect, test } from 'vitest';
import type { Person } from '#approvals/people.ts';
import type { Role } from '#approvals/rights.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, Digest, IncidentId, PersonId, ServiceId, SessionKey } from '#core/ids.ts';
import { NOTHING_QUIET } from '#incidents/quiet.ts';
import { createApi } from '#server/api.ts';
import type { Api } from '#server/http-api.ts';
import { createPolicyInForce } from '#server/policy-in-force.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import { NOTHING_LEFT_ALONE } from '#views/status-quiet.ts';

const INC = IncidentId.parse('INC-1');
const A1 = ApprovalId.parse('A-1');

function as(person: Person) {
  return { person, correlation: 'c-1' };
}
function aPerson(id: string, ...roles: Role[]): Person {
  return { id: PersonId.parse(id), name: id, tokens: [], roles, teams: [] };
}
const owner = as(alice);
const responder = as(aPerson('rita', 'responder'));
const viewer = as(aPerson('vic', 'viewer'));

async function setUp(offFile: () => boolean = () => false) {
  const run = await inProcess();
  const { firebreak, log, folds, clock } = run;
  const api = createApi({
    firebreak,
    log,
    folds,
    clock,
    models: null,
    inventory: firebreak.gate.inventory,
    defaultOwner: 'team-shop',
    quiet: NOTHING_QUIET,
    quietness: () => NOTHING_LEFT_ALONE,
    guard: async () => [],
    asks: () => ({ people: ['Bob'], at: 1 }),
    server: { version: '0.1.0', startedAt: clock.now(), pid: 1 },
    logStanding: () => ({ entries: log.size(), verified: 'verified', problem: null }),
    holds: () => [],
    erase: async () => ({ kind: 'refused', reason: 'not_found' }),
    via: 'api',
    offFile,
    zone: 'UTC',
    inForce: await createPolicyInForce({ terms: firebreak.gate, fold: folds.policy, log }),
  });
  return { run, api };
}

async function asked(): Promise<{ run: InProcess; api: Api; hash: Digest }> {
  const { run, api } = await setUp();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.get(A1)?.state === 'pending');
  await run.firebreak.idle();
  return { run, api, hash: Digest.parse(run.folds.approvals.get(A1)?.hash) };
}

test('any responder may freeze and switch off; the state and who did it are in the status', async () => {
  const { run, api } = await setUp();
  expect(await api.stop(responder, { freeze: true })).toEqual({ status: 200, body: { freeze: true } });
  expect(run.folds.stops).toMatchObject({ frozen: true, off: false, by: 'rita' });
  expect(await api.stop(responder, { off: true })).toEqual({ status: 200, body: { off: true } });
  expect(await api.status(viewer)).toMatchObject({
    status: 200,
    body: { stops: { frozen: true, off: true, by: 'rita' } },
  });
});

test('a viewer may stop nothing', async () => {
  const { run, api } = await setUp();
  expect(await api.stop(viewer, { freeze: true })).toMatchObject({ status: 403 });
  expect(await api.stop(viewer, { off: true })).toMatchObject({ status: 403 });
  expect(run.folds.stops).toMatchObject({ frozen: false, off: false });
});

test('only an owner lets changes run again, also together with another stop', async () => {
  const { run, api } = await setUp();
  await api.stop(responder, { freeze: true, off: true });
  expect(await api.stop(responder, { freeze: false })).toMatchObject({ status: 403 });
  expect(await api.stop(responder, { freeze: true, off: false })).toMatchObject({ status: 403 });
  expect(run.folds.stops).toMatchObject({ frozen: true, off: true });
  expect(await api.stop(owner, { freeze: false, off: false })).toMatchObject({ status: 200 });
  expect(run.folds.stops).toMatchObject({ frozen: false, off: false });
});

test('while the file OFF stands, nobody switches on through the API, and the status says that it is off', async () => {
  let stands = true;
  const { api } = await setUp(() => stands);
  expect(await api.status(viewer)).toMatchObject({
    body: { stops: { off: true, by: 'the file OFF in the data directory' } },
  });
  expect(await api.stop(owner, { off: false })).toMatchObject({ status: 409 });
  stands = false;
  expect(await api.stop(owner, { off: false })).toMatchObject({ status: 200 });
  expect(await api.status(viewer)).toMatchObject({ body: { stops: { off: false } } });
});

test.each(['freeze', 'off'] as const)(
  'while %s is on, nobody can approve, and a no is taken',
  async (stop) => {
    const { run, api, hash } = await asked();
    await api.stop(responder, { [stop]: true });
    expect(await api.decide(owner, A1, { decision: 'approve', hash })).toMatchObject({
      status: 409,
      body: { kind: 'refused', reason: 'stopped' },
    });
    expect(await api.decide(owner, A1, { decision: 'deny', hash })).toMatchObject({ status: 200 });
    await run.firebreak.idle();
    expect(run.shop.applied).toEqual([]);
  },
);

test.each(['freeze', 'off'] as const)(
  '%s between the yes and the claim: nothing is changed',
  async (stop) => {
    const { run, api, hash } = await asked();
    const [, yes] = await Promise.all([
      api.stop(responder, { [stop]: true }),
      api.decide(owner, A1, { decision: 'approve', hash }),
    ]);
    expect(yes).toMatchObject({ status: 200 });
    await run.until(() => run.incident().escalated !== null);
    expect(run.folds.approvals.get(A1)).toMatchObject({ state: 'invalidated', reason: 'policy_denied' });
    expect(run.shop.applied).toEqual([]);
  },
);

test('a change freeze lets the undo of a change that was made go on; off does not', async () => {
  const outcomes = await Promise.all(
    (['freeze', 'off'] as const).map(async (stop) => {
      const { run, api } = await setUp();
      run.shop.inject('wrong-fix', 'checkout');
      await run.clock.advance(12_000);
      await run.page({ name: 'HighLatency' });
      await run.until(() => run.folds.approvals.get(A1)?.state === 'pending');
      await run.decide('approve');
      await run.until(() => run.folds.approvals.get(A1)?.state === 'succeeded');
      await api.stop(responder, { [stop]: true });
      await run.until(() => run.incident().escalated !== null);
      return [stop, run.shop.applied.length];
    }),
  );
  expect(outcomes).toEqual([
    ['freeze', 2],
    ['off', 1],
  ]);
});

test('a late or repeated click is answered with what is true now', async () => {
  const { run, api, hash } = await asked();
  expect(await api.decide(owner, A1, { decision: 'approve', hash })).toMatchObject({
    status: 200,
    body: { kind: 'decided', complete: true },
  });
  expect(await api.decide(owner, A1, { decision: 'approve', hash })).toMatchObject({
    status: 409,
    body: { kind: 'refused', reason: 'not_pending', approval: { id: 'A-1', decisions: [{ by: 'alice' }] } },
  });
  await run.until(() => run.incident().resolved !== null);
  expect(await api.decide(owner, A1, { decision: 'deny', hash })).toMatchObject({
    status: 409,
    body: { reason: 'not_pending', approval: { state: 'verified' } },
  });
  expect(run.shop.applied).toHaveLength(1);
});

test('two clicks at the same time are one yes and one change', async () => {
  const { run, api, hash } = await asked();
  const clicks = [1, 2, 3].map(() => api.decide(owner, A1, { decision: 'approve', hash }));
  expect((await Promise.all(clicks)).map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
  await run.until(() => run.incident().resolved !== null);
  expect(run.shop.applied).toHaveLength(1);
});

test('a click on a card that showed something else decides nothing', async () => {
  const { run, api } = await asked();
  const other = sha256('another plan');
  expect(await api.decide(owner, A1, { decision: 'approve', hash: other })).toMatchObject({
    status: 409,
    body: { reason: 'other_plan', approval: { state: 'pending' } },
  });
  expect(run.folds.approvals.get(A1)?.state).toBe('pending');
});

test.each([viewer, responder])('who may not approve is told so, and nothing is decided', async (asker) => {
  const { run, api, hash } = await asked();
  expect(await api.decide(asker, A1, { decision: 'approve', hash })).toMatchObject({
    status: 403,
    body: { reason: 'not_allowed' },
  });
  expect(run.folds.approvals.get(A1)?.state).toBe('pending');
});

test('what is not there is answered with 404', async () => {
  const { api } = await setUp();
  const key = SessionKey.parse('agent:coordinator:cli:none');
  const answers = [
    api.incident(viewer, INC),
    api.approval(viewer, A1),
    api.say(owner, INC, { verb: 'take' }),
    api.sessionExport(viewer, key),
    api.decide(owner, A1, { decision: 'deny', hash: sha256('plan') }),
  ];
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404, 404, 404, 404]);
});

test('an incident is taken by one responder, and what was pending is withdrawn', async () => {
  const { run, api } = await asked();
  expect(await api.say(viewer, INC, { verb: 'take' })).toMatchObject({ status: 403 });
  expect(await api.say(responder, INC, { verb: 'take' })).toMatchObject({
    status: 200,
    body: { by: 'rita' },
  });
  expect(await api.say(owner, INC, { verb: 'take' })).toMatchObject({
    status: 409,
    body: { error: 'rita has INC-1, and agents stay out of it.' },
  });
  await run.firebreak.idle();
  expect(run.folds.approvals.get(A1)?.state).toBe('withdrawn');
});

test('what is said over the API counts like what is said in a thread', async () => {
  const { run, api } = await asked();
  expect(await api.say(responder, INC, { verb: 'ack' })).toMatchObject({ status: 200 });
  expect(await api.say(viewer, INC, { verb: 'pause' })).toMatchObject({ status: 403 });
  expect(await api.say(responder, INC, { verb: 'pause' })).toMatchObject({ status: 200 });
  expect(await api.say(responder, INC, { verb: 'pause' })).toMatchObject({
    status: 409,
    body: { reason: 'already_paused' },
  });
  await api.say(responder, INC, { verb: 'resume' });
  expect(
    await api.say(responder, INC, { verb: 'look', service: ServiceId.parse('mainframe') }),
  ).toMatchObject({
    status: 409,
    body: { reason: 'unknown_service' },
  });
  const cause = { right: false, cause: 'overload', service: ServiceId.parse('checkout') } as const;
  expect(await api.say(owner, INC, { verb: 'verdict', ...cause })).toMatchObject({ status: 200 });
  expect(await api.say(owner, INC, { verb: 'hand_over', to: null })).toMatchObject({ status: 200 });
  expect(run.incident()).toMatchObject({
    acknowledgedBy: 'rita',
    verdict: { by: 'alice', cause: 'overload' },
  });
  expect(await api.say(responder, INC, { verb: 'accept' })).toMatchObject({
    status: 200,
    body: { by: 'rita' },
  });
  expect(await api.say(responder, INC, { verb: 'merge', into: INC })).toMatchObject({ status: 409 });
  expect(await api.say(owner, INC, { verb: 'resolve', resolution: 'by_hand' })).toMatchObject({
    status: 200,
  });
  expect(run.incident()).toMatchObject({ takenBy: 'rita', resolved: { by: 'alice', resolution: 'by_hand' } });
});

test('two people who take an incident at the same time: one has it, the other is told who', async () => {
  const { run, api } = await asked();
  const both = await Promise.all([
    api.say(responder, INC, { verb: 'take' }),
    api.say(owner, INC, { verb: 'take' }),
  ]);
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  const taken = (await run.entries()).filter(({ kind }) => kind === 'incident.taken');
  expect(taken).toHaveLength(1);
});

test('a card, the list of approvals and the session of an incident can be read by anyone who is known', async () => {
  const { run, api } = await asked();
  expect(await api.incident(viewer, INC)).toMatchObject({ status: 200 });
  expect(await api.incidents(viewer)).toMatchObject({ status: 200, body: [{ id: 'INC-1' }] });
  expect(await api.approvals(viewer)).toMatchObject({
    status: 200,
    body: [{ approval: { id: 'A-1', state: 'pending' } }],
  });
  const key = run.folds.sessions.incident(INC)?.coordinator;
  if (key === null || key === undefined) throw new Error('no coordinator');
  expect(await api.sessionExport(viewer, key)).toMatchObject({ status: 200, type: 'application/x-ndjson' });
});

test('what became of a change is said by whoever may approve, and asked again by whoever responds', async () => {
  const { run, api } = await asked();
  const release = { kind: 'release', effect: 'did_not_happen' } as const;
  expect(await api.afterEnd(responder, A1, release)).toMatchObject({
    status: 403,
    body: { reason: 'not_allowed' },
  });
  expect(await api.afterEnd(owner, A1, release)).toMatchObject({
    status: 409,
    body: { reason: 'not_quarantined' },
  });
  expect(await api.afterEnd(responder, A1, { kind: 'again' })).toMatchObject({
    status: 409,
    body: { reason: 'not_over' },
  });
  expect(await api.afterEnd(owner, ApprovalId.parse('A-9'), release)).toMatchObject({ status: 404 });
  await run.until(() => run.folds.approvals.get(A1)?.state === 'expired', 16 * 60_000);
  expect(await api.afterEnd(viewer, A1, { kind: 'again' })).toMatchObject({ status: 403 });
  expect(await api.afterEnd(responder, A1, { kind: 'again' })).toEqual({
    status: 200,
    body: { approval: 'A-1', by: 'rita', kind: 'again' },
  });
}, 60_000);
