import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lockDataDir } from '#audit/data-dir-lock.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { fileLog, tempDir } from './support.ts';

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
  const unlock = lockDataDir({ ...options, dir });
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
  lockDataDir({ ...options, dir })();
});

test('a lock is stale when its process is gone, its pid is another process, or the machine started again', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  const dir = tempDir();
  const unlock = lockDataDir({ ...options, dir });
  const mine = lockText(dir);
  unlock();
  const stale = [{ ...mine, pid: child.pid }, { ...mine, started: '1' }, { ...mine, boot: 'other' }, 'torn'];
  for (const content of stale) {
    writeFileSync(join(dir, 'lock'), JSON.stringify(content));
    const release = lockDataDir({ ...options, dir });
    expect(lockText(dir).pid).toBe(process.pid);
    expect(readdirSync(dir)).toEqual(['lock']);
    expect(() => lockDataDir({ ...options, dir })).toThrow('in use by process');
    release();
  }
});

test('a successor that died while taking over is succeeded too', () => {
  const dir = tempDir();
  const dead = '{"dead":1}';
  const successor = '{"dead":2}';
  writeFileSync(join(dir, 'lock'), dead);
  writeFileSync(join(dir, `lock.over-${sha256(dead)}`), successor);
  const unlock = lockDataDir({ ...options, dir });
  expect(readdirSync(dir)).toEqual(['lock']);
  unlock();
});

test('a successor that lives keeps the lock though it has not finished', () => {
  const dir = tempDir();
  const unlock = lockDataDir({ ...options, dir });
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
