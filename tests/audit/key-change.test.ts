import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { realDisk } from '#audit/disk.ts';
import { newSignerKey, parseSignerKey } from '#audit/signed-note.ts';
import { verifyLog } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { changed, readGroups, renumber, reseal, stolenKey, writeGroups } from '../torture/tamper/forge.ts';
import { countingFold, draft, entriesOf, fileLog, tempDir } from './support.ts';

/** A closed log whose key was changed `changes` times, with entries in between. */
async function rotatedLog(changes = 1): Promise<{ dir: string; keys: string[] }> {
  const dir = tempDir();
  const keys = [];
  for (let change = 0; change <= changes; change += 1) {
    const log = await fileLog(dir, { folds: [countingFold()] });
    await log.append([draft({ body: { change } })]);
    keys.push(stolenKey(dir).verifierKey);
    if (change < changes) await log.rotateKey('yearly');
    await log.append([draft({ body: { after: change } })]);
    await log.close();
  }
  return { dir, keys };
}

/** Puts a directory back to where a crash would have left it while the key was changed, and opens it again. */
async function crashed(step: 'stored' | 'named', withSnapshot: boolean) {
  const dir = tempDir();
  const log = await fileLog(dir, { folds: [countingFold()] });
  await log.append([draft()]);
  if (withSnapshot) await log.close();
  const before = join(tempDir(), 'before');
  const again = withSnapshot ? await fileLog(dir, { folds: [countingFold()] }) : log;
  cpSync(dir, before, { recursive: true });
  await again.rotateKey('yearly');
  cpSync(join(dir, 'keys/log.key'), join(before, 'keys/log.key.next'));
  if (step === 'named') writeGroups(join(before, 'log'), readGroups(join(dir, 'log')).slice(0, -1));
  rmSync(join(before, 'lock'), { force: true });
  return { dir: before, newKey: stolenKey(dir).verifierKey };
}

test('after a change of key everything verifies with the first key, and the log goes on', async () => {
  const { dir, keys } = await rotatedLog(3);
  expect(new Set(keys).size).toBe(4);
  const log = await fileLog(dir);
  await log.append([draft()]);
  const kinds = (await entriesOf(log)).map((entry) => entry.kind);
  expect(kinds.filter((kind) => kind.startsWith('log.'))).toEqual([
    'log.opened',
    ...Array(3).fill(['log.key_rotated', 'log.key_used']).flat(),
  ]);
  expect((await log.verifyInBackground(() => [])).kind).toBe('ok');
  await log.close();
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 16, unsealed: 0 });
});

test('the private key from before a change is gone', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const before = readFileSync(join(dir, 'keys/log.key'), 'utf8');
  await log.rotateKey('it was in a backup');
  const files = readdirSync(join(dir, 'keys'), { recursive: true, withFileTypes: true });
  const contents = files
    .filter((file) => file.isFile())
    .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'));
  expect(contents.length).toBeGreaterThan(1);
  expect(contents).not.toContain(before);
});

test('a later key can be trusted instead of the first, and one that never signed cannot', async () => {
  const { dir, keys } = await rotatedLog(2);
  for (const publicKey of keys) expect((await verifyLog({ dir, publicKey })).kind).toBe('ok');
  const [name = ''] = (keys[0] ?? '').split('+');
  const stranger = parseSignerKey(newSignerKey(name, realRandom.bytes(32)));
  expect(await verifyLog({ dir, publicKey: stranger?.verifierKey ?? '' })).toMatchObject({
    kind: 'bad',
    entry: 0,
    reason: 'the given key has signed nothing here',
  });
});

test('who holds an old key can deceive those who trust the first key, not those who trust the newest', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const old = stolenKey(dir);
  await log.append([draft({ body: { said: 'no' } })]);
  await log.rotateKey('stolen');
  await log.close();
  const newest = stolenKey(dir).verifierKey;
  const [first, second, third] = readGroups(join(dir, 'log'));
  if (!first || !second || !third) throw new Error('three groups were expected');
  const forged = { ...second, entries: second.entries.map((line) => line.replace('"no"', '"yes"')) };
  writeGroups(
    join(dir, 'log'),
    reseal([first, forged, third], () => old),
  );
  expect((await verifyLog({ dir })).kind).toBe('ok');
  expect(await verifyLog({ dir, publicKey: newest })).toMatchObject({ kind: 'bad' });
});

test('another key without the entry that names it is tamper', async () => {
  const { dir } = await rotatedLog(1);
  const other = parseSignerKey(newSignerKey(stolenKey(dir).name, realRandom.bytes(32)));
  if (!other) throw new Error('no key');
  const groups = readGroups(join(dir, 'log'));
  const resealed = reseal(groups, () => other);
  for (let place = 0; place < groups.length; place += 1) {
    const forged = groups.map((group, at) => (at < place ? group : (resealed[at] ?? group)));
    writeGroups(join(dir, 'log'), forged);
    expect((await verifyLog({ dir })).kind, `from group ${place} on`).toBe('bad');
    rmSync(join(dir, 'cache'), { recursive: true, force: true });
    await expect(fileLog(dir), `from group ${place} on`).rejects.toMatchObject({ code: 'log_tampered' });
  }
});

