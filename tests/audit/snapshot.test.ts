import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newChain } from '#audit/chain.ts';
import { signCheckpoint } from '#audit/checkpoint.ts';
import type { Recovered } from '#audit/recover.ts';
import { type NoteSigner, newSignerKey, parseSignerKey, parseVerifierKey } from '#audit/signed-note.ts';
import { createSnapshotter } from '#audit/snapshotter.ts';
import { createStreamVersions } from '#audit/stream-versions.ts';
import { verifyLog } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { stolenKey } from '#tests/torture/tamper/forge.ts';
import { editSigned, editUnsigned, SNAPSHOT } from './edit-snapshot.ts';
import { countingFold, draft, entriesOf, fileLog, incident, tempDir } from './support.ts';

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
  await expect
    .poll(() => JSON.parse(readFileSync(join(dir, SNAPSHOT), 'utf8').split('\n')[0] ?? '').size)
    .toBeGreaterThan(9);
});

test.each([
  ['is gone', (dir: string) => rmSync(join(dir, SNAPSHOT))],
  ['is cut', (dir: string) => edit(dir, SNAPSHOT, (text) => text.slice(0, 200))],
  [
    'has another format',
    (dir: string) => editSigned(dir, (text) => text.replace('"format":3', '"format":2')),
  ],
  ['has another size', (dir: string) => editSigned(dir, (text) => text.replace('"size":31', '"size":30'))],
  [
    'has another root',
    (dir: string) => editSigned(dir, (text) => text.replace(/"root":"..../, '"root":"0000')),
  ],
  ['has another fold', (dir: string) => editSigned(dir, (text) => text.replace('"kinds"', '"sorts"'))],
  ['has subtrees that do not fit its size', (dir: string) => editSigned(dir, oneSubtree)],
  [
    'has a fold state that cannot be read',
    (dir: string) => editSigned(dir, (t) => t.replace('{\\"log', '[\\"log')),
  ],
  ['has no signature', (dir: string) => edit(dir, SNAPSHOT, (text) => text.slice(0, text.indexOf('\n')))],
  ['is signed by another key', (dir: string) => editSigned(dir, (text) => text, anotherKey(dir))],
  ['has a checkpoint for a signature', checkpointAsSignature],
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

const DOCTORED: [string, (text: string) => string][] = [
  ['fold state', (text: string) => text.replace('tool.finished\\":30', 'tool.finished\\":29')],
  ['stream versions', (text: string) => text.replace(/"streams":"[^"]*"/, `"streams":"${forgedVersions()}"`)],
  ['last time', (text: string) => text.replace(/"lastTs":\d/, '"lastTs":2')],
  [
    'end of payloads',
    (text: string) => text.replace('"payloadEnd":{"segment":0', '"payloadEnd":{"segment":1'),
  ],
];

test.each(DOCTORED)('a snapshot with a doctored %s that nobody signed is not used', async (_name, change) => {
  const dir = await closedLog();
  editUnsigned(dir, change);
  const { snapshot, verdict, fold } = await verdictOf(dir);
  expect(snapshot).toBe('none');
  expect(verdict).toEqual({ kind: 'ok', entries: 31 });
  expect(fold.save()).toEqual({ 'log.opened': 1, 'tool.finished': 30 });
});

test('a snapshot signed by the key before this one is not used', async () => {
  const dir = await closedLog();
  const before = stolenKey(dir);
  const log = await fileLog(dir, { folds: [countingFold()] });
  await log.rotateKey('yearly');
  await log.close();
  editSigned(dir, (text) => text, before);
  expect(await verdictOf(dir)).toMatchObject({ snapshot: 'none', verdict: { kind: 'ok', entries: 33 } });
});

test('a snapshot written after a change of key is used', async () => {
  const dir = await closedLog();
  const log = await fileLog(dir, { folds: [countingFold()], snapshotEvery: 1 });
  await log.rotateKey('yearly');
  await log.close();
  expect(await verdictOf(dir)).toMatchObject({ snapshot: 'used', verdict: { kind: 'ok', entries: 33 } });
});

test('no snapshot is written while the log names a key that does not sign yet', async () => {
  const dir = await closedLog(1);
  const [signer, next] = [stolenKey(dir), parseVerifierKey(anotherKey(dir).verifierKey)];
  if (!next) throw new Error('a new key cannot be read');
  const chain = newChain(next);
  const state: Recovered = {
    ...{ kind: 'ok', chain, end: { segment: 0, at: 0, line: 0 }, checkpointAt: 0, replayed: 0, index: [] },
    ...{ versions: createStreamVersions(), claimed: undefined, cut: { bytes: 0, payloadBytes: 0 } },
  };
  const cacheDir = tempDir();
  const snapshotter = createSnapshotter({ cacheDir, every: 1, folds: [], state, signer: () => signer });
  snapshotter.note(1);
  await snapshotter.finish();
  expect(readdirSync(cacheDir)).toEqual([]);
  chain.verifier = parseVerifierKey(signer.verifierKey) ?? next;
  await snapshotter.finish();
  expect(readdirSync(cacheDir)).toEqual(['snapshot.json']);
});

test('a doctored snapshot makes no start cut payloads that the log holds', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const payloads = [{ id: 'p', content: Buffer.from('evidence') }];
  await log.append([draft({ incidentId: incident(1), payloads })]);
  await log.close();
  const bytes = () => statSync(join(dir, 'log/payloads-00000000')).size;
  const before = bytes();
  editUnsigned(dir, (text) => text.replace(/"payloadEnd":\{[^}]*\}/, '"payloadEnd":{"segment":0,"at":0}'));
  await (await fileLog(dir)).close();
  expect(bytes()).toBe(before);
  expect((await verifyLog({ dir })).kind).toBe('ok');
});

test.each(DOCTORED)(
  'a signed snapshot with a wrong %s is found out behind the start',
  async (_name, change) => {
    const dir = await closedLog();
    editSigned(dir, change);
    const { snapshot, verdict } = await verdictOf(dir);
    expect(snapshot).toBe('used');
    expect(verdict).toEqual({ kind: 'tampered', reason: 'the snapshot does not follow from the log' });
  },
);

function anotherKey(dir: string): NoteSigner {
  const key = parseSignerKey(newSignerKey(stolenKey(dir).name, realRandom.bytes(32)));
  if (!key) throw new Error('a new key cannot be read');
  return key;
}

/** The log's key did sign this note, but not as one about a snapshot. */
function checkpointAsSignature(dir: string): void {
  const text = readFileSync(join(dir, SNAPSHOT), 'utf8').split('\n')[0] ?? '';
  const { note } = signCheckpoint(stolenKey(dir), 31, Buffer.from(sha256(text), 'hex'));
  writeFileSync(join(dir, SNAPSHOT), `${text}\n${note}`);
}

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
  editSigned(dir, forged);
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
