import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';

/** Debian's package prometheus-alertmanager. */
const ALERTMANAGER = '/usr/bin/prometheus-alertmanager';
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
    const alertmanager = await startAlertmanager(dir, url);
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
    const alertmanager = await startAlertmanager(dir, url, 'not-the-token');
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

async function startAlertmanager(dir: string, server: string, token = 'new-token'): Promise<string> {
  const config = join(dir, 'alertmanager.yml');
  writeFileSync(
    config,
    `route: {receiver: firebreak, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}
receivers:
  - name: firebreak
    webhook_configs:
      - url: ${server}/v1/alerts/alertmanager
        send_resolved: true
        http_config: {authorization: {type: Bearer, credentials: ${token}}}
`,
  );
  const port = await freePort();
  const child = spawn(
    ALERTMANAGER,
    [
      `--config.file=${config}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
      `--storage.path=${join(dir, 'am')}`,
    ],
    { stdio: 'ignore', env: {} },
  );
  onTestFinished(() => end(child));
  const url = `http://127.0.0.1:${port}`;
  const ready = () =>
    fetch(`${url}/-/ready`).then(
      (answer) => answer.status,
      () => null,
    );
  await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  return url;
}

async function post(alertmanager: string, alert: object): Promise<void> {
  const answer = await fetch(`${alertmanager}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([alert]),
  });
  expect(answer.status).toBe(200);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise<void>((resolve) => void probe.close(() => resolve()));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
