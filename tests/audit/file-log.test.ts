import { copyFileSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { realDisk } from '#audit/disk.ts';
import { showLog } from '#audit/show.ts';
import { verifyLog } from '#audit/verify.ts';
import type { Clock } from '#core/clock.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { testLog } from './log-conformance.ts';
import { collect, draft, entriesOf, fileLog, incident, onRealTime, tempDir } from './support.ts';

describe('file log', () => testLog((options) => fileLog(tempDir(), options)));

/** The same clock, but each look at durations takes 3 ms, as if the disk were slow. */
function slowed(clock: Clock): Clock {
  let looks = 0;
  const mono = () => {
    looks += 3;
    return looks;
  };
  return {
    now: () => clock.now(),
    mono,
    sleep: (ms) => clock.sleep(ms),
    after: (ms, fn) => clock.after(ms, fn),
  };
}

describe('file log on a slow disk', () =>
  testLog((options) => fileLog(tempDir(), { ...options, clock: slowed(options.clock) })));

test('on a slow disk the writer waits instead of blocking', async () => {
  const calls = { now: 0, later: 0 };
  const disk = {
    ...realDisk,
    sync: (fd: number) => {
      calls.now += 1;
      realDisk.sync(fd);
    },
    syncLater: (fd: number) => {
      calls.later += 1;
      return realDisk.syncLater(fd);
    },
  };
  const dir = tempDir();
  const log = await fileLog(dir, { clock: slowed(new FakeClock()), disk });
  for (let i = 0; i < 20; i += 1) {
    await log.append([draft({ payloads: [{ id: `p${i}`, content: Buffer.from('x') }] })]);
  }
  expect(calls.later).toBeGreaterThan(10);
  expect(calls.now).toBeGreaterThan(0);
  await log.close();
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 21, payloads: 20 });
});

test('segments are rotated by size and read as one log', async () => {
  const dir = tempDir();
  const log = await fileLog(dir, { segmentBytes: 4000, ...onRealTime });
  const payloads = [{ id: 'p', content: Buffer.alloc(1500, 'x') }];
  for (let i = 0; i < 40; i += 1)
    await log.append([draft({ body: { i }, incidentId: incident(1), payloads })]);
  const files = readdirSync(join(dir, 'log'));
  expect(files.filter((name) => name.endsWith('.jsonl')).length).toBeGreaterThan(3);
  expect(files.filter((name) => name.startsWith('payloads-')).length).toBeGreaterThan(3);
  expect((await entriesOf(log, 7)).map((entry) => entry.seq)).toEqual(
    Array.from({ length: 34 }, (_, i) => i + 7),
  );
  await log.close();
  const again = await fileLog(dir, { segmentBytes: 4000 });
  expect(again.size()).toBe(41);
  expect((await entriesOf(again, 30)).length).toBe(11);
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 41, payloads: 40 });
});

test('a second opening continues numbers, versions, time and origin', async () => {
  const dir = tempDir();
  const clock = new FakeClock();
  const log = await fileLog(dir, { clock });
  await log.append([draft({ streams: ['target:a'] })]);
  await log.close();
  const jumps: number[] = [];
  const past = new FakeClock(clock.now() - 60_000);
  const again = await fileLog(dir, { clock: past, onClockBack: (ms) => jumps.push(ms) });
  expect([again.size(), again.version('target:a')]).toEqual([2, 1]);
  await again.append([draft()], { expect: { 'target:a': 1 } });
  expect((await entriesOf(again)).map((entry) => entry.ts)).toEqual([clock.now(), clock.now(), clock.now()]);
  expect(again.checkpoint().origin).toBe(log.checkpoint().origin);
  expect(jumps).toEqual([60_000]);
});

test('directories are for the owner only, and so are files', async () => {
  const dir = join(tempDir(), 'deep', 'data');
  const log = await fileLog(dir);
  await log.append([draft({ incidentId: incident(1), payloads: [{ id: 'p', content: Buffer.from('x') }] })]);
  await log.close();
  const names = ['.', 'log', 'keys', 'keys/incidents', 'cache', 'keys/log.key', 'keys/incidents/INC-1.key'];
  const files = ['log/00000000.jsonl', 'log/payloads-00000000', 'log/log.pub', 'cache/snapshot.json'];
  const modes = [...names, ...files].map((name) => (statSync(join(dir, name)).mode & 0o777).toString(8));
  expect(modes).toEqual([...Array(5).fill('700'), ...Array(6).fill('600')]);
});

