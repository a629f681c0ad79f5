import { appendFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { unprovenEntries } from '#audit/unproven.ts';
import { collect, draft, fileLog, tempDir } from './support.ts';

/** The log folder of a closed log of the opening and five entries. */
async function aLogDir(): Promise<string> {
  const dir = tempDir();
  const log = await fileLog(dir);
  for (let i = 1; i <= 5; i += 1) await log.append([draft({ body: { i } })]);
  await log.close();
  return join(dir, 'log');
}

async function seqs(logDir: string, from: number): Promise<number[]> {
  return (await collect(unprovenEntries(logDir, from))).map(({ seq }) => seq);
}

test('every line that reads as an entry is found behind bytes that do not', async () => {
  const logDir = await aLogDir();
  const first = join(logDir, '00000000.jsonl');
  const [opening = '', ...rest] = readFileSync(first, 'utf8').split('\n');
  const junk = [Buffer.from('{"v":1'), Buffer.alloc(300_000, 'x'), Buffer.from([0, 255, 10, 10])];
  const spoiled = junk.flatMap((bytes) => [bytes, Buffer.from('\n')]);
  writeFileSync(
    first,
    Buffer.concat([Buffer.from(`${opening}\n`), ...spoiled, Buffer.from(rest.join('\n'))]),
  );
  expect(await seqs(logDir, 1)).toEqual([1, 2, 3, 4, 5]);
  expect(await seqs(logDir, 4)).toEqual([4, 5]);
});

test('a segment that is missing, cut or no file hides none of the others', async () => {
  const logDir = await aLogDir();
  appendFileSync(join(logDir, '00000000.jsonl'), '{"cut');
  cpSync(join(logDir, '00000000.jsonl'), join(logDir, '00000004.jsonl'));
  mkdirSync(join(logDir, '00000002.jsonl'));
  expect(await seqs(logDir, 4)).toEqual([4, 5, 4, 5]);
});
