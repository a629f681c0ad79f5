import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { planHash } from '#approvals/plan.ts';
import { realClock } from '#core/clock.ts';
import { approvalCard } from '#views/approval-card.ts';
import { incidentCard } from '#views/incident-card.ts';
import { statusView } from '#views/status.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aPlan, T0 } from '../views/a-plan.ts';
import { storyEntries } from '../views/a-story.ts';
import { answering, aPlace } from './a-context.ts';
import { aServer, type Says } from './a-server.ts';

const token = { token: 'fbk_secret' };

function view(over: { plan?: object } = {}, state = 'pending') {
  const plan = aPlan(over);
  const hash = planHash(plan);
  const approval = {
    id: 'A-3',
    hash,
    state,
    reason: null,
    mode: 'act',
    requestedAt: T0,
    at: T0,
    decisions: [],
  };
  return { approval, card: approvalCard(plan, hash) };
}

/** Shows one approval and takes decisions on it. */
const deciding =
  (shown: ReturnType<typeof view>, decision: { status?: number; body: unknown }): Says =>
  ({ method }) =>
    method === 'GET' ? { body: shown } : decision;

test('status and an incident of the server are drawn here, with the token in the header only', async () => {
  using place = aPlace();
  const status = statusView({
    server: { version: '0.1.0', startedAt: 0, pid: 1 },
    ai: 'rules',
    spend: null,
    stops: { off: false, frozen: false, by: null, at: null },
    failing: [],
    holds: [],
    incidents: [],
    approvals: [],
    log: { entries: 86, verified: 'verified', problem: null },
    policyWaiting: { answers: 0, people: 0 },
  });
  await using server = await aServer(place.data, ({ path }) => ({
    body: path === '/v1/status' ? status : incidentCard(storyEntries(), 'UTC'),
  }));
  const shown = await place.run(['status'], token);
  expect(shown).toMatchObject({ exit: 0, err: [] });
  expect(shown.out.join('\n')).toContain('86 entries, verified');
  expect((await place.run(['incidents', 'show', 'INC-1'], token)).out.join('\n')).toContain(
    'approved by alice',
  );
  expect(server.seen.map(({ path, authorization }) => [path, authorization])).toEqual([
    ['/v1/status', 'Bearer fbk_secret'],
    ['/v1/incidents/INC-1', 'Bearer fbk_secret'],
  ]);
});

test('--json prints the answer as one document', async () => {
  using place = aPlace();
  const rows = [
    {
      id: 'INC-1',
      title: 'x',
      severity: 'critical',
      outcome: 'open',
      environment: 'demo',
      openedAt: T0,
      endedAt: null,
      takenBy: null,
      open: true,
    },
  ];
  await using _server = await aServer(place.data, () => ({ body: rows }));
  const { out } = await place.run(['incidents', 'list', '--json'], token);
  expect(out.map((line) => JSON.parse(line))).toEqual([rows]);
});

test('approve shows the card, asks, and sends the hash of exactly that card', async () => {
  using place = aPlace();
  const shown = view();
  await using server = await aServer(
    place.data,
    deciding(shown, { body: { kind: 'decided', complete: true, approval: shown.approval } }),
  );
  const prompt = answering(true);
  const { exit, out, err } = await place.run(['approvals', 'approve', 'a-3'], { ...token, prompt });
  expect({ exit, out }).toEqual({ exit: 0, out: ['approved A-3; it starts now'] });
  expect(prompt.asked).toEqual(['Roll back checkout v42 -> v41 in demo?']);
  expect(err.join('\n')).toContain('undo     deploy v42 again');
  expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toEqual({ decision: 'approve', hash: shown.card.hash });
});

test('a no at the question sends nothing', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, deciding(view(), { body: {} }));
  const { exit, out } = await place.run(['approvals', 'approve', 'A-3'], {
    ...token,
    prompt: answering(false),
  });
  expect({ exit, out }).toEqual({ exit: 1, out: ['not approved; nothing was sent'] });
  expect(server.seen.map((one) => one.method)).toEqual(['GET']);
});

test('without a terminal a yes needs --yes, and a no needs nothing', async () => {
  using place = aPlace();
  const shown = view();
  await using server = await aServer(
    place.data,
    deciding(shown, { body: { kind: 'decided', complete: true, approval: shown.approval } }),
  );
  expect((await place.run(['approvals', 'approve', 'A-3'], token)).exit).toBe(2);
  expect(server.seen.map((one) => one.method)).toEqual(['GET']);
  expect((await place.run(['approvals', 'approve', 'A-3', '--yes'], token)).exit).toBe(0);
  expect((await place.run(['approvals', 'deny', 'A-3'], token)).out).toEqual(['denied A-3; nothing is done']);
});

