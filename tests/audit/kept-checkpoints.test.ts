import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseNotes } from '#audit/kept-checkpoints.ts';
import { newestCheckpoint } from '#audit/newest-checkpoint.ts';
import { verifyLog } from '#audit/verify.ts';
import { draft, fileLog, tempDir } from './support.ts';

/** A log, and the note of each of its checkpoints as it was kept elsewhere. */
async function aLog(entries: number, dir = tempDir()) {
  const log = await fileLog(dir);
  const notes = [log.checkpoint().note];
  for (let i = 1; i <= entries; i += 1) {
    await log.append([draft({ body: { i } })]);
    notes.push(log.checkpoint().note);
  }
  return { dir, log, notes };
}

/** What somebody writes who holds the key of the host: the same log with another history from `keep` entries on. */
async function rewritten(dir: string, keep: number, entries: number): Promise<string> {
  const copy = tempDir();
  cpSync(dir, copy, {
    recursive: true,
    filter: (path) => !path.endsWith('/lock') && !path.includes('/cache'),
  });
  const path = join(copy, 'log/00000000.jsonl');
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  writeFileSync(path, `${lines.slice(0, keep * 2).join('\n')}\n`);
  const log = await fileLog(copy);
  for (let i = keep; i < entries; i += 1) await log.append([draft({ body: { forged: i } })]);
  await log.close();
  return copy;
}

test('a log holds every checkpoint that was kept of it, in any order', async () => {
  const { dir, log, notes } = await aLog(6);
  await log.close();
  expect(await verifyLog({ dir, against: notes.toReversed() })).toMatchObject({ kind: 'ok', entries: 7 });
  expect(await newestCheckpoint(dir)).toMatchObject({ size: 7, note: notes.at(-1) });
});

test('an end that was cut off is found with a checkpoint that was kept, though the rest verifies', async () => {
  const { dir, log, notes } = await aLog(6);
  await log.close();
  const copy = await rewritten(dir, 4, 4);
  expect(await verifyLog({ dir: copy })).toMatchObject({ kind: 'ok', entries: 4 });
  expect(await verifyLog({ dir: copy, against: notes.slice(0, 4) })).toMatchObject({ kind: 'ok' });
  expect(await verifyLog({ dir: copy, against: notes })).toMatchObject({
    kind: 'bad',
    entry: 4,
    reason: 'the end is missing: a kept checkpoint names 5 entries',
  });
});

test('a history rewritten with the key of the host is found with a checkpoint that was kept', async () => {
  const { dir, log, notes } = await aLog(6);
  await log.close();
  const copy = await rewritten(dir, 3, 9);
  expect(await verifyLog({ dir: copy })).toMatchObject({ kind: 'ok', entries: 9 });
  expect(await verifyLog({ dir: copy, against: [notes[6] ?? '', notes[1] ?? ''] })).toMatchObject({
    kind: 'bad',
    entry: 2,
    reason: 'the first 7 entries are not those of a kept checkpoint',
  });
});

test('checkpoints from before and after a change of the key are held alike', async () => {
  const { dir, log, notes } = await aLog(2);
  await log.rotateKey('yearly');
  notes.push(log.checkpoint().note);
  await log.append([draft()]);
  notes.push(log.checkpoint().note);
  await log.close();
  expect(await verifyLog({ dir, against: notes })).toMatchObject({ kind: 'ok', entries: 6 });
});

test('another log in its place, or a note that nobody of it signed, is found', async () => {
  const [one, other] = [await aLog(3), await aLog(3)];
  expect(await verifyLog({ dir: one.dir, against: other.notes })).toMatchObject({
    kind: 'bad',
    entry: 0,
    reason: expect.stringContaining('is of another log'),
  });
  const forged = (one.notes[2] ?? '').replace(/(\u2014 \S+ .{8})..../, '$1AAAA');
  expect(await verifyLog({ dir: one.dir, against: [forged] })).toMatchObject({
    kind: 'bad',
    reason: 'a kept checkpoint of 3 entries is not signed by this log',
  });
  expect(await verifyLog({ dir: one.dir, against: ['words'] })).toMatchObject({ kind: 'bad' });
});

test('checkpoints kept across a change of log are held by the new one beside those of the one it replaced', async () => {
  const { dir, log, notes } = await aLog(4);
  await log.close();
  const path = join(dir, 'log/00000000.jsonl');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"body":{"i":3}', '"body":{"i":9}'));
  rmSync(join(dir, 'cache'), { recursive: true });
  const next = await fileLog(dir, { onDamage: () => [] });
  const mine = next.checkpoint().note;
  await next.close();
  expect(await verifyLog({ dir, against: [...notes, mine] })).toMatchObject({
    kind: 'ok',
    keptOfReplaced: 5,
  });
  expect(await verifyLog({ dir, against: [mine] })).toMatchObject({ kind: 'ok', keptOfReplaced: 0 });
  const reason = expect.stringContaining('is of another log');
  expect(await verifyLog({ dir, against: notes })).toMatchObject({ kind: 'bad', reason });
  const other = await aLog(3);
  const mixed = [...notes, mine, ...other.notes];
  expect(await verifyLog({ dir, against: mixed })).toMatchObject({ kind: 'bad', reason });
});

test('notes are found in a file of notes, and what is none of them is counted', async () => {
  const { notes } = await aLog(2);
  expect(parseNotes(notes.join('\n'))).toEqual({ notes, unreadable: 0 });
  expect(parseNotes(notes.join(''))).toEqual({ notes, unreadable: 0 });
  expect(parseNotes(`${notes[0]}\n${notes[1]?.slice(0, 40)}`)).toMatchObject({
    notes: [notes[0]],
    unreadable: 40,
  });
  expect(parseNotes('')).toEqual({ notes: [], unreadable: 0 });
});
