import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyLog } from '#audit/verify.ts';
import { draft, fileLog, incident, tempDir } from './support.ts';

const SEGMENT = '00000000.jsonl';

/** A sealed log with one entry per checkpoint and payloads in some entries; small segments if asked for. */
async function writtenLog(entries: number, segmentBytes?: number): Promise<string> {
  const dir = tempDir();
  const log = await fileLog(dir, segmentBytes === undefined ? {} : { segmentBytes });
  for (let i = 1; i <= entries; i += 1) {
    const payloads = i % 2 === 0 ? [{ id: `e${i}`, content: Buffer.from(`p${i}`) }] : [];
    await log.append([draft({ body: { i }, incidentId: incident(1), payloads })]);
  }
  await log.close();
  return join(dir, 'log');
}

/** Changes a file for the length of one call. */
async function withBytes<T>(path: string, bytes: Buffer, run: () => Promise<T>): Promise<T> {
  const before = readFileSync(path);
  writeFileSync(path, bytes);
  try {
    return await run();
  } finally {
    writeFileSync(path, before);
  }
}

function flipped(bytes: Buffer, at: number, mask: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ mask;
  return copy;
}

test('every changed byte of a segment is found, and the entry it belongs to is named', async () => {
  const dir = await writtenLog(2);
  const path = join(dir, SEGMENT);
  const bytes = readFileSync(path);
  let line = 0;
  let column = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    writeFileSync(path, flipped(bytes, at, 1 + ((at * 37) % 255)));
    const verdict = await verifyLog({ dir });
    const owner = Math.floor(line / 2);
    const isStartOfCheckpoint = line % 2 === 1 && column < 14;
    expect(verdict, `byte ${at}`).toMatchObject({ kind: 'bad', segment: SEGMENT });
    expect(verdict.kind === 'bad' && verdict.entry, `byte ${at}`).toBe(owner + (isStartOfCheckpoint ? 1 : 0));
    column = bytes[at] === 10 ? 0 : column + 1;
    line += bytes[at] === 10 ? 1 : 0;
  }
  expect(line).toBe(6);
});

test('every changed byte of a payload segment is found, and its entry named', async () => {
  const dir = await writtenLog(4);
  const path = join(dir, 'payloads-00000000');
  const bytes = readFileSync(path);
  expect(bytes.length).toBe(60);
  for (let at = 0; at < bytes.length; at += 1) {
    const verdict = await withBytes(path, flipped(bytes, at, 1 + ((at * 37) % 255)), () =>
      verifyLog({ dir }),
    );
    expect(verdict).toMatchObject({ kind: 'bad', segment: 'payloads-00000000', entry: at < 30 ? 2 : 4 });
  }
});

test('random changes of a log of several segments are found every time', async () => {
  const dir = await writtenLog(40, 6000);
  const files = [SEGMENT, '00000001.jsonl', '00000002.jsonl', 'payloads-00000000'];
  const contents = files.map((name) => readFileSync(join(dir, name)));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(files.length - 1),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      async (file, at, mask) => {
        const bytes = contents[file] ?? Buffer.alloc(0);
        const changed = flipped(bytes, at % bytes.length, mask);
        const path = join(dir, files[file] ?? '');
        return (await withBytes(path, changed, () => verifyLog({ dir }))).kind === 'bad';
      },
    ),
    { numRuns: 250 },
  );
  expect((await verifyLog({ dir })).kind).toBe('ok');
});

test('lines that are removed, repeated, swapped or added are found', async () => {
  const dir = await writtenLog(4);
  const lines = readFileSync(join(dir, SEGMENT), 'utf8').trimEnd().split('\n');
  const variants = {
    'an entry and its checkpoint removed': lines.toSpliced(4, 2),
    'the last checkpoint removed and another entry added': [
      ...lines.slice(0, -1),
      lines[8] ?? '',
      lines[9] ?? '',
    ],
    'an entry repeated': lines.toSpliced(4, 0, lines[4] ?? ''),
    'a checkpoint repeated': lines.toSpliced(6, 0, lines[5] ?? ''),
    'two groups swapped': [
      ...lines.slice(0, 2),
      ...lines.slice(4, 6),
      ...lines.slice(2, 4),
      ...lines.slice(6),
    ],
    'an empty line added': [...lines, ''],
    'garbage added': [...lines, 'garbage'],
    'the start removed': lines.slice(2),
  };
  for (const [name, changed] of Object.entries(variants)) {
    const bytes = Buffer.from(`${changed.join('\n')}\n`);
    const verdict = await withBytes(join(dir, SEGMENT), bytes, () => verifyLog({ dir }));
    expect(verdict.kind, name).toBe('bad');
  }
});

test('a missing or foreign segment is found', async () => {
  const dir = await writtenLog(40, 6000);
  const middle = join(dir, '00000001.jsonl');
  const bytes = readFileSync(middle);
  rmSync(middle);
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'bad', segment: '00000001.jsonl' });
  writeFileSync(middle, readFileSync(join(dir, SEGMENT)));
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'bad', segment: '00000001.jsonl', line: 1 });
  writeFileSync(middle, bytes);
  expect((await verifyLog({ dir })).kind).toBe('ok');
});

test('segments, payloads and the public key are enough, in any folder', async () => {
  const dir = await writtenLog(4);
  const copy = join(tempDir(), 'evidence');
  mkdirSync(copy);
  for (const name of [SEGMENT, 'payloads-00000000', 'log.pub'])
    copyFileSync(join(dir, name), join(copy, name));
  const seen: number[] = [];
  const verdict = await verifyLog({ dir: copy, onEntry: (entry) => seen.push(entry.seq) });
  expect(verdict).toMatchObject({ kind: 'ok', entries: 5, checkpoints: 5, payloads: 2, unsealed: 0 });
  expect(seen).toEqual([0, 1, 2, 3, 4]);
});

test('a given public key is trusted instead of the one in the folder', async () => {
  const dir = await writtenLog(2);
  const other = await writtenLog(2);
  const publicKey = readFileSync(join(other, 'log.pub'), 'utf8');
  expect(await verifyLog({ dir, publicKey: readFileSync(join(dir, 'log.pub'), 'utf8') })).toMatchObject({
    kind: 'ok',
  });
  expect(await verifyLog({ dir, publicKey })).toMatchObject({ kind: 'bad', entry: 0 });
});

test('a folder without a log or without a key is not called fine', async () => {
  expect(await verifyLog({ dir: tempDir() })).toMatchObject({ kind: 'bad', reason: 'there is no log here' });
  const dir = await writtenLog(1);
  rmSync(join(dir, 'log.pub'));
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'bad', reason: 'no usable public key' });
});

test('payload bytes that no entry names are reported at the end and bad in between', async () => {
  const dir = await writtenLog(4);
  const path = join(dir, 'payloads-00000000');
  const bytes = readFileSync(path);
  const longer = await withBytes(path, Buffer.concat([bytes, Buffer.from('left')]), () => verifyLog({ dir }));
  expect(longer).toMatchObject({ kind: 'ok', unsealedPayloads: 4 });
  const shorter = await withBytes(path, bytes.subarray(0, -1), () => verifyLog({ dir }));
  expect(shorter).toMatchObject({ kind: 'bad', entry: 4 });
});
