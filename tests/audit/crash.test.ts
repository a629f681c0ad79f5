import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { isCrashTail } from '#audit/crash-tail.ts';
import { verifyLog } from '#audit/verify.ts';
import { draft, entriesOf, fileLog, tempDir } from './support.ts';

const SEGMENT = 'log/00000000.jsonl';

/** A log of `sealed` bytes of whole groups, and behind them one group more. */
async function logWithLastGroup(filler = ''): Promise<{ dir: string; sealed: number; bytes: Buffer }> {
  const dir = tempDir();
  const log = await fileLog(dir);
  await log.append([draft({ payloads: [{ id: 'p1', content: Buffer.from('one') }] })]);
  const sealed = statSync(join(dir, SEGMENT)).size;
  await log.append([
    draft({ payloads: [{ id: 'p2', content: Buffer.from('two') }] }),
    draft({ body: { filler } }),
  ]);
  await log.close();
  rmSync(join(dir, 'cache'), { recursive: true });
  return { dir, sealed, bytes: readFileSync(join(dir, SEGMENT)) };
}

test('a tail torn at any length is what a crash leaves, and nothing before it is lost', async () => {
  const { dir, sealed, bytes } = await logWithLastGroup();
  for (let length = sealed; length < bytes.length; length += 1) {
    expect(isCrashTail(bytes.subarray(sealed, length), sealed, 2), `${length} bytes`).toBe(true);
  }
  for (let length = sealed; length < bytes.length; length += 7) {
    writeFileSync(join(dir, SEGMENT), bytes.subarray(0, length));
    expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 2, unsealed: length - sealed });
  }
});

test('opening cuts a torn tail with its payloads, records it, and the log goes on', async () => {
  const { dir, sealed, bytes } = await logWithLastGroup();
  for (let length = sealed + 1; length < bytes.length; length += 53) {
    const copy = join(tempDir(), 'data');
    cpSync(dir, copy, { recursive: true });
    writeFileSync(join(copy, SEGMENT), bytes.subarray(0, length));
    const log = await fileLog(copy);
    expect(log.opened.cut).toEqual({ bytes: length - sealed, payloadBytes: 31 });
    await log.append([draft({ payloads: [{ id: 'p3', content: Buffer.from('three') }] })]);
    const entries = await entriesOf(log, 2);
    expect(entries.map((entry) => entry.kind)).toEqual(['log.recovered', 'tool.finished']);
    expect(entries[0]?.body).toEqual({ bytes: length - sealed, payloadBytes: 31, size: 2 });
    await log.close();
    expect(await verifyLog({ dir: copy })).toMatchObject({
      kind: 'ok',
      entries: 4,
      unsealed: 0,
      unsealedPayloads: 0,
    });
  }
});

test('payload bytes without entries are cut and recorded', async () => {
  const { dir } = await logWithLastGroup();
  const path = join(dir, 'log/payloads-00000000');
  const bytes = readFileSync(path);
  writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(9, 1)]));
  writeFileSync(join(dir, 'log/payloads-00000001'), 'more');
  const log = await fileLog(dir);
  expect(log.opened.cut).toEqual({ bytes: 0, payloadBytes: 13 });
  expect(readFileSync(path)).toEqual(bytes);
});

test('a first group that was never finished leaves an empty log', async () => {
  const dir = tempDir();
  await (await fileLog(dir)).close();
  const bytes = readFileSync(join(dir, SEGMENT));
  writeFileSync(join(dir, SEGMENT), bytes.subarray(0, 100));
  rmSync(join(dir, 'cache'), { recursive: true });
  rmSync(join(dir, 'keys/log.first'));
  const log = await fileLog(dir);
  expect((await entriesOf(log)).map((entry) => entry.kind)).toEqual(['log.opened', 'log.recovered']);
});

test('a torn first group of a later segment is cut there', async () => {
  const dir = tempDir();
  const log = await fileLog(dir, { segmentBytes: 1, folds: [] });
  await log.append([draft()]);
  await log.close();
  const path = join(dir, 'log/00000001.jsonl');
  writeFileSync(path, readFileSync(path).subarray(0, 90));
  rmSync(join(dir, 'cache'), { recursive: true });
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 1, unsealed: 90 });
  const again = await fileLog(dir, { segmentBytes: 1 });
  expect(again.opened.cut).toEqual({ bytes: 90, payloadBytes: 0 });
  await again.append([draft()]);
  await again.close();
  const third = await fileLog(dir);
  expect([third.opened.snapshot, third.size()]).toEqual(['used', 3]);
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 3, unsealed: 0 });
});

