import { expect, test } from 'vitest';
import type { Person } from '#approvals/people.ts';
import type { Role } from '#approvals/rights.ts';
import { IncidentId, PersonId } from '#core/ids.ts';
import { DAY_MS } from '#core/zoned-time.ts';
import { fact } from '#incidents/entry.ts';
import type { Team } from '#server/config-duty.ts';
import { createDuty, type Duty, type Elsewhere } from '#server/duty.ts';
import { createJobs } from '#server/jobs.ts';
import { createRungs } from '#server/rungs.ts';
import { type InProcess, inProcess } from '#tests/journeys/in-process.ts';

const MIN = 60_000;
const alice = PersonId.parse('alice');
const bob = PersonId.parse('bob');
const carol = PersonId.parse('carol');
const olga = PersonId.parse('olga');
const person = (id: PersonId, teams: string[], ...roles: Role[]): Person => {
  return { id, name: id[0]?.toUpperCase() + id.slice(1), tokens: [], roles, teams };
};
const people = new Map(
  [
    person(alice, ['team-shop'], 'responder'),
    person(bob, ['team-shop'], 'approver'),
    person(carol, ['team-shop'], 'viewer'),
    person(olga, ['team-core'], 'owner'),
  ].map((one) => [one.id, one]),
);
const rota: Team['rota'] = {
  kind: 'static',
  rota: {
    people: [bob],
    firstDay: Date.UTC(2026, 0, 1) / DAY_MS,
    minute: 0,
    everyDays: 7,
    zone: 'UTC',
    overrides: [],
  },
};
const SHOP: Team = {
  id: 'team-shop',
  name: 'Shop',
  channel: 'C0SHOP',
  rota,
  rungs: [
    { afterMs: 5 * MIN, notify: 'team' },
    { afterMs: 5 * MIN, notify: olga },
  ],
};
const CORE: Team = { id: 'team-core', name: 'Core', channel: null, rota: null, rungs: [] };

type Over = { shop?: Partial<Team>; elsewhere?: Elsewhere };
function dutyOf({ clock, folds }: InProcess, { shop = {}, elsewhere }: Over = {}): Duty {
  return createDuty({
    teams: [{ ...SHOP, ...shop }, CORE],
    people,
    defaultOwner: 'team-core',
    slack: {
      team: 'T1',
      defaultChannel: 'C0ALL',
      people: new Map([
        ['T1/U0ALICE', alice],
        ['T1/U0BOB', bob],
        ['T2/U9OLGA', olga],
      ]),
    },
    clock,
    rungs: folds.rungs,
    approvals: folds.approvals,
    ...(elsewhere && { elsewhere }),
  });
}

test('an incident goes to the channel of its owner, and one whose owner is not known to the default one', async () => {
  const duty = dutyOf(await inProcess());
  expect(['team-shop', 'team-core', 'team-gone'].map((owner) => duty.channelFor({ owner }))).toEqual([
    'C0SHOP',
    'C0ALL',
    'C0ALL',
  ]);
  expect(duty.channelFor({ owner: 'team-shop' }, 'C0SHOP')).toBe('C0ALL');
});

test('without a rota, or before its first turn, everybody of the team who may respond is asked', async () => {
  const run = await inProcess();
  const later = { ...rota, rota: { ...rota.rota, firstDay: rota.rota.firstDay + 365 } };
  expect(dutyOf(run).peopleOf('team-shop', 'rota')).toEqual([bob]);
  expect(dutyOf(run, { shop: { rota: null } }).peopleOf('team-shop', 'rota')).toEqual([alice, bob]);
  expect(dutyOf(run, { shop: { rota: later } }).peopleOf('team-shop', 'rota')).toEqual([alice, bob]);
});

test('a rota of PagerDuty is asked there, and falls back on the team while its answer is not known', async () => {
  const run = await inProcess();
  const theirs: Team['rota'] = { kind: 'pagerduty', schedule: 'PABC123', policy: null };
  const known = dutyOf(run, {
    shop: { rota: theirs },
    elsewhere: ({ schedule }) => (schedule === 'PABC123' ? [olga] : []),
  });
  expect(known.onCall('team-shop')).toEqual([olga]);
  const silent = dutyOf(run, { shop: { rota: theirs }, elsewhere: () => [] });
  expect([silent.onCall('team-shop'), silent.peopleOf('team-shop', 'rota')]).toEqual([[], [alice, bob]]);
});

test('a rung names its people: a team, one person, or a channel and nobody', async () => {
  const duty = dutyOf(await inProcess());
  expect(duty.peopleOf('team-shop', 'team')).toEqual([alice, bob]);
  expect(duty.peopleOf('team-shop', olga)).toEqual([olga]);
  expect(duty.peopleOf('team-shop', 'channel')).toEqual([]);
  expect(duty.peopleOf('team-gone', 'team')).toEqual([olga]);
});

/** A critical page of a service that is broken, with the rungs of the team fired as time passes. */
async function paged(over: Over = {}) {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  const duty = dutyOf(run, over);
  const jobs = createJobs((where, message) => run.errors.push(`${where}: ${message}`));
  const make = (of: InProcess) =>
    createRungs({
      log: of.log,
      clock: of.clock,
      incidents: of.folds.incidents,
      duty: dutyOf(of, over),
      jobs,
    });
  const rungs = make(run);
  const pass = async (ms: number, { on = run, fire = rungs } = {}): Promise<void> => {
    const until = on.clock.now() + ms;
    await on.until(() => {
      fire.tick();
      return on.clock.now() >= until;
    }, ms + MIN);
  };
  await run.page();
  return { run, duty, pass, make };
}
async function reached(run: InProcess): Promise<unknown[]> {
  const entries = (await run.entries()).filter(({ kind }) => kind === 'rung.reached');
  return entries.map(({ body }) => [body.rung, body.people, body.reason]);
}
const FIRST = [0, ['bob'], 'critical'];

