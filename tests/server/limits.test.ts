import { expect, test } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { PersonId } from '#core/ids.ts';
import { AuthFailureFold } from '#incidents/auth-failure-fold.ts';
import { PersonRequestsFold } from '#incidents/person-requests-fold.ts';
import { createAuthGate, type Flooded } from '#server/auth-gate.ts';
import { createRequestLimits, type Tier } from '#server/http-limits.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { alice as alicePerson, asAlice, setUp } from './an-http.ts';

const alice = PersonId.parse('alice');
const bob = PersonId.parse('bob');

type Body = Record<string, string | number | null>;
const entry = (
  kind: string,
  ts: number,
  { body = {}, by = 'alice' }: { body?: Body; by?: string },
): Entry => ({
  ...{ v: 1, seq: 0, ts, streams: [], traceId: 'x', kind, body, payloads: [] },
  actor: { kind: 'person', id: by },
});

function limits() {
  const clock = new FakeClock();
  const fold = new PersonRequestsFold();
  const one = createRequestLimits({ fold, clock });
  /** What happens to one request, which leaves this entry behind. */
  const ask = (tier: Tier, kind: string, { body = {}, by = alice, peer = 'here' } = {}): string => {
    const taken = one.take(by, tier, peer);
    if (taken.kind === 'wait') return `wait ${taken.seconds}`;
    fold.apply(entry(kind, clock.now(), { body, by }));
    taken.done();
    return 'go';
  };
  return { clock, fold, one, ask };
}

const times = <T>(count: number, fn: () => T): T[] => Array.from({ length: count }, fn);

test('five changes in five minutes are taken of one person, wherever they come from, and no sixth', async () => {
  const { clock, fold, ask } = limits();
  // Two of them were clicks in Slack.
  for (const kind of ['approval.approved', 'change.requested']) fold.apply(entry(kind, clock.now(), {}));
  expect(times(4, () => ask('change', 'approval.approved'))).toEqual(['go', 'go', 'go', 'wait 300']);
  expect(ask('change', 'approval.approved', { by: bob })).toBe('go');
  await clock.advance(299_000);
  expect(ask('change', 'approval.approved')).toBe('wait 1');
  await clock.advance(1001);
  expect(ask('change', 'approval.approved')).toBe('go');
});

test('asking in vain counts like asking', () => {
  const { ask } = limits();
  const vain = () => ask('change', 'request.refused', { body: { what: 'approve' } });
  expect(times(6, vain)).toEqual(['go', 'go', 'go', 'go', 'go', 'wait 300']);
  const notes = () => ask('note', 'request.refused', { body: { what: 'erase' } });
  expect(times(31, notes).filter((one) => one !== 'go')).toEqual(['wait 60']);
});

test('what is asked for while others are under way counts at once', () => {
  const { one } = limits();
  const taken = times(6, () => one.take(alice, 'change', 'here'));
  expect(taken.map(({ kind }) => kind)).toEqual(['go', 'go', 'go', 'go', 'go', 'wait']);
  const [first] = taken;
  if (first?.kind === 'go') first.done();
  expect(one.take(alice, 'change', 'here').kind).toBe('go');
});

test('thirty notes are taken in a minute, and whatever stops things is always taken', async () => {
  const { clock, fold, ask } = limits();
  expect(times(31, () => ask('note', 'incident.taken')).at(-1)).toBe('wait 60');
  expect(times(500, () => ask('free', 'off.set')).every((one) => one === 'go')).toBe(true);
  expect(times(500, () => ask('free', 'approval.revoked')).every((one) => one === 'go')).toBe(true);
  await clock.advance(60_001);
  expect(ask('note', 'incident.taken')).toBe('go');
  expect(fold.since(alice, 'note', clock.now() - 60_000)).toHaveLength(1);
});

test('a restart forgets no request', () => {
  const { clock, fold, ask } = limits();
  times(5, () => ask('change', 'approval.approved'));
  const again = new PersonRequestsFold();
  again.load(JSON.parse(JSON.stringify(fold.save())));
  expect(createRequestLimits({ fold: again, clock }).take(alice, 'change', 'here').kind).toBe('wait');
});

test('sixty reads at once and one a second are taken of a person at one machine', async () => {
  const { clock, ask } = limits();
  const read = (peer = 'here') => ask('read', 'nothing', { peer });
  expect(times(61, read).filter((one) => one !== 'go')).toEqual(['wait 1']);
  expect(read('there')).toBe('go');
  await clock.advance(3000);
  expect(times(4, read)).toEqual(['go', 'go', 'go', 'wait 1']);
  await clock.advance(3_600_000);
  expect(times(61, read).filter((one) => one !== 'go')).toEqual(['wait 1']);
});

test('one request too many is answered with when to go on, told once a minute, and not asked for', async () => {
  const clock = new FakeClock();
  const fold = new PersonRequestsFold();
  const { app, calls, told } = setUp({}, { clock, limits: createRequestLimits({ fold, clock }) });
  const approve = () =>
    app.inject({
      ...{ method: 'POST', url: '/v1/approvals/A-1', headers: asAlice },
      payload: { decision: 'approve', hash: 'a'.repeat(64) },
    });
  const stop = () =>
    app.inject({ method: 'POST', url: '/v1/stop', headers: asAlice, payload: { off: true } });
  for (let at = 0; at < 5; at += 1) fold.apply(entry('approval.approved', clock.now(), {}));
  const late = await approve();
  expect([late.statusCode, late.headers['retry-after'], late.json()]).toEqual([
    429,
    '300',
    {
      error: 'more than 5 changes asked for or approved in 5 minutes; go on in 300 s',
      correlation: late.headers['x-correlation-id'],
    },
  ]);
  await approve();
  expect(told).toEqual(['too_often change']);
  await clock.advance(60_000);
  await approve();
  expect(told).toHaveLength(2);
  expect((await stop()).statusCode).toBe(200);
  expect(calls.map(([name]) => name)).toEqual(['stop']);
});

