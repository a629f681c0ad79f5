import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { EntryDraft } from '#audit/log.ts';
import type { Damage } from '#audit/set-aside.ts';
import { verifyLog } from '#audit/verify.ts';
import { editSigned } from './edit-snapshot.ts';
import { countingFold, draft, entriesOf, fileLog, incident, tempDir } from './support.ts';

const SEGMENT = 'log/00000000.jsonl';
const OLD = 'log.tampered-1';

/** A closed log: the opening, then five entries with a payload each. */
async function closedLog(): Promise<string> {
  const dir = tempDir();
  const log = await fileLog(dir, { folds: [countingFold()] });
  for (let i = 1; i <= 5; i += 1) await log.append([withPayload(i)]);
  await log.close();
  return dir;
}

function withPayload(i: number): EntryDraft {
  const payloads = [{ id: `p${i}`, content: Buffer.from(`content ${i}`) }];
  return draft({ body: { i }, incidentId: incident(1), payloads });
}

function change(path: string, edit: (text: string) => string): void {
  const before = readFileSync(path, 'latin1');
  expect(edit(before)).not.toBe(before);
  writeFileSync(path, edit(before), 'latin1');
}

/** Entry 3 says something else now. */
function tamper(dir: string): void {
  change(join(dir, SEGMENT), (text) => text.replace('"body":{"i":3}', '"body":{"i":9}'));
  rmSync(join(dir, 'cache'), { recursive: true, force: true });
}

/** Opens as a server does; the new log takes over with one entry that says what the fold had seen. */
async function takeOver(dir: string) {
  const fold = countingFold();
  const found: Damage[] = [];
  const onDamage = (damage: Damage) => {
    found.push(damage);
    return [draft({ kind: 'log.carried', body: { seen: fold.counts.get('tool.finished') ?? 0 } })];
  };
  const log = await fileLog(dir, { folds: [fold], onDamage });
  return { log, fold, found };
}

test('a log that was tampered with is refused where nobody takes over from it, and not touched', async () => {
  const dir = await closedLog();
  tamper(dir);
  const before = readFileSync(join(dir, SEGMENT));
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'log_tampered' });
  expect(readFileSync(join(dir, SEGMENT))).toEqual(before);
  expect(existsSync(join(dir, OLD))).toBe(false);
});

test('a log that was tampered with is moved aside untouched, and the new one names it in its first entry', async () => {
  const dir = await closedLog();
  tamper(dir);
  const before = readFileSync(join(dir, SEGMENT));
  const { log, fold } = await takeOver(dir);
  const [first, second] = await entriesOf(log);
  expect(first).toMatchObject({
    kind: 'log.opened',
    body: {
      replaces: {
        folder: OLD,
        size: 3,
        root: expect.stringMatching(/^[0-9a-f]{64}$/),
        segment: '00000000.jsonl',
        line: 8,
        entry: 3,
        reason: 'entries 3 to 3 do not match their checkpoint',
      },
    },
  });
  expect(second).toMatchObject({ kind: 'log.carried', body: { seen: 2 } });
  expect(fold.save()).toEqual({ 'log.opened': 1, 'log.carried': 1 });
  expect(log.opened.replaced?.folder).toBe(OLD);
  await log.close();
  expect(readFileSync(join(dir, OLD, SEGMENT))).toEqual(before);
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 2 });
  expect(await verifyLog({ dir: join(dir, OLD), upTo: 3 })).toMatchObject({
    kind: 'ok',
    root: log.opened.replaced?.root,
  });
  expect(log.checkpoint().origin).not.toBe(log.opened.replaced?.origin);
});

test('what the old log said in its payloads can still be read, and the new one has keys of its own', async () => {
  const dir = await closedLog();
  tamper(dir);
  const { log } = await takeOver(dir);
  await log.append([withPayload(1)]);
  await log.close();
  const newKey = readFileSync(join(dir, 'keys/incidents/INC-1.key'));
  const oldKey = readFileSync(join(dir, OLD, 'keys/incidents/INC-1.key'));
  expect(newKey).not.toEqual(oldKey);
  change(join(dir, OLD, SEGMENT), (text) => text.replace('"body":{"i":9}', '"body":{"i":3}'));
  const old = await fileLog(join(dir, OLD));
  const ref = (await entriesOf(old, 1))[0]?.payloads[0];
  const content = ref && (await old.payload(incident(1), ref));
  expect(Buffer.from(content ?? []).toString()).toBe('content 1');
});

test('a second damaged log gets a folder of its own', async () => {
  const dir = await closedLog();
  tamper(dir);
  const { log } = await takeOver(dir);
  await log.append([withPayload(3)]);
  await log.close();
  tamper(dir);
  const again = await takeOver(dir);
  expect(again.found).toMatchObject([{ folder: 'log.tampered-2', size: 2, entry: 2 }]);
  expect(
    readdirSync(dir)
      .filter((name) => name.startsWith('log.tampered'))
      .sort(),
  ).toEqual([OLD, 'log.tampered-2']);
});

const steps = {
  'the damage was described': () => undefined,
  'the log was moved': (dir: string) => renameSync(join(dir, 'log'), join(dir, OLD, 'log')),
  'the keys were moved': (dir: string) => {
    steps['the log was moved'](dir);
    renameSync(join(dir, 'keys'), join(dir, OLD, 'keys'));
  },
};

