import { expect, test } from 'vitest';
import type { Person } from '#approvals/people.ts';
import { type Right, type Role, rights, roles } from '#approvals/rights.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import { peopleRoutes } from '#server/http-routes.ts';
import { asAlice, HERE, setUp } from './an-http.ts';

const HASH = sha256('plan');
type Shown = { readonly what: string; readonly body?: object; readonly right: Right };
const yes = { decision: 'approve', hash: HASH };

/** Every address, with each kind of body that takes another right: what the design says it takes. */
const oracle: Readonly<Record<string, readonly Omit<Shown, 'what'>[]>> = {
  'GET /v1/status': [{ right: 'read' }],
  'GET /v1/incidents': [{ right: 'read' }],
  'GET /v1/incidents/:id': [{ right: 'read' }],
  'GET /v1/incidents/:id/picture': [{ right: 'read' }],
  'GET /v1/approvals': [{ right: 'read' }],
  'GET /v1/approvals/:id': [{ right: 'read' }],
  'GET /v1/policy': [{ right: 'read' }],
  'GET /v1/log/damage': [{ right: 'read' }],
  'GET /v1/maintenance': [{ right: 'read' }],
  'GET /v1/sessions': [{ right: 'read' }],
  'GET /v1/sessions/:key/export': [{ right: 'read' }],
  'POST /v1/incidents/:id': [
    ...(['ack', 'take', 'pause', 'resume', 'accept'] as const).map((verb) => ({
      body: { verb },
      right: 'note' as const,
    })),
    { body: { verb: 'hand_over', to: null }, right: 'note' },
    { body: { verb: 'resolve', resolution: 'by_hand' }, right: 'note' },
    { body: { verb: 'verdict', right: true, cause: null, service: null }, right: 'note' },
    { body: { verb: 'look', service: 'checkout' }, right: 'note' },
    { body: { verb: 'merge', into: 'INC-2' }, right: 'note' },
    { body: { verb: 'split', alerts: [HASH] }, right: 'note' },
    {
      body: { verb: 'change', action: { tool: 'service_restart', target: 'service:checkout' } },
      right: 'propose',
    },
  ],
  'POST /v1/guard': [{ right: 'note' }],
  'POST /v1/maintenance': [
    { body: { add: { service: 'checkout', until: 1, reason: 'x' } }, right: 'note' },
    { body: { end: 'M-1' }, right: 'note' },
  ],
  'POST /v1/approvals/:id': [
    { body: yes, right: 'decide' },
    { body: { ...yes, decision: 'deny' }, right: 'decide' },
    { body: { ...yes, decision: 'revoke' }, right: 'stop' },
  ],
  'POST /v1/approvals/:id/release': [{ body: { effect: 'happened' }, right: 'decide' }],
  'POST /v1/approvals/:id/again': [{ right: 'propose' }],
  'POST /v1/stop': [
    { body: { off: true }, right: 'stop' },
    { body: { freeze: true }, right: 'stop' },
    { body: { off: false }, right: 'own' },
    { body: { freeze: false }, right: 'own' },
    { body: { freeze: true, off: false }, right: 'own' },
  ],
  'POST /v1/log/accept': [{ body: { old: HASH }, right: 'own' }],
  'POST /v1/incidents/:id/erase': [{ right: 'own' }],
  'POST /v1/policy/accept': [{ body: { standing: HASH }, right: 'own' }],
};
const able: Readonly<Record<Role, readonly Right[]>> = {
  viewer: ['read'],
  responder: ['read', 'note', 'propose', 'stop'],
  approver: ['read', 'note', 'propose', 'stop', 'decide'],
  owner: ['read', 'note', 'propose', 'stop', 'decide', 'own'],
  admin: ['read', 'note', 'propose', 'stop'],
};

const everything = Object.entries(oracle).flatMap(([what, kinds]) =>
  kinds.map((kind): Shown => ({ what, ...kind })),
);

/** Somebody with these roles and a token for these rights only; null: for all. */
const somebody = (some: readonly Role[], scopes: readonly Right[] | null): Person => ({
  ...{ id: PersonId.parse('alice'), name: 'Alice', roles: some, teams: [] },
  tokens: [{ hash: sha256('fbk_alice'), expires: null, scopes }],
});

async function asked(person: Person): Promise<readonly (readonly [Shown, number, boolean])[]> {
  const { app, calls } = setUp({}, { people: new Map([[person.id, person]]) });
  const answers: (readonly [Shown, number, boolean])[] = [];
  for (const one of everything) {
    const [method, address = ''] = one.what.split(' ');
    const id = address.includes('approvals') ? 'A-1' : 'INC-1';
    const url = address.replace(':id', id).replace(':key', 'agent:x:y');
    const before = calls.length;
    const { statusCode } = await app.inject({
      ...{ method: method === 'POST' ? 'POST' : 'GET', url, headers: asAlice },
      ...(one.body && { payload: one.body }),
    });
    answers.push([one, statusCode, calls.length > before]);
  }
  return answers;
}