test('a no to somebody without the right counts too, so that it cannot fill the log', async () => {
  const clock = new FakeClock();
  const fold = new PersonRequestsFold();
  const viewer = { ...alicePerson, roles: ['viewer'] as const };
  const written: string[] = [];
  const { app } = setUp(
    {},
    {
      ...{ clock, people: new Map([[viewer.id, viewer]]), limits: createRequestLimits({ fold, clock }) },
      onRefused: async (_asker, what) => {
        written.push(what);
        fold.apply(entry('request.refused', clock.now(), { body: { what } }));
      },
    },
  );
  const statuses: number[] = [];
  for (let at = 0; at < 100; at += 1) {
    const payload = { off: true };
    statuses.push(
      (await app.inject({ method: 'POST', url: '/v1/stop', headers: asAlice, payload })).statusCode,
    );
  }
  expect(statuses.filter((status) => status === 403)).toHaveLength(30);
  expect(statuses.filter((status) => status === 429)).toHaveLength(70);
  expect(written).toHaveLength(31);
});

function gate() {
  const clock = new FakeClock();
  const fold = new AuthFailureFold();
  const flooded: Flooded[] = [];
  const note = (kind: string, body: Body) => fold.apply(entry(kind, clock.now(), { body }));
  const one = createAuthGate({
    fold,
    clock,
    onFlooded: async (what) => {
      flooded.push(what);
      note('auth.flooded', { ...what });
    },
  });
  let written = 0;
  const fail = async (peer: string, disk?: Promise<void>): Promise<void> =>
    one.failed({ peer, kind: 'token' }, async () => {
      await disk;
      written += 1;
      note('auth.failed', { what: 'GET /', peer, correlation: 'c' });
    });
  return { clock, fold, one, flooded, fail, written: () => written };
}

test('of one machine ten failures a minute are written down, and the others as one number', async () => {
  const { clock, fold, one, flooded, fail, written } = gate();
  for (let at = 0; at < 5000; at += 1) await fail('10.0.0.7');
  expect([written(), flooded, one.waitOf('10.0.0.7'), one.waitOf('10.0.0.8')]).toEqual([10, [], 60, null]);
  await clock.advance(60_000);
  expect(flooded).toEqual([{ peer: '10.0.0.7', kind: 'token', times: 4990 }]);
  expect(fold.recent(clock.now())).toEqual([
    { peer: '10.0.0.7', kind: 'token', times: 5000, last: clock.now() },
  ]);
  await clock.advance(1);
  expect(one.waitOf('10.0.0.7')).toBeNull();
  await clock.advance(300_000);
  expect(fold.recent(clock.now())).toEqual([]);
});

test('failures that come at once are no more than ten either', async () => {
  const { fail, written } = gate();
  const disk = Promise.withResolvers<void>();
  const all = times(200, () => fail('10.0.0.7', disk.promise));
  disk.resolve();
  await Promise.all(all);
  expect(written()).toBe(10);
});

test('many machines together cannot fill the log either', async () => {
  const { clock, flooded, fail, written } = gate();
  for (let at = 0; at < 3000; at += 1) await fail(`10.1.${at >> 8}.${at & 255}`);
  expect(written()).toBe(60);
  await clock.advance(60_000);
  expect(flooded).toHaveLength(6);
  expect(flooded.reduce((sum, { times }) => sum + times, 0)).toBe(2940);
  expect(flooded.at(-1)?.peer).toBeNull();
});

test('a machine that changes its IPv6 address within its network is one machine', async () => {
  const { fail, written } = gate();
  for (let at = 0; at < 100; at += 1) await fail(`2001:db8::${at.toString(16)}`);
  expect(written()).toBe(10);
});

test('a restart forgets no failure, and what was only counted is written before the end', async () => {
  const { clock, fold, one, flooded, fail } = gate();
  for (let at = 0; at < 12; at += 1) await fail('10.0.0.7');
  await one.close();
  expect(flooded).toEqual([{ peer: '10.0.0.7', kind: 'token', times: 2 }]);
  const again = new AuthFailureFold();
  again.load(JSON.parse(JSON.stringify(fold.save())));
  expect(again.recent(clock.now())).toEqual(fold.recent(clock.now()));
  expect(createAuthGate({ fold: again, clock, onFlooded: async () => {} }).waitOf('10.0.0.7')).toBe(60);
});

test('a good token is answered however often others failed, and a bad one is told to wait', async () => {
  const { app } = setUp({}, { waitOf: () => 42 });
  expect((await app.inject({ url: '/v1/status', headers: asAlice })).statusCode).toBe(200);
  const bad = await app.inject({ url: '/v1/status', headers: { authorization: 'Bearer no' } });
  expect([bad.statusCode, bad.headers['retry-after']]).toEqual([429, '42']);
  const post = (authorization: string) =>
    app.inject({
      ...{ method: 'POST', url: '/v1/alerts/generic', payload: '{"name":"A"}' },
      headers: { authorization },
    });
  expect((await post('Bearer sender')).statusCode).toBe(202);
  const unknown = await post('Bearer no');
  expect([unknown.statusCode, unknown.headers['retry-after']]).toEqual([429, '42']);
});