test('a wide change asks for the typed target and sends it', async () => {
  using place = aPlace();
  const shown = view({ plan: { tier: 'R3' } });
  await using server = await aServer(
    place.data,
    deciding(shown, { body: { kind: 'decided', complete: false, approval: shown.approval } }),
  );
  expect((await place.run(['approvals', 'approve', 'A-3', '--yes'], token)).exit).toBe(2);
  const { out } = await place.run(['approvals', 'approve', 'A-3'], {
    ...token,
    prompt: answering(true, 'checkout'),
  });
  expect(out).toEqual(['your yes to A-3 counts; one more person is needed']);
  expect(JSON.parse(server.seen.at(-1)?.body ?? '')).toMatchObject({ typed: 'checkout' });
});

test('a decision that comes too late is told what became of it', async () => {
  using place = aPlace();
  const late = view({}, 'approved');
  const approval = { ...late.approval, decisions: [{ by: 'bob', at: T0 + 120_000, via: 'cli', roles: [] }] };
  await using _server = await aServer(
    place.data,
    deciding(late, {
      status: 409,
      body: { kind: 'refused', reason: 'not_pending', approval, error: 'not_pending', correlation: 'c-1' },
    }),
  );
  const { exit, out } = await place.run(['approvals', 'approve', 'A-3', '--yes'], token);
  expect({ exit, out }).toEqual({
    exit: 1,
    out: ['A-3 was already approved by bob at 03:14. Nothing was done now.'],
  });
});

test('a refusal of the server is one line with its reason and its number, and is not read around', async () => {
  using place = aPlace();
  await using _server = await aServer(place.data, () => ({
    status: 401,
    body: { error: 'refused: unknown \u001btoken', correlation: 'c-7f21' },
  }));
  const { exit, out, err } = await place.run(['status', '--json'], token);
  expect(exit).toBe(1);
  expect(err).toEqual([
    `the server in ${place.data} refused: unknown \\x1btoken (c-7f21); is your token still in the config of that server?`,
  ]);
  expect(JSON.parse(out.at(-1) ?? '')).toMatchObject({ error: 'forbidden' });
});

test('an answer of another shape is not guessed at', async () => {
  using place = aPlace();
  await using _server = await aServer(place.data, () => ({ body: { surprise: true } }));
  const { exit, err } = await place.run(['approvals', 'list'], token);
  expect(exit).toBe(1);
  expect(err[0]).toContain('do both have the same version?');
});

test('a server that hangs is given up on, and off works all the same', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => null);
  const clock = new FakeClock();
  const ran = place.run(['off'], { ...token, clock });
  while (server.seen.length === 0) await realClock.sleep(1);
  await clock.advance(10_000);
  const { exit, out } = await ran;
  expect(exit).toBe(0);
  expect(existsSync(join(place.data, 'OFF'))).toBe(true);
  expect(out[1]).toContain('does not answer: no answer within 10 s');
});

test('on takes the file away only after the log says off, and asks the server last', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, ({ body }) => ({ body }));
  writeFileSync(join(place.data, 'OFF'), '');
  const { exit } = await place.run(['on'], token);
  expect(exit).toBe(0);
  expect(server.seen.map((one) => one.body)).toEqual(['{"off":true}', '{"off":false}']);
  expect(existsSync(join(place.data, 'OFF'))).toBe(false);
});

test('on by somebody who may not leaves everything off', async () => {
  using place = aPlace();
  await using _server = await aServer(place.data, ({ body }) =>
    body.includes('true')
      ? { body: { off: true } }
      : { status: 403, body: { error: 'only an owner lets changes run again' } },
  );
  writeFileSync(join(place.data, 'OFF'), '');
  const { exit, err } = await place.run(['on'], token);
  expect(exit).toBe(1);
  expect(err[0]).toContain('only an owner');
});

test('freeze goes to the server', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, ({ body }) => ({ body }));
  expect((await place.run(['freeze', 'on'], token)).out[0]).toMatch(/^frozen/);
  expect(server.seen[0]).toMatchObject({ method: 'POST', path: '/v1/stop', body: '{"freeze":true}' });
});

test('triage hands a page over as it is, from a file or standard input', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({
    status: 202,
    body: { incidents: ['INC-4'], alerts: 1, skipped: 0 },
  }));
  const page = '{"status": "firing", "value": 0.31}';
  const { exit, out } = await place.run(['triage', '-'], { ...token, stdin: async () => page });
  expect({ exit, out }).toEqual({ exit: 0, out: ['INC-4: look at it with firebreak incidents show INC-4'] });
  expect(server.seen[0]).toMatchObject({ path: '/v1/alerts/cli', body: page });
  expect((await place.run(['triage', '-'], { ...token, stdin: async () => '{not json' })).exit).toBe(2);
  expect((await place.run(['triage', '-'], { ...token, stdin: async () => ' \n' })).exit).toBe(2);
});