test.each(Object.entries(steps))('a crash after %s is finished by the next opening', async (_, step) => {
  const dir = await closedLog();
  tamper(dir);
  const before = join(tempDir(), 'before');
  cpSync(dir, before, { recursive: true });
  const { log, found } = await takeOver(dir);
  await log.close();
  mkdirSync(join(before, OLD));
  cpSync(join(dir, OLD, 'damage.json'), join(before, OLD, 'damage.json'));
  step(before);
  await expect(fileLog(before)).rejects.toMatchObject({ code: 'log_tampered' });
  const again = await takeOver(before);
  expect(again.found).toEqual(found);
  const entries = await entriesOf(again.log);
  expect(entries.map(({ kind }) => kind)).toEqual(['log.opened', 'log.carried']);
  expect(entries[1]?.body).toEqual({ seen: 2 });
  await again.log.close();
  const third = await takeOver(before);
  expect([third.found, third.log.size()]).toEqual([[], 2]);
});

test('a crash in the middle of the move is finished though an older damaged log with a higher number was kept', async () => {
  const dir = await closedLog();
  const older = await closedLog();
  tamper(older);
  await (await takeOver(older)).log.close();
  cpSync(join(older, OLD), join(dir, 'log.tampered-2'), { recursive: true });
  tamper(dir);
  const crashed = join(tempDir(), 'crashed');
  cpSync(dir, crashed, { recursive: true });
  const { log, found } = await takeOver(dir);
  await log.close();
  const [folder = ''] = found.map((damage) => damage.folder);
  expect(folder).toBe('log.tampered-3');
  mkdirSync(join(crashed, folder));
  cpSync(join(dir, folder, 'damage.json'), join(crashed, folder, 'damage.json'));
  renameSync(join(crashed, 'log'), join(crashed, folder, 'log'));
  const again = await takeOver(crashed);
  expect(again.found).toEqual(found);
  expect((await entriesOf(again.log))[1]?.body).toEqual({ seen: 2 });
});

test('a log stays where it is when people take parts of an older damaged one away', async () => {
  const dir = await closedLog();
  tamper(dir);
  await (await takeOver(dir)).log.close();
  rmSync(join(dir, OLD, 'keys'), { recursive: true });
  const { found, log } = await takeOver(dir);
  expect([found, log.size()]).toEqual([[], 2]);
});

test('a crash before the beginning of the new log was noted adds nothing to it', async () => {
  const dir = await closedLog();
  tamper(dir);
  const { log } = await takeOver(dir);
  await log.close();
  rmSync(join(dir, 'keys/log.first'));
  const again = await takeOver(dir);
  expect((await entriesOf(again.log)).map(({ kind }) => kind)).toEqual(['log.opened', 'log.carried']);
  expect(existsSync(join(dir, 'keys/log.first'))).toBe(true);
});

const losses = {
  'the log folder was emptied': (dir: string) => {
    rmSync(join(dir, 'log'), { recursive: true });
    mkdirSync(join(dir, 'log'));
  },
  'the segments were removed': (dir: string) => rmSync(join(dir, SEGMENT)),
  'the segment was emptied': (dir: string) => writeFileSync(join(dir, SEGMENT), ''),
  'only a piece of the first line is left': (dir: string) =>
    change(join(dir, SEGMENT), (text) => text.slice(0, 100)),
};

test.each(Object.entries(losses))('a log that is gone is not simply begun again: %s', async (_, lose) => {
  const dir = await closedLog();
  lose(dir);
  rmSync(join(dir, 'cache'), { recursive: true });
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'log_tampered' });
  const { log, found } = await takeOver(dir);
  expect(found).toMatchObject([{ size: 0, root: null, entry: 0 }]);
  expect((await entriesOf(log))[0]?.body).toMatchObject({ replaces: found[0] });
});

test('a swapped public key, with everything signed anew by it, brings nothing into the new log', async () => {
  const dir = await closedLog();
  const other = await closedLog();
  cpSync(join(other, 'log'), join(dir, 'log'), { recursive: true });
  rmSync(join(dir, 'cache'), { recursive: true });
  const { found, log } = await takeOver(dir);
  expect(found).toMatchObject([{ size: 0, root: null, segment: 'log.pub' }]);
  expect((await entriesOf(log))[1]?.body).toEqual({ seen: 0 });
});

test('what the check behind the start finds wrong is looked at in full by the next opening', async () => {
  const dir = await closedLog();
  change(join(dir, 'log/payloads-00000000'), (text) => `x${text.slice(1)}`);
  const log = await fileLog(dir, { folds: [countingFold()] });
  expect((await log.verifyInBackground(() => [countingFold()])).kind).toBe('tampered');
  await log.append([draft()]);
  await log.close();
  const again = await takeOver(dir);
  expect(again.found).toMatchObject([{ size: 1, entry: 1, reason: 'payload p1 does not match its digest' }]);
});

test('a doctored cache, signed with the key of the log, costs a full replay and not the log', async () => {
  const dir = await closedLog();
  editSigned(dir, (text) => text.replace('tool.finished\\":5', 'tool.finished\\":7'));
  const log = await fileLog(dir, { folds: [countingFold()] });
  expect((await log.verifyInBackground(() => [countingFold()])).kind).toBe('tampered');
  await log.close();
  const again = await takeOver(dir);
  expect([again.found, again.log.opened.snapshot]).toEqual([[], 'none']);
  expect(again.fold.counts.get('tool.finished')).toBe(5);
  expect((await again.log.verifyInBackground(() => [countingFold()])).kind).toBe('ok');
});
