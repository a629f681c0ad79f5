import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { FAULTS, inject } from '#demo/faults.ts';
import { summarise } from '#demo/load-summary.ts';
import { type Shop, startShop } from '#demo/shop.ts';
import { parseAlertmanager } from '#intake/alertmanager.ts';

const dirs: string[] = [];
const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function aDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'shop-test-'));
  dirs.push(dir);
  return dir;
}
/** These tests run real processes, so they wait for what these show, and give up after `limitMs`. */
async function until(what: () => boolean | Promise<boolean>, limitMs = 8000): Promise<void> {
  const end = realClock.mono() + limitMs;
  while (!(await what())) {
    if (realClock.mono() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await realClock.sleep(50);
  }
}
/** A dead process that nobody has collected yet is not alive; where there is no /proc, that cannot be told. */
function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return !existsSync('/proc/self/stat');
  }
}
async function pidsOf(shop: Shop): Promise<number[]> {
  const services = await shop.supervisor.client.services();
  return [...shop.pids, ...services.flatMap(({ instances }) => instances.map(({ pid }) => pid))];
}
type Delivery = { authorization: string | undefined; body: unknown };
async function aReceiver(): Promise<{ port: number; deliveries: Delivery[] }> {
  const deliveries: Delivery[] = [];
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString());
    deliveries.push({ authorization: request.headers.authorization, body });
    response.writeHead(202).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { port, deliveries };
}
async function ask(shop: Shop, path: string, init: { token: string; body?: object }): Promise<Response> {
  const headers = { authorization: `Bearer ${init.token}` };
  const post = init.body && { method: 'POST', body: JSON.stringify(init.body) };
  return await fetch(`${shop.supervisor.url}${path}`, { headers, ...post });
}

test('a bad deploy breaks a healthy shop, pages, and a rollback through the API heals it', async () => {
  const receiver = await aReceiver();
  const webhook = { port: receiver.port, path: '/v1/alerts/alertmanager', token: 'page-me-please' };
  const shop = await startShop({ dir: aDir(), webhook });
  closers.push(() => shop.stop());
  const pids = await pidsOf(shop);
  expect(pids).toHaveLength(10);

  await until(() => shop.load.samples().length >= 3);
  const healthy = summarise(shop.load.samples().slice(1), 0, Number.MAX_SAFE_INTEGER);
  expect(healthy.rate).toBeGreaterThan(42);
  expect(healthy.errors).toBeLessThanOrEqual(0.003);

  const began = realClock.now();
  await inject('bad-deploy', 'checkout', shop);
  await until(() => receiver.deliveries.length > 0);
  const parsed = receiver.deliveries.map(({ body }) => {
    return parseAlertmanager(body, { source: 'alertmanager', now: realClock.now() });
  });
  expect(JSON.stringify(parsed)).toContain('"name":"HighErrorRate"');
  expect(receiver.deliveries[0]?.authorization).toBe('Bearer page-me-please');
  expect(summarise(shop.load.samples(), began + 1000, realClock.now()).errors).toBeGreaterThan(0.1);
  const listed = await fetch(`${shop.pagerUrl}/api/v2/alerts`);
  expect(JSON.stringify(await listed.json())).toContain('"alertname":"HighErrorRate"');

  const { client } = shop.supervisor;
  const [latest, before] = await client.deployments('checkout');
  expect([latest?.version, latest?.by, before?.version]).toEqual(['v42', 'ci', 'v41']);
  const { generation } = await client.service('checkout');
  const done = await client.change('checkout', {
    kind: 'deploy',
    version: 'v41',
    idempotencyKey: 'rollback-1',
    expectGeneration: generation,
  });
  expect(done).toMatchObject({
    generation: generation + 1,
    before: { version: 'v42' },
    after: { version: 'v41' },
  });
  const known = await ask(shop, '/v1/operations/rollback-1', { token: shop.supervisor.operatorToken });
  expect(await known.json()).toMatchObject({ state: 'succeeded', operation: done.operation });
  await until(() => shop.load.samples().at(-1)?.errors === 0);

  const logs = readdirSync(shop.logs).map((file) => readFileSync(join(shop.logs, file), 'utf8'));
  expect(logs.join('')).toContain('TypeError: Cannot read properties of undefined');
  const seen = logs.join('') + JSON.stringify(await client.services());
  for (const fault of Object.keys(FAULTS)) expect(seen).not.toContain(fault);

  const last = await pidsOf(shop);
  await shop.stop();
  expect([...pids, ...last].filter(alive)).toEqual([]);
}, 20_000);

test('a wrong token is refused, and each token opens its own part only', async () => {
  const shop = await startShop({ dir: aDir() });
  closers.push(() => shop.stop());
  const { operatorToken } = shop.supervisor;
  for (const token of ['', 'wrong', `${operatorToken}x`]) {
    expect((await ask(shop, '/v1/services', { token })).status).toBe(401);
  }
  const kill = { token: operatorToken, body: { do: 'kill' } };
  expect((await ask(shop, '/chaos/checkout', kill)).status).toBe(401);
  const targets = await ask(shop, '/v1/targets', { token: operatorToken });
  expect(await targets.json()).toHaveLength(6);
  const wrong = { token: operatorToken, body: { idempotencyKey: 'k', replicas: 0 } };
  expect((await ask(shop, '/v1/services/checkout/scale', wrong)).status).toBe(400);
  expect((await ask(shop, '/v1/services/nobody', { token: operatorToken })).status).toBe(404);

  await inject('dead-dependency', 'inventory', shop);
  await until(async () => {
    const { instances } = await shop.supervisor.client.service('inventory');
    return instances.every(({ state, exitCode }) => state === 'exited' && exitCode === 137);
  });
  expect((await fetch(`${shop.addresses.inventory}/healthz`)).status).toBe(503);
  await shop.supervisor.client.change('inventory', { kind: 'restart', idempotencyKey: 'back' });
  expect((await fetch(`${shop.addresses.inventory}/healthz`)).status).toBe(200);
}, 20_000);

test('no process outlives a parent that was killed', async () => {
  const script = fileURLToPath(new URL('./a-shop.ts', import.meta.url));
  const parent = spawn(process.execPath, [script, aDir()], { stdio: ['ignore', 'pipe', 'inherit'] });
  closers.push(() => parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const pids = z
    .array(z.number().int().positive())
    .length(10)
    .parse(JSON.parse(String(line)));
  expect(pids.filter(alive)).toHaveLength(10);
  parent.kill('SIGKILL');
  await until(() => !pids.some(alive));
}, 20_000);
