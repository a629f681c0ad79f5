import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';
import { startPagerDuty } from '../fakes/pagerduty/pagerduty.ts';

const PERSON = 'fbk_token-of-a-person';
const [OLD, NEW] = ['old-signing-secret', 'new-signing-secret'];
const headers = { authorization: `Bearer ${PERSON}`, 'content-type': 'application/json' };

async function setUp() {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-pagerduty-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const pagerduty = await startPagerDuty({ clock: realClock });
  onTestFinished(() => pagerduty.stop());
  const secret = (name: string, value: string): string => {
    writeFileSync(join(dir, name), value, { mode: 0o600 });
    return `"file:./${name}"`;
  };
  const rest = secret('rest', pagerduty.token);
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(PERSON)}", roles: [responder]}]
sources:
  pagerduty: {kind: pagerduty, secret: [${secret('old', OLD)}, ${secret('new', NEW)}], poll: {url: "${pagerduty.url}", every: 200ms, token: ${rest}}, services: {PSVC001: checkout}}
pagerduty: {api: "${pagerduty.url}", token: ${rest}, from: bot@shop.example}
services: [{id: checkout}]
`,
  );
  const start = async () => {
    const server = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
    pagerduty.webhooks.subscribe({ url: `${server.url}/v1/alerts/pagerduty`, secrets: [NEW] });
    return server;
  };
  return { dir, pagerduty, start };
}

test('a server hears PagerDuty by webhook and by its list as one, and tells it what people did', async () => {
  const { dir, pagerduty, start } = await setUp();
  const first = await start();
  const { id } = await pagerduty.trigger({
    title: 'HighErrorRate',
    service: { id: 'PSVC001', summary: 'Shop' },
  });
  expect(pagerduty.webhooks.sent.map(({ status }) => status)).toEqual([202]);
  const page = () => pagerduty.book.get(id);
  await expect
    .poll(() => page()?.notes, { timeout: 20_000 })
    .toEqual([expect.stringContaining('INC-1, critical, needs people')]);
  expect(page()?.status).toBe('triggered');

  const take = await fetch(`${first.url}/v1/incidents/INC-1`, {
    ...{ method: 'POST', headers, body: JSON.stringify({ verb: 'take' }) },
  });
  expect(take.status).toBe(200);
  await expect.poll(() => page()?.status, { timeout: 20_000 }).toBe('acknowledged');
  await first.stop();

  const second = await start();
  onTestFinished(second.stop);
  for (const { webhook } of pagerduty.webhooks.sent) {
    const { headers: signed, raw } = webhook;
    const url = `${second.url}/v1/alerts/pagerduty`;
    const again = await fetch(url, { method: 'POST', headers: signed, body: new Uint8Array(raw) });
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('"reason":"replayed"')]);
  }
  await pagerduty.move(id, 'resolved');
  const incidents = async () => (await fetch(`${second.url}/v1/incidents`, { headers })).text();
  await expect.poll(incidents, { timeout: 20_000 }).toContain('"open":false');
  expect(await incidents()).not.toContain('INC-2');

  const kept = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile() && one.parentPath.startsWith(join(dir, 'data')))
    .map((one) => readFileSync(join(one.parentPath, one.name), 'latin1'))
    .join();
  for (const secret of [OLD, NEW, pagerduty.token]) expect(kept).not.toContain(secret);
}, 60_000);
