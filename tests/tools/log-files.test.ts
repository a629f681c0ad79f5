import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLogFiles, TAIL_BYTES } from '#tools/drivers/log-files.ts';
import type { LogsQuery } from '#tools/drivers/ports.ts';
import { aService } from './a-service.ts';
import { never } from './loopback.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-'));
});
afterEach(() => rm(folder, { recursive: true }));

const start = Date.UTC(2026, 0, 5, 3);
const driver = createLogFiles();
const json = (level: string | number, msg: string, second = 0): string =>
  JSON.stringify({ ts: new Date(start + second * 1000).toISOString(), level, msg });

function search(files: string[], more: Partial<LogsQuery> = {}) {
  const service = aService({ logs: files.map((file) => join(folder, file)) });
  return driver.search({ service, level: 'any', from: start, limit: 100, ...more }, never);
}
const write = (file: string, lines: string[]): Promise<void> =>
  writeFile(join(folder, file), `${lines.join('\n')}\n`);

test('reads JSON lines of several spellings, and plain lines with a level word', async () => {
  await write('a.log', [
    json('info', 'one'),
    JSON.stringify({ time: start + 1000, level: 50, msg: 'two' }),
    JSON.stringify({ timestamp: '2026-01-05T03:00:02Z', level: 'WARNING', message: 'three' }),
    '2026-01-05 03:00:03,500 ERROR [main] four',
    'no time here',
    '{ not json',
  ]);
  const seen = await search(['a.log']);
  expect(seen.kind === 'seen' && seen.value.lines).toEqual([
    expect.objectContaining({ at: start, level: 'info', message: 'one' }),
    expect.objectContaining({ at: start + 1000, level: 'error', message: 'two' }),
    expect.objectContaining({ at: start + 2000, level: 'warn', message: 'three' }),
    expect.objectContaining({ at: start + 3500, level: 'error', message: 'ERROR [main] four' }),
    expect.objectContaining({ at: null, level: 'info', message: 'no time here' }),
    expect.objectContaining({ at: null, message: '{ not json' }),
  ]);
});

test('filters by level and time and counts what is beyond the limit', async () => {
  await write('a.log', [
    json('error', 'old', -10),
    'trace of old',
    ...Array.from({ length: 9 }, (_, i) => json(i % 3 === 0 ? 'error' : 'info', `n${i}`, i)),
  ]);
  const seen = await search(['a.log'], { level: 'error', limit: 2 });
  expect(seen.kind === 'seen' && seen.value.lines.map(({ message }) => message)).toEqual(['n3', 'n6']);
  expect(seen).toMatchObject({ value: { total: 3, truncated: true } });
});

test('merges the files of a service by time', async () => {
  await write('a.log', [json('info', 'first', 1), json('info', 'third', 3)]);
  await write('b.log', [json('info', 'second', 2)]);
  const seen = await search(['a.log', 'b.log']);
  expect(seen.kind === 'seen' && seen.value.lines.map(({ message }) => message)).toEqual([
    'first',
    'second',
    'third',
  ]);
});

test('reads the end of a long file only, from a whole line on, and says that something is missing', async () => {
  const lines = Array.from({ length: 20_000 }, (_, i) => json('info', `line ${i}`, i));
  await write('a.log', lines);
  const seen = await search(['a.log'], { limit: 100_000 });
  if (seen.kind === 'gap') throw new Error(seen.detail);
  expect(seen.value.truncated).toBe(true);
  expect(seen.value.lines.every(({ at }) => at !== null)).toBe(true);
  expect(seen.value.lines.at(-1)?.message).toBe('line 19999');
  expect(seen.value.total).toBeLessThan(TAIL_BYTES / 40);
});

test('a link out of the folder is refused, one inside is read', async () => {
  await write('real.log', [json('info', 'inside')]);
  await symlink(join(folder, 'real.log'), join(folder, 'current.log'));
  await symlink('/etc/passwd', join(folder, 'evil.log'));
  expect(await search(['current.log'])).toMatchObject({ kind: 'seen', value: { total: 1 } });
  expect(await search(['evil.log'])).toMatchObject({ kind: 'gap', reason: 'refused' });
});

test('folders and pipes are refused and hold nothing up', async () => {
  expect(await search(['.'])).toMatchObject({ kind: 'gap' });
  execFileSync('mkfifo', [join(folder, 'pipe.log')]);
  expect(await search(['pipe.log'])).toMatchObject({ kind: 'gap', reason: 'refused' });
});

test('no configured files, and a file that is not there, are gaps', async () => {
  expect(await search([])).toMatchObject({ kind: 'gap', reason: 'not_configured' });
  expect(await search(['gone.log'])).toMatchObject({ kind: 'gap', reason: 'unreachable' });
});
