import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { answering, aPlace, type Place } from './a-context.ts';
import { aServer } from './a-server.ts';

/** A config whose secrets are nowhere: only what it allows is read. */
function config(place: Place, name: string, { mode = 'observe', roles = '[approver]' } = {}): string {
  writeFileSync(
    join(place.dir, name),
    `default_owner: team-shop
environment: prod
teams: [{id: team-shop, name: Shop}]
people: [{id: alice, name: Alice, roles: ${roles}, teams: [team-shop]}]
workloads: {shop: {kind: process, url: http://127.0.0.1:9000, token: env:NOT_SET_ANYWHERE, act_token: "file:./none"}}
services: [{id: checkout, mode: ${mode}, workload: {driver: shop, name: checkout}}]
policy: {rules: [{tools: [service_restart], environments: ["*"], services: ["*"], answer: ask}]}
`,
  );
  return name;
}

test('a diff says who may change what more, and fails when anything is allowed more', async () => {
  using place = aPlace();
  const [old, raised] = [config(place, 'old.yaml'), config(place, 'new.yaml', { mode: 'act' })];
  expect(await place.run(['policy', 'diff', old, raised])).toMatchObject({
    exit: 1,
    out: [
      'MORE  remediation service_restart checkout (prod): recorded, nobody is asked -> alice may approve',
      'allows more: 1 answer; in all that differs: 1 answer',
    ],
  });
  expect(await place.run(['policy', 'diff', raised, old])).toMatchObject({
    exit: 0,
    out: [
      '      remediation service_restart checkout (prod): alice may approve -> recorded, nobody is asked',
      'allows nothing more; what differs: 1 answer',
    ],
  });
  expect(await place.run(['policy', 'diff', old, old])).toMatchObject({
    exit: 0,
    out: ['allows nothing more; what differs: nothing'],
  });
});

test('a diff as JSON names agent, tool and target of every answer that changes, and people with another say', async () => {
  using place = aPlace();
  const old = config(place, 'old.yaml', { mode: 'act' });
  const owner = config(place, 'new.yaml', { mode: 'act', roles: '[owner]' });
  const { exit, out } = await place.run(['policy', 'diff', old, owner, '--json']);
  const place1 = { agent: 'remediation', tool: 'service_restart', service: 'checkout', environment: 'prod' };
  expect([exit, JSON.parse(out.at(-1) ?? '')]).toEqual([
    1,
    {
      wider: true,
      answers: [
        {
          ...place1,
          before: { kind: 'ask', approvers: ['alice'], owners: [] },
          after: { kind: 'ask', approvers: ['alice'], owners: ['alice'] },
          wider: true,
        },
      ],
      people: [
        {
          person: 'alice',
          before: { approves: true, owns: false, teams: [] },
          after: { approves: true, owns: true, teams: ['team-shop'] },
          wider: true,
        },
      ],
    },
  ]);
});

test('a file that is none, or with a mistake in it, is wrong usage and names the line', async () => {
  using place = aPlace();
  const old = config(place, 'old.yaml');
  const none = await place.run(['policy', 'diff', old, 'none.yaml']);
  expect([none.exit, none.err.join()]).toEqual([2, expect.stringContaining('no none.yaml')]);
  const wrong = await place.run(['policy', 'diff', old, config(place, 'wrong.yaml', { mode: 'acts' })]);
  expect([wrong.exit, wrong.err.join()]).toEqual([
    2,
    expect.stringContaining('wrong.yaml:6  services[0].mode'),
  ]);
});

const standing = sha256('standing');
const waiting = {
  standing,
  answers: [
    {
      agent: 'remediation',
      tool: 'service_restart',
      service: 'checkout',
      environment: 'prod',
      before: { kind: 'record', mode: 'observe' },
      after: { kind: 'ask', approvers: ['alice'], owners: [] },
      wider: true,
    },
  ],
  people: [],
};
const token = { token: `fbk_${'a'.repeat(43)}` };

test('accept shows what waits, asks, and sends the digest of exactly that', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({ body: waiting }));
  const no = await place.run(['policy', 'accept'], { ...token, prompt: answering(false) });
  expect([no.exit, server.seen.map(({ method }) => method)]).toEqual([1, ['GET']]);
  const prompt = answering(true);
  const yes = await place.run(['policy', 'accept'], { ...token, prompt });
  expect(yes).toMatchObject({
    exit: 0,
    out: ['accepted: 1 answer; it counts from now on'],
    err: [
      'MORE  remediation service_restart checkout (prod): recorded, nobody is asked -> alice may approve',
    ],
  });
  expect(prompt.asked).toEqual(['Accept all of this?']);
  expect(server.seen.at(-1)).toMatchObject({ path: '/v1/policy/accept', body: JSON.stringify({ standing }) });
});

test('accept needs a terminal or --yes, and says so when nothing waits', async () => {
  using place = aPlace();
  let body = waiting;
  await using server = await aServer(place.data, () => ({ body }));
  expect((await place.run(['policy', 'accept'], token)).exit).toBe(2);
  expect((await place.run(['policy', 'accept', '--yes'], token)).exit).toBe(0);
  expect(server.seen.map(({ method }) => method)).toEqual(['GET', 'GET', 'POST']);
  body = { ...waiting, answers: [] };
  expect((await place.run(['policy', 'accept', '--yes'], token)).out).toEqual([
    'nothing waits: all that the config allows was accepted',
  ]);
});
