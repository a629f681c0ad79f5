import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { verifyLog } from '#audit/verify.ts';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';
import { takeRefusals } from '../network.ts';
import { loopback } from '../tools/loopback.ts';

const TOKEN = 'fbk_a-token-of-a-test';
const config = (world: string): string => `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder]}]
sources: {am: {kind: alertmanager, poll: {url: ${world}, every: 100ms}}}
telemetry: {prom: {kind: prometheus, url: ${world}}}
workloads: {shop: {kind: process, url: ${world}, token: "file:./shop.token"}}
services:
  - {id: checkout, telemetry: prom, probe: ${world}/healthz, workload: {driver: shop, name: checkout}}
`;

test('a server that handles a page speaks only to the addresses of its config, and asks no AI model', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-outbound-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const world = await loopback(() => ({ status: 503, body: {} }));
  const [configPath, dataDir] = [join(dir, 'firebreak.yaml'), join(dir, 'data')];
  writeFileSync(configPath, config(world.url));
  writeFileSync(join(dir, 'shop.token'), 'sesame', { mode: 0o600 });
  const { url, stop } = await serve({ configPath, dataDir, version: '0.0.0' });
  onTestFinished(stop);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const page = JSON.stringify({ name: 'HighErrorRate', service: 'checkout', severity: 'critical' });
  expect((await fetch(`${url}/v1/alerts/cli`, { method: 'POST', headers, body: page })).status).toBe(202);
  const incidents = async () => (await fetch(`${url}/v1/incidents`, { headers })).text();
  await expect.poll(incidents, { timeout: 20_000 }).toContain('"outcome":"escalated"');

  expect(new URL(url).hostname).toBe('127.0.0.1');
  expect(world.heard.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['/api/v2/alerts', '/api/v1/query_range', '/healthz', '/v1/services/checkout']),
  );
  expect(takeRefusals()).toEqual([]);
  const entries: Entry[] = [];
  await verifyLog({ dir: dataDir, upTo: await sizeOf(url, headers), onEntry: (one) => entries.push(one) });
  const replies = entries.filter(({ kind }) => kind === 'turn.replied');
  expect(new Set(replies.map(({ body }) => body.mode))).toEqual(new Set(['rules']));
});

/** Entries that the server has, once nothing happens any more. */
async function sizeOf(url: string, headers: Record<string, string>): Promise<number> {
  const answer = await fetch(`${url}/v1/status`, { headers });
  const { log }: { log: { entries: number } } = JSON.parse(await answer.text());
  return log.entries;
}
