import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { sha256 } from '#core/hash.ts';
import type { Secret } from '#core/secret.ts';
import { readFact } from '#incidents/entry.ts';
import { SecretFold } from '#incidents/secret-fold.ts';
import { isSigned } from '#intake/signature.ts';
import { verifyDelivery } from '#intake/verify-delivery.ts';
import { createAnthropic } from '#llm/anthropic.ts';
import { createOpenai } from '#llm/openai.ts';
import type { Transport } from '#llm/transport.ts';
import { loadConfig } from '#server/config.ts';
import { createJobs } from '#server/jobs.ts';
import { followSecretFile } from '#server/secret-file.ts';
import { createSecretWatch, unusableSecrets } from '#server/secret-watch.ts';
import { createSecrets } from '#server/secrets.ts';
import { webhookSources } from '#server/webhook-sources.ts';
import { authorised } from '#slack/authorised.ts';
import { askHttp } from '#tools/drivers/http-text.ts';
import { createPagerDuty } from '#tools/drivers/pagerduty.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { ask } from '../llm/a-request.ts';

const [OLD, NEW] = [`sk-ant-${'o'.repeat(24)}`, `sk-ant-${'n'.repeat(24)}`];

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-used-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A secret in a file, what it is changed to, and what spoils it. */
function aFile(name = 'a.token') {
  const path = join(dir, name);
  const clock = new FakeClock();
  const write = async (value: string): Promise<void> => {
    writeFileSync(path, value, { mode: 0o600 });
    chmodSync(path, 0o600);
    await clock.advance(1_000);
  };
  writeFileSync(path, OLD, { mode: 0o600 });
  chmodSync(path, 0o600);
  const { secret } = followSecretFile(path, clock);
  const spoil = async (): Promise<void> => {
    chmodSync(path, 0o644);
    await clock.advance(1_000);
  };
  return { path, clock, secret, write, spoil };
}
const signal = new AbortController().signal;

/** Notes what it is sent as authorization. */
function aServer() {
  const sent: string[] = [];
  const send = async (_: unknown, init: { headers?: RequestInit['headers'] } = {}): Promise<Response> => {
    sent.push(new Headers(init.headers).get('authorization') ?? 'none');
    return new Response('{}', { headers: { 'content-type': 'application/json' } });
  };
  return { sent, send };
}

test('a sender is believed by the token that its file holds now, and nobody while others can read the file', async () => {
  const { path, clock, write, spoil } = aFile();
  const config = join(dir, 'firebreak.yaml');
  writeFileSync(
    config,
    `default_owner: a\nteams: [{id: a, name: A}]\nsources: {pages: {kind: generic, token: "file:${path}"}}\n`,
  );
  const loaded = loadConfig(config, {}, { clock });
  const [source] = webhookSources(loaded, { people: loaded.people, now: () => clock.now() });
  if (source === undefined) throw new Error('no source');
  const raw = new TextEncoder().encode('{}');
  const answer = (token: string) => {
    const verified = verifyDelivery({ raw, authorization: `Bearer ${token}` }, source, clock.now());
    return verified.kind === 'refused' ? verified.reason : verified.kind;
  };
  expect([answer(OLD), answer(NEW)]).toEqual(['no_name', 'unauthenticated']);
  await write(NEW);
  expect([answer(OLD), answer(NEW)]).toEqual(['unauthenticated', 'no_name']);
  await spoil();
  expect([answer(OLD), answer(NEW), answer('')]).toEqual(Array(3).fill('unauthenticated'));
});

test('a signature counts under no secret that cannot be used, not even an empty one', async () => {
  const { secret, spoil } = aFile();
  const raw = new TextEncoder().encode('x');
  const { createHmac } = await import('node:crypto');
  const under = (key: string) => `v1=${createHmac('sha256', key).update(raw).digest('hex')}`;
  expect(isSigned(raw, under(OLD), [secret])).toBe(true);
  await spoil();
  expect([isSigned(raw, under(OLD), [secret]), isSigned(raw, under(''), [secret])]).toEqual([false, false]);
});

test('a driver sends the token of now, and nothing at all once it cannot be used: for certain nothing arrived', async () => {
  const { clock, secret, write, spoil } = aFile();
  const { sent, send } = aServer();
  const look = () => {
    const token = () => secret.reveal();
    return askHttp({ url: 'http://127.0.0.1:9', token, timeoutMs: 1000, send }, clock, signal);
  };
  await look();
  await write(NEW);
  await look();
  await spoil();
  expect(await look()).toMatchObject({
    ...{ kind: 'no_answer', reason: 'not_configured', sent: false },
    detail: expect.stringContaining('can be read by others'),
  });
  expect(sent).toEqual([`Bearer ${OLD}`, `Bearer ${NEW}`]);
});

