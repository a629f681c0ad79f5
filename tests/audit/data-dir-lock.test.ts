import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { lockDataDir } from '#audit/data-dir-lock.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { draft, fileLog, tempDir } from './support.ts';

const options = {
  command: 'firebreak serve',
  now: new Date(2026, 0, 5, 2, 10).getTime(),
  random: realRandom,
};

function lockText(dir: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(dir, 'lock'), 'utf8'));
}

test('a second opener is told who holds the directory and what to do', async () => {
  const dir = tempDir();
  const { release: unlock } = lockDataDir({ ...options, dir });
  const message = `data directory is in use by process ${process.pid} (firebreak serve, since 02:10). Talk to it: firebreak status`;
  expect(() => lockDataDir({ ...options, dir })).toThrow(
    expect.objectContaining({ code: 'data_dir_locked', message }),
  );
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'data_dir_locked' });
  unlock();
  expect(readdirSync(dir).filter((name) => name.startsWith('lock'))).toEqual([]);
});

test('a log gives the lock back when it is closed or could not be opened', async () => {
  const dir = tempDir();
  await (await fileLog(dir)).close();
  writeFileSync(join(dir, 'keys/log.key'), 'broken');
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'data_dir_unusable' });
  lockDataDir({ ...options, dir }).release();
});

test('a lock is stale when its process is gone, its pid is another process, or the machine started again', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const dir = tempDir();
  const { release: unlock } = lockDataDir({ ...options, dir });
  const mine = lockText(dir);
  unlock();
  // Where a machine has no id, nobody can tell another boot of it from another machine.
  const rebooted = mine.machine === undefined ? [] : [{ ...mine, boot: 'other' }];
  const stale = [{ ...mine, pid: child.pid }, { ...mine, started: '1' }, ...rebooted, 'torn'];
  for (const content of stale) {
    writeFileSync(join(dir, 'lock'), JSON.stringify(content));
    const { release } = lockDataDir({ ...options, dir });
    expect(lockText(dir).pid).toBe(process.pid);
    expect(readdirSync(dir)).toEqual(['lock']);
    expect(() => lockDataDir({ ...options, dir })).toThrow('in use by process');
    release();
  }
});

test.each([
  ['in another container', { namespace: 'pid:[1]' }],
  ['on another machine', { boot: 'other', machine: 'other' }],
  ['on another machine made from the same image', { boot: 'other', host: 'other' }],
])('a holder %s keeps the directory until it was silent for 30 s', (_, over) => {
  const dir = tempDir();
  const { release: unlock } = lockDataDir({ ...options, dir });
  const other = { ...lockText(dir), ...over, pid: 4_000_000 };
  unlock();
  const path = join(dir, 'lock');
  writeFileSync(path, JSON.stringify(other));
  const silentFor = (ms: number) => utimesSync(path, new Date(), new Date(statSync(path).mtimeMs - ms));
  silentFor(20_000);
  expect(() => lockDataDir({ ...options, dir })).toThrow(
    /^data directory is in use by process 4000000 \(firebreak serve, since 02:10\) in another container or on another machine\. If it is gone, try again in ([1-9]|10) s$/,
  );
  silentFor(10_000);
  lockDataDir({ ...options, dir }).release();
  expect(readdirSync(dir)).toEqual([]);
});

test('a holder touches its lock every 5 s until it gives it back', async () => {
  const dir = tempDir();
  const timer = new FakeClock();
  const path = join(dir, 'lock');
  const { release } = lockDataDir({ ...options, dir, timer });
  for (let beat = 0; beat < 3; beat += 1) {
    utimesSync(path, 0, 0);
    await timer.advance(5000);
    expect(statSync(path).mtimeMs).toBeGreaterThan(0);
  }
  release();
  expect(timer.waiting).toBe(0);
});

test.each([
  ['replaced', (path: string) => writeFileSync(path, 'of another')],
  ['removed', (path: string) => rmSync(path)],
])('a holder whose lock was %s hears of it once and leaves what is there', async (_, take) => {
  const dir = tempDir();
  const timer = new FakeClock();
  const { release, whenLost } = lockDataDir({ ...options, dir, timer });
  let lost = 0;
  whenLost(() => {
    lost += 1;
  });
  await timer.advance(5000);
  expect(lost).toBe(0);
  take(join(dir, 'lock'));
  const left = readdirSync(dir);
  await timer.advance(20_000);
  release();
  expect(lost).toBe(1);
  expect(readdirSync(dir)).toEqual(left);
});

test('a log whose directory another process took over writes nothing more', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const dir = tempDir();
  const log = await fileLog(dir);
  await log.append([draft()]);
  const size = log.size();
  writeFileSync(join(dir, 'lock'), 'of another');
  vi.advanceTimersByTime(5000);
  await expect(log.append([draft()])).rejects.toMatchObject({ code: 'log_append_failed' });
  expect(log.size()).toBe(size);
  expect(log.health()).toMatchObject({
    kind: 'failed',
    reason: 'the log cannot be written: another process has taken the data directory over',
    passing: false,
  });
});

test('a successor that died while taking over is succeeded too', () => {
  const dir = tempDir();
  const dead = '{"dead":1}';
  const successor = '{"dead":2}';
  writeFileSync(join(dir, 'lock'), dead);
  writeFileSync(join(dir, `lock.over-${sha256(dead)}`), successor);
  const { release: unlock } = lockDataDir({ ...options, dir });
  expect(readdirSync(dir)).toEqual(['lock']);
  unlock();
});

test('a successor that lives keeps the lock though it has not finished', () => {
  const dir = tempDir();
  const { release: unlock } = lockDataDir({ ...options, dir });
  const mine = readFileSync(join(dir, 'lock'));
  unlock();
  writeFileSync(join(dir, 'lock'), 'dead');
  writeFileSync(join(dir, `lock.over-${sha256('dead')}`), mine);
  expect(() => lockDataDir({ ...options, dir })).toThrow('in use by process');
});

test('of many processes that find the same stale lock, exactly one takes it', async () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'lock'), 'left by a crash');
  const script = join(import.meta.dirname, 'take-lock.ts');
  const children = Array.from({ length: 5 }, () =>
    spawn(process.execPath, [script, dir], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  await Promise.all(children.map((child) => once(child.stdout, 'data')));
  for (const child of children) child.stdin.write('go');
  const results = await Promise.all(
    children.map(async (child) => String((await once(child.stdout, 'data'))[0])),
  );
  for (const child of children) child.stdin.end();
  await Promise.all(children.map((child) => once(child, 'exit')));
  expect(results.toSorted()).toEqual([...Array(4).fill('data_dir_locked'), 'taken']);
});