test('a forged change of key deep in a long log is found at the start, though only the newest signatures are checked', async () => {
  const { dir } = await rotatedLog(0);
  const host = stolenKey(dir);
  const thief = parseSignerKey(newSignerKey(host.name, realRandom.bytes(32)));
  if (!thief) throw new Error('no key');
  const [opened, group] = readGroups(join(dir, 'log'));
  if (!opened || !group) throw new Error('two groups were expected');
  const handOver = (newKey: string) => ({
    checkpoint: '',
    entries: group.entries.map((line) =>
      changed(line, (entry) => {
        entry.kind = 'log.key_rotated';
        entry.body = { newKey, reason: 'forged' };
      }),
    ),
  });
  const filling = Array.from({ length: 4200 }, () => group);
  const all = renumber([opened, handOver(thief.verifierKey), ...filling, handOver(host.verifierKey)]);
  writeGroups(
    join(dir, 'log'),
    reseal(all, (place) => (place === 0 ? host : thief)),
  );
  rmSync(join(dir, 'cache'), { recursive: true });
  await expect(fileLog(dir)).rejects.toMatchObject({
    code: 'log_tampered',
    message: expect.stringContaining('first bad entry 1: signature of the checkpoint is wrong'),
  });
});

test('an old key that signs on behind its successor is tamper', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const old = stolenKey(dir);
  await log.rotateKey('yearly');
  await log.append([draft()]);
  await log.close();
  writeGroups(
    join(dir, 'log'),
    reseal(readGroups(join(dir, 'log')), () => old),
  );
  expect(await verifyLog({ dir })).toMatchObject({
    kind: 'bad',
    entry: 2,
    reason: 'signature of the checkpoint is wrong',
  });
});

test('a log that ends before its key was introduced is found at the next start', async () => {
  const { dir } = await rotatedLog(1);
  writeGroups(join(dir, 'log'), readGroups(join(dir, 'log')).slice(0, 2));
  expect((await verifyLog({ dir })).kind).toBe('ok');
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'log_tampered' });
});

test.each([
  ['stored', true],
  ['stored', false],
] as const)(
  'a change of key that a crash cut short when the next key was %s did not happen (snapshot: %s)',
  async (step, snapshot) => {
    const { dir } = await crashed(step, snapshot);
    const before = stolenKey(dir).verifierKey;
    const log = await fileLog(dir, { folds: [countingFold()] });
    expect([stolenKey(dir).verifierKey, existsSync(join(dir, 'keys/log.key.next'))]).toEqual([before, false]);
    await log.append([draft()]);
    await log.close();
    expect((await verifyLog({ dir })).kind).toBe('ok');
  },
);

test.each([true, false])(
  'a change of key that a crash cut short when the log named the next key is finished (snapshot: %s)',
  async (snapshot) => {
    const { dir, newKey } = await crashed('named', snapshot);
    const log = await fileLog(dir, { folds: [countingFold()] });
    expect([stolenKey(dir).verifierKey, existsSync(join(dir, 'keys/log.key.next'))]).toEqual([newKey, false]);
    await log.append([draft()]);
    await log.close();
    const again = await fileLog(dir, { folds: [countingFold()] });
    expect(again.opened.snapshot).toBe('used');
    expect((await again.verifyInBackground(() => [countingFold()])).kind).toBe('ok');
    expect((await verifyLog({ dir })).kind).toBe('ok');
  },
);

test('nothing signs with the next key while it cannot be stored', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const changing = log.rotateKey('yearly');
  // The next key is stored by now; the log names it in a later turn.
  await Promise.resolve();
  renameSync(join(dir, 'keys/log.key.next'), join(dir, 'keys/elsewhere'));
  await expect(changing).rejects.toMatchObject({ code: 'log_append_failed' });
  expect(log.health().kind).toBe('failed');
  await log.close();
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 2 });
});

test('changes of key asked for at once happen one after the other', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  await Promise.all(['one', 'two', 'three'].map((reason) => log.rotateKey(reason)));
  await log.close();
  const again = await fileLog(dir);
  expect((await entriesOf(again)).map(({ body }) => body.reason).filter(Boolean)).toEqual([
    'one',
    'two',
    'three',
  ]);
});

test('a failed log keeps the next key that it may name on disk already', async () => {
  const dir = tempDir();
  const state = { broken: false };
  const sync = (fd: number): void => {
    if (state.broken) throw new Error('the process ends here');
    realDisk.sync(fd);
  };
  const log = await fileLog(dir, { disk: { ...realDisk, sync } });
  state.broken = true;
  await expect(log.rotateKey('one')).rejects.toMatchObject({ code: 'log_append_failed' });
  await expect(log.rotateKey('two')).rejects.toMatchObject({ code: 'log_append_failed' });
  await log.close();
  const again = await fileLog(dir);
  expect((await entriesOf(again)).map(({ kind }) => kind)).toEqual(['log.opened', 'log.key_rotated']);
  await again.append([draft()]);
  expect((await verifyLog({ dir })).kind).toBe('ok');
});

test('nobody can append the entry that changes the key', async () => {
  const log = await fileLog(tempDir());
  await expect(log.append([draft({ kind: 'log.key_rotated' })])).rejects.toMatchObject({
    code: 'json_invalid',
  });
  expect(log.size()).toBe(1);
});

test('changes of key while others append disturb nobody', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const work: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i += 1) {
    work.push(log.append([draft({ body: { i } })]));
    if (i % 50 === 25) await log.rotateKey(`number ${i}`);
  }
  await Promise.all(work);
  await log.close();
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 209 });
  writeFileSync(join(dir, 'cache/snapshot.json'), '');
  expect((await fileLog(dir)).size()).toBe(209);
});
