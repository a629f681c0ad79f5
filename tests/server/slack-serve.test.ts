import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realClock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { readFact } from '#incidents/entry.ts';
import { serve } from '#server/main.ts';
import { type FakeSlack, startFakeSlack } from '../fakes/slack/fake-slack.ts';
import { requestOf, slackSignature } from '../fakes/slack/http-out.ts';

const TOKEN = 'fbk_a-token-of-a-test';
const SIGNING = '8f742231b10e8888abcd99yyyzzz85a5';
const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };

/** A server in this process that talks to a fake Slack, by socket or by HTTP. */
async function served(mode: 'socket' | 'http') {
  const fake = await startFakeSlack({
    users: [{ id: 'U0OLGA', name: 'Olga' }],
    channels: [{ id: 'C0SHOP', name: 'shop' }],
  });
  onTestFinished(() => fake.close());
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-slack-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const secrets = { bot: fake.botToken, app: fake.appToken, signing: SIGNING };
  for (const [name, text] of Object.entries(secrets))
    writeFileSync(join(dir, `${name}.key`), text, { mode: 0o600 });
  const door = mode === 'socket' ? 'app_token: "file:./app.key"' : 'signing_secret: "file:./signing.key"';
  writeFileSync(
    join(dir, 'firebreak.yaml'),
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people:
  - {id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder, owner], teams: [team-a], slack: {user: U0OLGA}}
slack:
  {team: T0FAKE, app: A0FAKE, mode: ${mode}, bot_token: "file:./bot.key", ${door}, default_channel: C0SHOP, api_url: "${fake.apiUrl}"}
services: [{id: checkout}]
`,
  );
  const dataDir = join(dir, 'data');
  const running = await serve({ configPath: join(dir, 'firebreak.yaml'), dataDir, version: '0.0.0' });
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= running.stop();
    return stopped;
  };
  onTestFinished(stop);
  return { fake, running, stop, dataDir };
}

const cards = ({ workspace }: FakeSlack) => workspace.messages.filter(({ thread }) => thread === null);

test('a page becomes a card in the channel, and who clicks on it is answered and recorded', async () => {
  const { fake, running } = await served('socket');
  await fetch(`${running.url}/v1/alerts/cli`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name: 'checkout is failing', service: 'checkout' }),
  });
  await expect.poll(() => cards(fake).length, { timeout: 10_000 }).toBe(1);
  const [card] = cards(fake);
  await expect.poll(() => fake.socket.connections(), { timeout: 10_000 }).toBe(1);
  const where = { user: 'U0OLGA', channel: 'C0SHOP', ts: card?.ts ?? '' };
  expect(await fake.people.click({ ...where, action: 'pressed:take' })).toMatchObject({
    kind: 'acknowledged',
  });
  await expect.poll(() => JSON.stringify(card?.blocks), { timeout: 10_000 }).toMatch(/olga has it/);
  expect(cards(fake)).toHaveLength(1);
  expect(fake.workspace.misuse).toEqual([]);
});

test('over HTTP only what Slack signed is answered, and every other request is in the log with its reason', async () => {
  const { fake, running, stop, dataDir } = await served('http');
  const url = `${running.url}/v1/slack`;
  fake.deliverOverHttp({ url, secret: SIGNING });
  await fake.people.command({ user: 'U0OLGA', channel: 'C0SHOP', text: 'status' });
  expect(fake.workspace.whispers).toHaveLength(1);
  const { raw, contentType } = requestOf({ type: 'slash_commands', payload: { text: 'off' } });
  const time = Math.floor(realClock.now() / 1000);
  const post = async (change: Record<string, string>, body = raw) => {
    const signature = slackSignature(SIGNING, time, body);
    const signed = { 'x-slack-request-timestamp': String(time), 'x-slack-signature': signature };
    const all = { 'content-type': contentType, ...signed, ...change };
    return (await fetch(url, { method: 'POST', headers: all, body })).status;
  };
  expect(await post({ 'x-slack-signature': slackSignature('guess', time, raw) })).toBe(401);
  expect(await post({ 'x-slack-request-timestamp': String(time - 900) })).toBe(401);
  expect(await post({ 'x-slack-signature': '' })).toBe(401);
  expect(await post({})).toBe(400);
  expect(await post({})).toBe(401);
  expect(await post({}, 'x'.repeat(300_000))).toBe(413);
  await stop();
  expect(await refusals(dataDir)).toEqual([
    'wrong_signature',
    'too_old',
    'unreadable_signature',
    'unreadable',
    'replayed',
    'oversized',
  ]);
});

async function refusals(dir: string): Promise<string[]> {
  const log = await openFileLog({ dir, clock: realClock, random: realRandom, command: 'test' });
  const facts = (await Array.fromAsync(log.read(0))).flatMap((entry) => readFact(entry) ?? []);
  await log.close();
  return facts.flatMap(({ kind, body }) => (kind === 'delivery.refused' ? [body.reason] : []));
}

test('without HTTP mode there is nothing at that address', async () => {
  const { running } = await served('socket');
  expect((await fetch(`${running.url}/v1/slack`, { method: 'POST', body: '{}' })).status).toBe(404);
});

test('a server starts and stops while Slack is down', async () => {
  const { fake, running, stop } = await served('socket');
  fake.faults.outage(true);
  expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
  await stop();
});
