import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createStreamVersions } from '#audit/stream-versions.ts';
import { countingFold, draft, entriesOf, fileLog, tempDir } from './support.ts';

const SNAPSHOT = 'cache/snapshot.json';

async function closedLog(entries = 30): Promise<string> {
  const dir = tempDir();
  const log = await fileLog(dir, { folds: [countingFold()], snapshotEvery: 10 });
  for (let i = 0; i < entries; i += 1) await log.append([draft({ streams: ['s', `t:${i}`], body: { i } })]);
  await log.close();
  return dir;
}

function edit(dir: string, name: string, change: (text: string) => string): void {
  const path = join(dir, name);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
}

const verdictOf = async (dir: string) => {
  const fold = countingFold();
  const log = await fileLog(dir, { folds: [fold] });
  const verdict = await log.verifyInBackground(() => [countingFold()]);
  await log.close();
  return { snapshot: log.opened.snapshot, verdict, fold };
};

test('a restart uses the snapshot, and the states are those of a full replay', async () => {
  const dir = await closedLog();
  const fold = countingFold();
  const log = await fileLog(dir, { folds: [fold] });
  expect(log.opened).toMatchObject({ snapshot: 'used', replayed: 0 });
  expect(fold.save()).toEqual({ 'log.opened': 1, 'tool.finished': 30 });
  expect([log.size(), log.version('s'), log.version('t:29'), log.version('t:30')]).toEqual([31, 30, 1, 0]);
  expect(await log.verifyInBackground(() => [countingFold()])).toEqual({ kind: 'ok', entries: 31 });
});

test('a snapshot taken on the way is used with the tail behind it', async () => {
  const dir = await closedLog();
  const early = readFileSync(join(dir, SNAPSHOT));
  const log = await fileLog(dir, { folds: [countingFold()] });
  for (let i = 0; i < 7; i += 1) await log.append([draft({ streams: ['s'] })]);
  await log.close();
  writeFileSync(join(dir, SNAPSHOT), early);
  const fold = countingFold();
  const again = await fileLog(dir, { folds: [fold] });
  expect(again.opened).toMatchObject({ snapshot: 'used', replayed: 7 });
  expect([again.version('s'), fold.counts.get('tool.finished')]).toEqual([37, 37]);
  expect((await again.verifyInBackground(() => [countingFold()])).kind).toBe('ok');
});

test('snapshots are written every so many entries without waiting for the end', async () => {
  const dir = tempDir();
  const log = await fileLog(dir, { folds: [countingFold()], snapshotEvery: 10 });
  for (let i = 0; i < 25; i += 1) await log.append([draft()]);
  await expect.poll(() => JSON.parse(readFileSync(join(dir, SNAPSHOT), 'utf8')).size).toBeGreaterThan(9);
});