test('the table knows every address for people, so none comes in without a right', () => {
  const { api } = setUp();
  expect(
    peopleRoutes(api)
      .map(({ method, url }) => `${method} ${url}`)
      .toSorted(),
  ).toEqual(Object.keys(oracle).toSorted());
});

test('every address answers exactly the roles of the table, and asks nobody for the others', async () => {
  for (const role of roles)
    for (const [{ what, body, right }, status, isAsked] of await asked(somebody([role], null))) {
      // Where no owner is left in force, those of the config accept: that is looked at where it is accepted.
      const isAble = able[role].includes(right) || what === 'POST /v1/policy/accept';
      expect([role, what, body, status, isAsked]).toEqual([role, what, body, isAble ? 200 : 403, isAble]);
    }
});

test('a token for less than its person may is refused with the right that it lacks', async () => {
  for (const scope of rights)
    for (const [{ what, right }, status, isAsked] of await asked(somebody(['owner'], [scope]))) {
      expect([scope, what, status]).toEqual([scope, what, right === scope ? 200 : 403]);
      expect(isAsked).toBe(right === scope);
    }
  const { app, told } = setUp(
    {},
    { people: new Map([[PersonId.parse('alice'), somebody(['owner'], ['read'])]]) },
  );
  const reply = await app.inject({
    ...{ method: 'POST', url: '/v1/stop', headers: asAlice, payload: { off: true } },
  });
  expect(reply.json()).toMatchObject({ error: 'this token is for read only; that takes one for stop' });
  expect(told).toEqual(['use_right not_of_this_token']);
  for (const url of ['/metrics', '/v1/entries']) {
    const narrow = new Map([[PersonId.parse('alice'), somebody(['owner'], ['stop'])]]);
    const { statusCode } = await setUp({}, { people: narrow }).app.inject({ url, headers: asAlice });
    expect(statusCode).toBe(403);
  }
});

test('a token counts to its end and no longer, and only its holder hears that it ended', async () => {
  const clock = setUp().clock;
  const expires = clock.now() + 1000;
  const people = new Map([
    [
      PersonId.parse('alice'),
      { ...somebody(['owner'], null), tokens: [{ hash: sha256('fbk_alice'), expires, scopes: null }] },
    ],
  ]);
  const { app, failures } = setUp({}, { people, clock, listen: HERE });
  const ask = (token: string) =>
    app.inject({ url: '/v1/status', headers: { authorization: `Bearer ${token}` } });
  expect((await ask('fbk_alice')).statusCode).toBe(200);
  await clock.advance(999);
  expect((await ask('fbk_alice')).statusCode).toBe(200);
  await clock.advance(1);
  const ended = await ask('fbk_alice');
  expect([ended.statusCode, ended.json()]).toEqual([
    401,
    {
      error: 'this token ended at 2026-01-05 03:12 UTC; firebreak token new makes another one',
      correlation: ended.headers['x-correlation-id'],
    },
  ]);
  expect((await ask('fbk_alicf')).body).not.toContain('ended');
  expect(failures.map(({ what }) => what)).toEqual([
    'GET /v1/status with a token of alice that ended',
    'GET /v1/status',
  ]);
});

test('no answer shows what failed inside, wherever it does', async () => {
  const secret = '/var/lib/firebreak/segment-7 ENOENT at Object.open (file.ts:12:3)';
  const fails = () => Promise.reject(new Error(secret));
  const { api } = setUp();
  const broken = Object.fromEntries(Object.keys(api).map((name) => [name, fails]));
  const people = new Map([[PersonId.parse('alice'), somebody(['owner'], null)]]);
  const { app, errors } = setUp(broken, { people });
  for (const { what, body } of everything) {
    const [method, address = ''] = what.split(' ');
    const url = address
      .replace(':id', address.includes('approvals') ? 'A-1' : 'INC-1')
      .replace(':key', 'agent:x:y');
    const reply = await app.inject({
      ...{ method: method === 'POST' ? 'POST' : 'GET', url, headers: asAlice },
      ...(body && { payload: body }),
    });
    expect([what, reply.statusCode]).toEqual([what, 500]);
    expect(Object.keys(reply.json())).toEqual(['error', 'correlation']);
    expect(reply.body).not.toMatch(/ENOENT|segment|\.ts|\\n|at Object/);
  }
  expect(errors).toHaveLength(everything.length);
});