test('a complete checkpoint that is wrong is tamper, and nothing is cut', async () => {
  const { dir, bytes } = await logWithLastGroup();
  const at = bytes.lastIndexOf('\\n"}') - 10;
  const forged = Buffer.from(bytes);
  forged[at] = bytes[at] === 65 ? 66 : 65;
  writeFileSync(join(dir, SEGMENT), forged);
  await expect(fileLog(dir)).rejects.toMatchObject({
    code: 'log_tampered',
    message: '00000000.jsonl line 7, first bad entry 2: signature of the checkpoint is wrong',
  });
  expect(readFileSync(join(dir, SEGMENT))).toEqual(forged);
});

test('a bad line before a checkpoint is tamper, named by segment, line and entry', async () => {
  const { dir, bytes } = await logWithLastGroup();
  writeFileSync(join(dir, SEGMENT), bytes.toString().replace('"outcome":"ok"', '"outcome":"no"'));
  await expect(fileLog(dir)).rejects.toMatchObject({
    code: 'log_tampered',
    message: '00000000.jsonl line 4, first bad entry 1: entries 1 to 1 do not match their checkpoint',
  });
});

test('payloads that are missing at the end are tamper', async () => {
  const { dir } = await logWithLastGroup();
  const path = join(dir, 'log/payloads-00000000');
  writeFileSync(path, readFileSync(path).subarray(0, -1));
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'log_tampered' });
});

test('sectors of NUL behind the last checkpoint are what a crash leaves; other NULs are not', async () => {
  const { dir, sealed, bytes } = await logWithLastGroup('x'.repeat(1200));
  const tail = bytes.subarray(sealed);
  const sector = 512 - (sealed % 512);
  const holed = (from: number, to: number) => Buffer.from(tail).fill(0, from, to);
  expect(isCrashTail(Buffer.alloc(4096), sealed, 2)).toBe(true);
  expect(isCrashTail(holed(0, tail.length), sealed, 2)).toBe(true);
  expect(isCrashTail(holed(sector, tail.length), sealed, 2)).toBe(true);
  expect(isCrashTail(holed(sector, sector + 512), sealed, 2)).toBe(true);
  expect(isCrashTail(holed(sector + 1, tail.length), sealed, 2)).toBe(false);
  expect(isCrashTail(holed(sector, sector + 511), sealed, 2)).toBe(false);
  const groupBehind = Buffer.concat([holed(sector, sector + 512), tail]);
  expect(isCrashTail(groupBehind, sealed, 2)).toBe(false);
  expect(isCrashTail(tail, sealed, 2)).toBe(false);
  expect(isCrashTail(tail.subarray(0, -1), sealed, 3)).toBe(false);
  expect(isCrashTail(Buffer.from('garbage'), sealed, 2)).toBe(false);
  writeFileSync(join(dir, SEGMENT), Buffer.concat([bytes.subarray(0, sealed), Buffer.alloc(10_000)]));
  const log = await fileLog(dir);
  expect(log.opened.cut.bytes).toBe(10_000);
});

/** Appends in another process until it is killed; returns the bodies it said were durable. */
async function appendUntilKilled(dir: string, afterAcks: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'append-forever.ts');
  const child = spawn(process.execPath, [script, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const acked: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acked.push(line);
    if (acked.length === afterAcks) child.kill('SIGKILL');
  }
  await exited;
  return acked;
}

test('every acknowledged entry survives kill -9, round after round', async () => {
  const dir = tempDir();
  const acked: string[] = [];
  for (const afterAcks of [1, 40, 150, 400]) {
    acked.push(...(await appendUntilKilled(dir, afterAcks)));
    expect((await verifyLog({ dir })).kind).toBe('ok');
  }
  const log = await fileLog(dir);
  const kept = new Set((await entriesOf(log)).map((entry) => entry.body.id));
  expect(acked.length).toBeGreaterThan(590);
  expect(acked.filter((id) => !kept.has(id))).toEqual([]);
  await log.close();
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', unsealed: 0, unsealedPayloads: 0 });
});