test.each([
  ['is gone', (dir: string) => rmSync(join(dir, SNAPSHOT))],
  ['is cut', (dir: string) => edit(dir, SNAPSHOT, (text) => text.slice(0, 200))],
  [
    'has another format',
    (dir: string) => edit(dir, SNAPSHOT, (text) => text.replace('"format":2', '"format":3')),
  ],
  [
    'has another size',
    (dir: string) => edit(dir, SNAPSHOT, (text) => text.replace('"size":31', '"size":30')),
  ],
  [
    'has another root',
    (dir: string) => edit(dir, SNAPSHOT, (text) => text.replace(/"root":"..../, '"root":"0000')),
  ],
  ['has another fold', (dir: string) => edit(dir, SNAPSHOT, (text) => text.replace('"kinds"', '"sorts"'))],
  ['has subtrees that do not fit its size', (dir: string) => edit(dir, SNAPSHOT, oneSubtree)],
  [
    'has a fold state that cannot be read',
    (dir: string) => edit(dir, SNAPSHOT, (t) => t.replace('{\\"log', '[\\"log')),
  ],
])('a snapshot that %s costs a full replay and nothing else', async (_name, damage) => {
  const dir = await closedLog();
  damage(dir);
  const { snapshot, verdict, fold } = await verdictOf(dir);
  expect(snapshot).toBe('none');
  expect(verdict).toEqual({ kind: 'ok', entries: 31 });
  expect(fold.save()).toEqual({ 'log.opened': 1, 'tool.finished': 30 });
});

test('a fold of another version is replayed from the start', async () => {
  const dir = await closedLog();
  const fold = countingFold(2);
  const log = await fileLog(dir, { folds: [fold] });
  expect(log.opened).toMatchObject({ snapshot: 'none', replayed: 31 });
  expect(fold.counts.get('tool.finished')).toBe(30);
});

test.each([
  ['fold state', (text: string) => text.replace('tool.finished\\":30', 'tool.finished\\":29')],
  ['stream versions', (text: string) => text.replace(/"streams":"[^"]*"/, `"streams":"${forgedVersions()}"`)],
  ['last time', (text: string) => text.replace(/"lastTs":\d/, '"lastTs":2')],
  [
    'end of payloads',
    (text: string) => text.replace('"payloadEnd":{"segment":0', '"payloadEnd":{"segment":1'),
  ],
])('a snapshot with a doctored %s is found out by the check behind the start', async (_name, change) => {
  const dir = await closedLog();
  edit(dir, SNAPSHOT, change);
  const { snapshot, verdict } = await verdictOf(dir);
  expect(snapshot).toBe('used');
  expect(verdict).toEqual({ kind: 'tampered', reason: 'the snapshot does not follow from the log' });
});

/** The root stays the same, but the next entry would get a wrong one. */
function oneSubtree(text: string): string {
  const { root } = JSON.parse(text);
  return text.replace(/"frontier":\[[^\]]*\]/, `"frontier":["${root}"]`);
}

function forgedVersions(): string {
  const versions = createStreamVersions();
  for (let i = 0; i < 30; i += 1) versions.add('s');
  return versions.save();
}

test('a log changed behind the snapshot is found out by the check behind the start', async () => {
  const dir = await closedLog();
  edit(dir, 'log/00000000.jsonl', (text) => text.replace('"body":{"i":3}', '"body":{"i":4}'));
  const { snapshot, verdict } = await verdictOf(dir);
  expect(snapshot).toBe('used');
  expect(verdict).toMatchObject({ kind: 'tampered', reason: expect.stringContaining('first bad entry 4') });
});

test('a place in the snapshot that leads past the wanted entries is noticed by the reader', async () => {
  const dir = await closedLog();
  const forged = (text: string) =>
    text.replace(
      '"index":[{"seq":0,"place":{"segment":0,"at":0,',
      `"index":[{"seq":0,"place":{"segment":0,"at":${secondGroup(dir)},`,
    );
  edit(dir, SNAPSHOT, forged);
  const log = await fileLog(dir, { folds: [countingFold()] });
  await expect(entriesOf(log, 0)).rejects.toMatchObject({ code: 'log_tampered' });
});

function secondGroup(dir: string): number {
  return readFileSync(join(dir, 'log/00000000.jsonl')).indexOf('{"actor"', 10);
}

test('closing the log stops the check behind the start', async () => {
  const dir = await closedLog();
  const log = await fileLog(dir, { folds: [countingFold()] });
  const verdict = log.verifyInBackground(() => [countingFold()]);
  await log.close();
  expect(await verdict).toEqual({ kind: 'stopped' });
});

test('entries appended while the check runs do not disturb it', async () => {
  const dir = await closedLog();
  const log = await fileLog(dir, { folds: [countingFold()] });
  const verdict = log.verifyInBackground(() => [countingFold()]);
  for (let i = 0; i < 20; i += 1) await log.append([draft()]);
  expect(await verdict).toEqual({ kind: 'ok', entries: 31 });
});

test('a table of thousands of streams keeps every version through saving', () => {
  const versions = createStreamVersions();
  for (let i = 0; i < 5000; i += 1) for (let n = 0; n <= i % 3; n += 1) versions.add(`delivery:am:${i}`);
  const again = createStreamVersions(versions.save());
  const wrong = Array.from({ length: 6000 }, (_, i) => i).filter(
    (i) => again.get(`delivery:am:${i}`) !== (i < 5000 ? (i % 3) + 1 : 0),
  );
  expect(wrong).toEqual([]);
  expect(versions.equals(again.save())).toBe(true);
  again.add('delivery:am:1');
  expect(versions.equals(again.save())).toBe(false);
});
