import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { executorFlags, startExecutorChild } from '#server/executor/child.ts';
import type { Hello } from '#server/executor/messages.ts';
import { loopback, type Reply } from '../../tools/loopback.ts';
import { permits } from './permits.ts';

// Real processes: what a test waits for is what they say, never a time.

const linux = process.platform === 'linux';

async function setUp(answer: () => Reply = () => ({ status: 200, body: { generation: 8, took: 3 } })) {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-executor-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const world = await loopback(answer);
  const text = `default_owner: team-a
teams: [{id: team-a, name: A}]
sources: {am: {kind: alertmanager, token: env:NOT_SET}}
workloads: {shop: {kind: process, url: "${world.url}", token: env:NOT_SET, act_token: "file:./act.token"}}
services: [{id: checkout, mode: act, workload: {driver: shop, name: checkout}}]
`;
  const config = join(dir, 'firebreak.yaml');
  writeFileSync(config, text);
  writeFileSync(join(dir, 'act.token'), 'for changes\n', { mode: 0o600 });
  const { permit, publicKey } = permits(realClock, () => 7);
  const hello: Hello = { kind: 'hello', boot: 'boot-1', publicKey, config, digest: sha256(text) };
  return { dir, config, world, hello, permit };
}

/** Starts a child; `up` resolves when it can begin, `ended` with how it ended. */
function begin(hello: Hello) {
  const up = Promise.withResolvers<'up'>();
  const ended = Promise.withResolvers<string>();
  const events = { onReady: () => up.resolve('up'), onEnd: (why: string) => ended.resolve(why) };
  const child = startExecutorChild(hello, realClock, events);
  onTestFinished(async () => {
    child.kill();
    await ended.promise;
  });
  return { child, up: up.promise, ended: ended.promise };
}

test('a change is made by the child, with the credential for changes, once for each permit', async () => {
  const { hello, world, permit } = await setUp();
  const { child, up } = begin(hello);
  await up;
  const one = permit();
  expect(await child.change(one, 5000)).toEqual({ kind: 'done', generation: 8, tookMs: 3 });
  expect(await child.change(one, 5000)).toMatchObject({ kind: 'refused', reason: 'bad_permit' });
  const forged = { ...permit(), signature: one.signature };
  expect(await child.change(forged, 5000)).toMatchObject({ kind: 'refused', reason: 'bad_permit' });
  expect(world.heard).toMatchObject([{ path: '/v1/services/checkout/restart', token: 'Bearer for changes' }]);
});

test('the child starts with an empty environment and no open file of the server', async ({ skip }) => {
  skip(!linux, 'reads /proc');
  const { dir, hello } = await setUp();
  const held = openSync(join(dir, 'firebreak.yaml'), 'r');
  onTestFinished(() => closeSync(held));
  const { child, up } = begin(hello);
  await up;
  expect(readFileSync(`/proc/${child.pid}/environ`, 'utf8')).toBe('');
  const open = readdirSync(`/proc/${child.pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${child.pid}/fd/${fd}`);
    } catch {
      return 'closed meanwhile';
    }
  });
  expect(open.length).toBeGreaterThan(3);
  expect(open.filter((path) => path.startsWith(dir))).toEqual([]);
});

test.each([
  ['starts no process', `require('node:child_process').execFileSync('/bin/true')`],
  ['starts no thread', `new (require('node:worker_threads').Worker)('0', { eval: true })`],
  ['writes no file', `require('node:fs').writeFileSync('/tmp/firebreak-not-allowed', '')`],
  [
    'writes no compiled code',
    `require('node:fs').mkdirSync('/tmp/node-compile-cache/x', { recursive: true })`,
  ],
])('the child %s', (_, code) => {
  const attempt = `try { ${code}; console.log('done'); } catch (error) { console.log(error.code); }`;
  const { stdout } = spawnSync(process.execPath, [...executorFlags, '-e', attempt], { encoding: 'utf8' });
  expect(stdout.trim()).toBe('ERR_ACCESS_DENIED');
});

test('the child loads no compiled code that others may have left in a shared folder', async () => {
  const { dir } = await setUp();
  const main = fileURLToPath(new URL('../../../server/executor/main.ts', import.meta.url));
  const { status } = spawnSync(process.execPath, [...executorFlags, `--allow-fs-write=${dir}/*`, main], {
    env: { TMPDIR: dir },
    input: '',
  });
  expect(status).toBe(0);
  expect(readdirSync(dir).toSorted()).toEqual(['act.token', 'firebreak.yaml']);
});

test('a child that is killed leaves what it had under way unknown', async () => {
  const arrived = Promise.withResolvers<void>();
  const { hello, permit } = await setUp(() => {
    arrived.resolve();
    return 'hang';
  });
  const { child, up, ended } = begin(hello);
  await up;
  const outcome = child.change(permit(), 60_000);
  await arrived.promise;
  process.kill(child.pid ?? 0, 'SIGKILL');
  expect(await outcome).toEqual({ kind: 'unknown', detail: 'the process making it ended' });
  expect(await ended).toBe('it ended with SIGKILL');
});

test('a child ends when the server that started it is killed', async () => {
  const { hello } = await setUp();
  const script = fileURLToPath(new URL('./a-parent.ts', import.meta.url));
  const parent = spawn(process.execPath, [script, JSON.stringify(hello)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = await once(parent.stdout, 'data');
  const pid = Number(String(line));
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});

test('a config that was changed since the start, or a credential that cannot be read, keeps the child from beginning', async () => {
  const changed = await setUp();
  writeFileSync(changed.config, `${readFileSync(changed.config, 'utf8')}# other\n`);
  expect(await begin(changed.hello).ended).toContain('the config was changed since the start');
  const missing = await setUp();
  rmSync(join(missing.dir, 'act.token'));
  expect(await begin(missing.hello).ended).toContain('there is no file');
});

test('a child that hears what was not agreed ends', async () => {
  const { hello } = await setUp();
  const started = begin({ ...hello, boot: '' });
  expect(await started.ended).toContain('code 1');
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that ended but was not waited for is no more.
    return !linux || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
