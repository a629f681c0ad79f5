import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';
import { ALERTMANAGER, startAlertmanager } from './a-program.ts';

const isHere = existsSync(ALERTMANAGER);
if (!isHere) console.warn(`skipped: a real Alertmanager is not on this machine (${ALERTMANAGER})`);

const PERSON = 'fbk_token-of-a-person';
const headers = { authorization: `Bearer ${PERSON}` };

test.skipIf(!isHere)(
  'a real Alertmanager opens an incident with its token and resolves it when the alert clears',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'firebreak-alertmanager-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const url = await startServer(dir);
    const alertmanager = await startAlertmanager(dir, { server: url, token: 'new-token' });
    const incidents = async () => (await fetch(`${url}/v1/incidents`, { headers })).text();
    const labels = { alertname: 'HighErrorRate', service: 'checkout', severity: 'critical' };
    const startsAt = new Date(Date.now() - 5000).toISOString();
    await post(alertmanager, { labels, startsAt, annotations: { summary: '31 % of requests fail' } });
    await expect.poll(incidents, { timeout: 15_000 }).toContain('"INC-1"');
    expect(await incidents()).toContain('HighErrorRate checkout');

    await post(alertmanager, { labels, startsAt, endsAt: new Date(Date.now() - 1000).toISOString() });
    await expect.poll(incidents, { timeout: 20_000 }).toContain('"open":false');
    expect(await incidents()).not.toContain('"INC-2"');
  },
  60_000,
);

test.skipIf(!isHere)(
  'a real Alertmanager with another token is turned away and opens nothing',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'firebreak-alertmanager-'));
    onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
    const url = await startServer(dir);
    const alertmanager = await startAlertmanager(dir, { server: url, token: 'not-the-token' });
    await post(alertmanager, { labels: { alertname: 'HighErrorRate', service: 'checkout' } });
    const figures = async () => (await fetch(`${url}/metrics`, { headers })).text();
    const refused = /route="\/v1\/alerts\/:source",status="401"\} [1-9]/;
    await expect.poll(figures, { timeout: 20_000 }).toMatch(refused);
    expect(await (await fetch(`${url}/v1/incidents`, { headers })).text()).not.toContain('INC-1');
  },
  60_000,
);

/** A server whose Alertmanager may use either of two tokens, as while one is changed. */
async function startServer(dir: string): Promise<string> {
  const configPath = join(dir, 'firebreak.yaml');
  for (const name of ['old', 'new']) writeFileSync(join(dir, name), `${name}-token\n`, { mode: 0o600 });
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(PERSON)}", roles: [responder]}]
sources: {alertmanager: {kind: alertmanager, token: ["file:./old", "file:./new"]}}
services: [{id: checkout}]
`,
  );
  const server = await serve({ configPath, dataDir: join(dir, 'data'), version: '0.0.0' });
  onTestFinished(server.stop);
  return server.url;
}

async function post(alertmanager: string, alert: object): Promise<void> {
  const answer = await fetch(`http://${alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
  });
  expect(answer.status).toBe(200);
}