test('triage takes a few words as well; the first line is what it is called', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({
    status: 202,
    body: { incidents: ['INC-4'], alerts: 1, skipped: 0 },
  }));
  const said = 'checkout is failing\nsince the last deploy';
  expect((await place.run(['triage', '-'], { ...token, stdin: async () => said })).exit).toBe(0);
  expect(JSON.parse(server.seen[0]?.body ?? '')).toEqual({
    name: 'checkout is failing',
    summary: 'checkout is failing since the last deploy',
  });
});

test('triage refuses what is no text, a folder, and what no page can hold, in one line and unsent', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({ status: 500, body: {} }));
  const refused = async (content: Uint8Array | null) => {
    if (content !== null) writeFileSync(join(place.dir, 'given'), content);
    const { exit, err } = await place.run(['triage', content === null ? './' : 'given'], token);
    return [exit, err.length, err[0]];
  };
  const notText = [
    2,
    1,
    expect.stringMatching(/given is not text; give a few words, or alerts as JSON in UTF-8$/),
  ];
  expect(await refused(Buffer.from('checkout\0is down'))).toEqual(notText);
  expect(await refused(Buffer.from([0x66, 0xff, 0xfe, 0x20]))).toEqual(notText);
  expect(await refused(null)).toEqual([
    2,
    1,
    `${place.dir} is a folder; give a file, or - for standard input`,
  ]);
  for (const size of [257 * 1024, 200 * 1024])
    expect((await refused(Buffer.alloc(size, '"')))[2]).toContain('is larger than a page may be (256 KiB)');
  const stdin = async () => 'x \u{fffd}';
  expect((await place.run(['triage', '-'], { ...token, stdin })).exit).toBe(2);
  expect(server.seen).toEqual([]);
});

test('a long first line is cut to a name, and its whole text still goes along', async () => {
  using place = aPlace();
  const body = { incidents: ['INC-4'], alerts: 1, skipped: 0 };
  await using server = await aServer(place.data, () => ({ status: 202, body }));
  const said = 'a'.repeat(200_000);
  expect((await place.run(['triage', '-'], { ...token, stdin: async () => said })).exit).toBe(0);
  const sent = JSON.parse(server.seen[0]?.body ?? '');
  expect([sent.name.length, sent.summary]).toEqual([120, said]);
});

test('the token of the home directory is found', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, ({ body }) => ({ body }));
  mkdirSync(join(place.dir, '.config', 'firebreak'), { recursive: true });
  writeFileSync(join(place.dir, '.config', 'firebreak', 'token'), 'fbk_home\n', { mode: 0o600 });
  await place.run(['freeze', 'off']);
  expect(server.seen[0]?.authorization).toBe('Bearer fbk_home');
});

test('release says what a person saw, and needs them to say it', async () => {
  using place = aPlace();
  const body = { approval: 'A-3', by: 'alice', kind: 'release', effect: 'did_not_happen' };
  await using server = await aServer(place.data, () => ({ body }));
  for (const flags of [[], ['--happened', '--did-not-happen']])
    expect((await place.run(['approvals', 'release', 'A-3', ...flags], token)).exit).toBe(2);
  expect(server.seen).toEqual([]);
  const { exit, out } = await place.run(['approvals', 'release', 'a-3', '--did-not-happen'], token);
  expect({ exit, out }).toEqual({
    exit: 0,
    out: ['A-3 is released: the change did not happen; its targets are free again'],
  });
  expect(server.seen.map((one) => [one.path, one.body])).toEqual([
    ['/v1/approvals/A-3/release', JSON.stringify({ effect: 'did_not_happen' })],
  ]);
});

test('again asks the server to look anew, and says why not when it does not', async () => {
  using place = aPlace();
  let refuses = false;
  await using server = await aServer(place.data, () =>
    refuses
      ? { status: 409, body: { error: 'the incident of A-3 is closed', reason: 'incident_closed' } }
      : { body: { approval: 'A-3', by: 'alice', kind: 'again' } },
  );
  expect((await place.run(['approvals', 'again', 'A-3'], token)).out).toEqual([
    'the agents look again; if A-3 is still right, a new proposal comes',
  ]);
  refuses = true;
  const { exit, err } = await place.run(['approvals', 'again', 'A-3'], token);
  expect({ exit, said: err.join(' ') }).toEqual({
    exit: 1,
    said: expect.stringContaining('the incident of A-3 is closed'),
  });
  expect(server.seen.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'POST /v1/approvals/A-3/again',
    'POST /v1/approvals/A-3/again',
  ]);
});
