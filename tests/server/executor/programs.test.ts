import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { commandHash, type Ordered } from '#approvals/plan.ts';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { executorFlags, executorFlagsWithPrograms, startExecutorChild } from '#server/executor/child.ts';
import { permits } from './permits.ts';

// Real processes: what a test waits for is what they say, never a time.

test('only where programs are configured may the process that makes changes start any, and nothing else is added', () => {
  expect(executorFlags).not.toContain('--allow-child-process');
  const more = executorFlagsWithPrograms.filter((flag) => !executorFlags.includes(flag));
  expect(more).toEqual(['--allow-child-process', '--disable-warning=PERM0002']);
  const code = `
    const tried = (attempt) => { try { attempt(); return 'done'; } catch (error) { return error.code; } };
    console.log(JSON.stringify([
      tried(() => require('node:child_process').execFileSync('/bin/true')),
      tried(() => new (require('node:worker_threads').Worker)('0', { eval: true })),
      tried(() => require('node:fs').writeFileSync('/tmp/firebreak-not-allowed', '')),
    ]))`;
  const said = (flags: readonly string[]): unknown =>
    JSON.parse(spawnSync(process.execPath, [...flags, '-e', code], { encoding: 'utf8' }).stdout);
  const denied = 'ERR_ACCESS_DENIED';
  expect(said(executorFlags)).toEqual([denied, denied, denied]);
  expect(said(executorFlagsWithPrograms)).toEqual(['done', denied, denied]);
});

test('an action is run by that process against a permit, with its named environment alone, once', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-programs-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const program = join(dir, 'queue');
  const waits = `[ "$2" = --count=5 ] && { echo $$ > ${dir}/pid; sleep 600; }`;
  writeFileSync(program, `#!/bin/sh\n${waits}\necho "$@"; tr '\\0' '\\n' < /proc/$$/environ\n`, {
    mode: 0o755,
  });
  writeFileSync(join(dir, 'key'), 'a made up value\n', { mode: 0o600 });
  const text = `default_owner: team-a
teams: [{id: team-a, name: A}]
services: [{id: checkout, mode: act}]
actions:
  - name: restart-queue
    service: checkout
    about: Restart the queue workers
    argv: [${program}, restart, '--count={count}']
    params: {count: {int: {min: 1, max: 5}}}
    env: {QUEUE_KEY: 'file:./key'}
`;
  const config = join(dir, 'firebreak.yaml');
  writeFileSync(config, text);
  const { permit, publicKey } = permits(realClock, () => 0);
  const hello = {
    kind: 'hello',
    boot: 'boot-1',
    publicKey,
    config,
    digest: sha256(text),
    programs: true,
  } as const;
  const up = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  const child = startExecutorChild(hello, realClock, { onReady: up.resolve, onEnd: ended.resolve });
  onTestFinished(async () => {
    child.kill();
    await ended.promise;
  });
  await Promise.race([up.promise, ended.promise.then((why) => Promise.reject(new Error(why)))]);
  const commandOf = (count: string) =>
    commandHash({
      argv: [program, 'restart', `--count=${count}`],
      program: sha256(readFileSync(program)),
      env: [{ name: 'QUEUE_KEY', from: 'file:./key' }],
    });
  const change = {
    tool: 'operator_action' as const,
    target: 'action:restart-queue',
    service: 'service:checkout',
    params: [{ name: 'count', value: '3' }],
    command: commandOf('3'),
  } satisfies Ordered;
  const { order } = permit().fields;
  const ofAction = { ...order, tool: 'operator_action', change, expectGeneration: 0 } as const;
  const allowed = permit({ order: ofAction });
  expect(await child.change(allowed, 5000)).toMatchObject({
    ...{ kind: 'done', generation: 0, exitCode: 0 },
    output: 'restart --count=3\\nQUEUE_KEY=[redacted]\\n',
  });
  expect(await child.change(allowed, 5000)).toMatchObject({ kind: 'refused' });
  const again = permit({ order: ofAction });
  expect(await child.change(again, 5000)).toMatchObject({ kind: 'refused', reason: 'bad_permit' });
  const other = { ...change, command: sha256('x') };
  const swapped = permit({ order: { ...ofAction, key: 'fb-other-0-run', change: other } });
  expect(await child.change(swapped, 5000)).toMatchObject({ kind: 'refused', reason: 'generation' });
  const beyond = { ...change, params: [{ name: 'count', value: '6' }] };
  const wide = permit({ order: { ...ofAction, key: 'fb-wide-0-run', change: beyond } });
  expect(await child.change(wide, 5000)).toMatchObject({ kind: 'refused', reason: 'invalid' });

  const five = { ...change, params: [{ name: 'count', value: '5' }], command: commandOf('5') };
  const lasting = child.change(
    permit({ order: { ...ofAction, key: 'fb-five-0-run', change: five } }),
    60_000,
  );
  await expect.poll(() => existsSync(join(dir, 'pid')), { timeout: 10_000 }).toBe(true);
  const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'));
  child.kill();
  expect(await lasting).toMatchObject({ kind: 'unknown' });
  await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