test('a critical incident asks whoever is on duty at once, then the next ones after their time, each once', async () => {
  const { run, pass } = await paged();
  await pass(1000);
  expect(await reached(run)).toEqual([FIRST]);
  await pass(5 * MIN);
  expect(await reached(run)).toEqual([FIRST, [1, ['alice', 'bob'], 'nobody_answered']]);
  await pass(20 * MIN);
  expect((await reached(run)).map((one) => JSON.stringify(one).slice(0, 3))).toEqual(['[0,', '[1,', '[2,']);
});

async function says(run: InProcess, kind: 'incident.taken' | 'incident.acknowledged'): Promise<void> {
  const incident = IncidentId.parse('INC-1');
  const context = { actor: { kind: 'person', id: bob } as const, traceId: 't', incident };
  await run.log.append([fact(kind, { by: bob }, context)]);
}

test('once somebody has it nobody more is asked', async () => {
  const { run, pass } = await paged();
  await pass(1000);
  await says(run, 'incident.taken');
  await pass(30 * MIN);
  expect(await reached(run)).toEqual([FIRST]);
});

test('who has seen it has seen what came before: a plan that nobody answers then asks the next ones all the same', async () => {
  const { run, pass } = await paged();
  await pass(10_000);
  await says(run, 'incident.acknowledged');
  expect(run.incident().acknowledgedBy).toBe(bob);
  await pass(6 * MIN);
  expect(await reached(run)).toEqual([FIRST]);
  await pass(2 * MIN);
  expect((await reached(run)).slice(1)).toEqual([[1, ['alice', 'bob'], 'approval_waiting']]);
  expect(run.incident().acknowledgedBy).toBeNull();
  await says(run, 'incident.acknowledged');
  await pass(6 * MIN);
  expect(await reached(run)).toHaveLength(2);
});

test('a start of the server neither forgets who was asked nor asks again', async () => {
  const { run, pass, make } = await paged();
  await pass(1000);
  const next = await run.restart();
  await next.firebreak.recover();
  const fire = make(next);
  await pass(4 * MIN, { on: next, fire });
  expect(await reached(next)).toEqual([FIRST]);
  await pass(2 * MIN, { on: next, fire });
  expect(await reached(next)).toHaveLength(2);
});

test('a plan that nobody answered for half of its time asks the next ones, and its end those after them', async () => {
  const late = [
    { afterMs: 60 * MIN, notify: 'team' as const },
    { afterMs: 60 * MIN, notify: olga },
  ];
  const { run, pass, duty } = await paged({ shop: { rungs: late } });
  await pass(10_000);
  expect(run.folds.approvals.all()).toMatchObject([{ state: 'pending' }]);
  const waits = run.folds.approvals.all()[0];
  if (waits === undefined) throw new Error('nothing is proposed');
  const { requestedAt, plan } = waits;
  const half = requestedAt + (plan.expiresAt - requestedAt) / 2;
  expect(duty.asks(run.incident())).toEqual({ people: ['Alice', 'Bob'], at: half });
  await pass(8 * MIN);
  expect((await reached(run)).at(-1)).toEqual([1, ['alice', 'bob'], 'approval_waiting']);
  expect(duty.asks(run.incident())).toEqual({ people: ['Olga'], at: plan.expiresAt });
  await pass(8 * MIN);
  expect((await reached(run)).at(-1)).toEqual([2, ['olga'], 'approval_expired']);
  expect(duty.asks(run.incident())).toBeNull();
});

test('those who were asked last are called by name first, by their account in our workspace only', async () => {
  const { run, pass, duty } = await paged();
  await pass(1000);
  expect(duty.mentionsFor(run.incident())).toEqual(['U0BOB']);
  await pass(5 * MIN);
  expect(duty.mentionsFor(run.incident())).toEqual(['U0ALICE', 'U0BOB']);
  await pass(6 * MIN);
  expect(duty.mentionsFor(run.incident())).toEqual(['U0ALICE', 'U0BOB']);
});

test('a plan calls those first who may decide on it, whoever is on duty', async () => {
  const aliceOnDuty: Team['rota'] = { ...rota, rota: { ...rota.rota, people: [alice] } };
  const run = await inProcess();
  const duty = dutyOf(run, { shop: { rota: aliceOnDuty } });
  const about = { id: IncidentId.parse('INC-1'), owner: 'team-shop' };
  expect(duty.mentionsFor(about)).toEqual(['U0ALICE']);
  expect(duty.decidersFor(about)).toEqual(['U0BOB', 'U0ALICE']);
});

test('an incident that is not critical asks nobody until people are needed', async () => {
  const run = await inProcess();
  const jobs = createJobs((where, message) => run.errors.push(`${where}: ${message}`));
  const rungs = createRungs({ ...run, incidents: run.folds.incidents, duty: dutyOf(run), jobs });
  await run.page({ service: 'nowhere', severity: 'warning' });
  await run.until(() => {
    rungs.tick();
    return run.incident().escalated !== null;
  });
  rungs.tick();
  await jobs.idle();
  expect(await reached(run)).toMatchObject([[0, expect.anything(), 'people_needed']]);
});