test('PagerDuty is told nothing with credentials that cannot be used', async () => {
  const { clock, secret, spoil } = aFile();
  await spoil();
  const events = { url: 'http://127.0.0.1:9', routingKey: secret };
  const settings = { api: 'http://127.0.0.1:9', token: secret, from: 'a@example.test', events };
  const enter = () => ({ worked: () => {}, failed: () => {}, undecided: () => {} });
  const pager = createPagerDuty({ settings, clock, enter });
  const page = { key: 'k', severity: 'critical', summary: 's' } as const;
  expect(await pager.trigger(page, signal)).toMatchObject({ kind: 'gap', reason: 'not_configured' });
  expect(await pager.note('P1', 'text', signal)).toMatchObject({ kind: 'gap', reason: 'not_configured' });
});

test('model providers get the key of now; one that cannot be used is sent to nobody and costs nothing', async () => {
  for (const make of [
    (apiKey: Secret, transport: Transport) => createAnthropic({ ...where, apiKey, transport }),
    (apiKey: Secret, transport: Transport) =>
      createOpenai({ ...where, apiKey, transport, kind: 'openai', api: 'responses' }),
  ]) {
    const { secret, write, spoil } = aFile();
    const { sent, send } = aServer();
    const provider = make(secret, { fetch: send, close: async () => {} });
    await ask(provider);
    await write(NEW);
    await ask(provider);
    await spoil();
    expect(await ask(provider)).toMatchObject({
      kind: 'failed',
      reason: 'auth',
      tokens: { input: 0, output: 0 },
    });
    expect(sent).toEqual([`Bearer ${OLD}`, `Bearer ${NEW}`]);
  }
});
const where = { name: 'm', baseUrl: 'http://127.0.0.1:9', timeoutMs: 1000 };

test('Slack is called with the token of now, whatever the library holds, and not at all without a good one', async () => {
  const { secret, write, spoil } = aFile();
  const { sent, send } = aServer();
  const call = authorised(send, secret);
  const init = { headers: { Authorization: 'Bearer held' } };
  await call('http://127.0.0.1:9', init);
  await write(NEW);
  await call('http://127.0.0.1:9', init);
  await spoil();
  await expect(call('http://127.0.0.1:9', init)).rejects.toMatchObject({ code: 'secret_unusable' });
  expect(sent).toEqual([`Bearer ${OLD}`, `Bearer ${NEW}`]);
});

/** Secrets of a config, watched into a log. */
function aWatch() {
  const file = aFile();
  const { clock } = file;
  const handle = createSecrets({
    ...{ env: { SHORT: 'short' }, base: dir, clock },
    keychain: () => ({ problem: 'none' }),
  }).handle;
  const handles = [handle('file:a.token'), handle('env:SHORT')];
  const [fold, drafts, told]: [SecretFold, EntryDraft[], string[]] = [new SecretFold(), [], []];
  const log = {
    append: async (more: readonly EntryDraft[]) => {
      for (const draft of more) {
        drafts.push(draft);
        fold.apply(Object({ ...draft, ts: clock.now() }) satisfies Entry);
      }
    },
  };
  const start = () => {
    const jobs = createJobs((_, message) => told.push(message));
    return createSecretWatch({ handles, fold, log, clock, jobs, onHealth: (text) => told.push(text) });
  };
  const facts = () => drafts.map((draft) => readFact(Object({ ...draft, ts: 0 })));
  return { ...file, handles, fold, told, start, facts };
}

test('the log knows since when a secret has its value: an entry for the first one and for each other one', async () => {
  const { clock, fold, start, facts, write } = aWatch();
  const began = clock.now();
  const watch = start();
  watch.tick();
  await clock.advance(1_000);
  watch.tick();
  start().tick();
  await clock.advance(60_000);
  expect(facts().map((fact) => fact?.body)).toEqual([
    { name: 'file:a.token', fingerprint: expect.stringMatching(/^[0-9a-f]{8}$/), source: 'file' },
    { name: 'env:SHORT', fingerprint: null, source: 'env' },
  ]);
  await write(NEW);
  const changed = clock.now();
  watch.tick();
  await clock.advance(0);
  expect(fold.all().map(({ name, since }) => [name, since])).toEqual([
    ['env:SHORT', began],
    ['file:a.token', changed],
  ]);
  const copy = new SecretFold();
  copy.load(JSON.parse(JSON.stringify(fold.save())));
  expect(copy.all()).toEqual(fold.all());
});

test('a secret that cannot be used is in the log once, with its name and the reason, and never with its value', async () => {
  const { clock, handles, told, start, facts, write, spoil } = aWatch();
  const watch = start();
  const round = async (): Promise<void> => {
    watch.tick();
    await clock.advance(1_000);
  };
  await round();
  await spoil();
  await round();
  await round();
  expect(unusableSecrets(handles)).toEqual([
    { name: 'file:a.token', why: expect.stringContaining('chmod 600') },
  ]);
  await write(OLD);
  await round();
  expect(facts().map((fact) => fact?.kind)).toEqual([
    'secret.resolved',
    'secret.resolved',
    'secret.unusable',
  ]);
  expect(told).toEqual([
    expect.stringMatching(/^file:a\.token cannot be used: .*chmod 600/),
    'file:a.token can be used again',
  ]);
  expect(JSON.stringify([facts(), told])).not.toContain(OLD);
  expect(JSON.stringify(facts())).not.toContain(sha256(OLD));
});