test('the ciphertext on disk does not hold the payload', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  await log.append([draft({ payloads: [{ id: 'p', content: Buffer.from('very secret words') }] })]);
  expect(readFileSync(join(dir, 'log/payloads-00000000')).includes('very secret')).toBe(false);
});

test('a path that cannot be a directory is told in one plain line', async () => {
  const dir = tempDir();
  writeFileSync(join(dir, 'file'), '');
  await expect(fileLog(join(dir, 'file', 'data'))).rejects.toMatchObject({
    code: 'data_dir_unusable',
    message: expect.stringMatching(/^cannot use [^\n]*ENOTDIR[^\n]*$/),
  });
});

test.each([
  ['gone', (path: string) => rmSync(path)],
  ['cut', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').slice(0, -8))],
])('a log whose key is %s is not continued with another one', async (_name, damage) => {
  const dir = tempDir();
  await (await fileLog(dir)).close();
  damage(join(dir, 'keys/log.key'));
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'data_dir_unusable' });
});

test('a public key that is not that of the signing key is tamper', async () => {
  const dir = tempDir();
  const other = tempDir();
  await (await fileLog(dir)).close();
  await (await fileLog(other)).close();
  copyFileSync(join(other, 'log/log.pub'), join(dir, 'log/log.pub'));
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'log_tampered' });
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'bad', entry: 0 });
});

test.each(['write', 'sync'] as const)('a disk whose %s fails fails everything behind it', async (part) => {
  const dir = tempDir();
  const state = { broken: false };
  const broken = {
    ...realDisk,
    [part]: (fd: number, bytes: Buffer, at: number) => {
      if (state.broken) throw new Error('ENOSPC: no space left on device');
      if (part === 'write') realDisk.write(fd, bytes, at);
      else realDisk.sync(fd);
    },
  };
  const log = await fileLog(dir, { disk: broken });
  const heard: number[] = [];
  log.subscribe((entries) => heard.push(...entries.map((entry) => entry.seq)));
  await log.append([draft()]);
  state.broken = true;
  const queued = await Promise.allSettled([
    log.append([draft()]),
    log.append([draft({ streams: ['a'] })]),
    log.append([draft()], { expect: { a: 0 } }),
  ]);
  state.broken = false;
  await expect(log.append([draft()])).rejects.toMatchObject({ code: 'log_append_failed' });
  for (const one of queued) {
    expect(one).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'log_append_failed',
        message: 'the log cannot be written: ENOSPC: no space left on device',
      },
    });
  }
  expect([log.size(), log.version('a'), heard, log.health().kind]).toEqual([2, 0, [1], 'failed']);
  await log.close();
  const again = await fileLog(dir);
  expect((await entriesOf(again)).map((entry) => entry.kind)).toContain('tool.finished');
});

test('lines are shown as they stand in the files, filtered, bad ones reported', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  await log.append([draft({ incidentId: incident(1) }), draft({ incidentId: incident(2), kind: 'a.b' })]);
  await log.close();
  const path = join(dir, 'log/00000000.jsonl');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"a.b"', '"a.b" '));
  const shown = await collect(showLog({ dir, incidentId: incident(1) }));
  expect(shown).toMatchObject([
    { kind: 'entry', line: 3, entry: { seq: 1, incidentId: 'INC-1' } },
    { kind: 'bad', line: 4, segment: '00000000.jsonl', reason: 'line is not canonical' },
  ]);
  const opened = await collect(showLog({ dir: join(dir, 'log'), kind: 'log.opened' }));
  expect(opened.map((line) => line.kind)).toEqual(['entry', 'bad']);
});

test('a segment that is only a name left by a crash is used', async () => {
  const dir = tempDir();
  await (await fileLog(dir)).close();
  writeFileSync(join(dir, 'log/00000001.jsonl'), '');
  const log = await fileLog(dir, { segmentBytes: 1 });
  await log.append([draft()]);
  await log.close();
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 2 });
  expect(statSync(join(dir, 'log/00000001.jsonl')).size).toBeGreaterThan(0);
});

test('a log can be verified while it is being written', async () => {
  const dir = tempDir();
  const log = await fileLog(dir, { segmentBytes: 8000 });
  const state = { done: false };
  const writing = Promise.all(
    [1, 2, 3].map(async (writer) => {
      const payloads = [{ id: 'p', content: Buffer.alloc(200) }];
      for (let i = 0; i < 60; i += 1) await log.append([draft({ body: { writer, i }, payloads }), draft()]);
    }),
  ).then(() => {
    state.done = true;
  });
  const kinds = new Set<string>();
  while (!state.done) kinds.add((await verifyLog({ dir })).kind);
  await writing;
  expect([...kinds]).toEqual(['ok']);
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 361 });
});
