import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openPayload, sealPayload } from '#audit/payload-cipher.ts';
import { draft, fileLog, tempDir } from './support.ts';

async function written(): Promise<string> {
  const dir = tempDir();
  const log = await fileLog(dir);
  await log.append([draft()]);
  await log.close();
  rmSync(join(dir, 'cache'), { recursive: true });
  return dir;
}

test.each([
  ['of the log', '00000000.jsonl'],
  ['to come', '00000001.jsonl'],
])('a folder in place of a segment %s is a log that was tampered with', async (_, name) => {
  const dir = await written();
  rmSync(join(dir, 'log', name), { force: true });
  mkdirSync(join(dir, 'log', name));
  await expect(fileLog(dir)).rejects.toMatchObject({ code: 'log_tampered' });
  const log = await fileLog(dir, { onDamage: async () => [] });
  expect(log.opened.replaced?.reason).toBe('segment is missing');
});

test('a folder in place of the note of a suspicion is removed once the log was read in full', async () => {
  const dir = await written();
  mkdirSync(join(dir, 'cache/suspect'), { recursive: true });
  const log = await fileLog(dir);
  expect(log.opened.replayed).toBe(2);
});

test('a payload that is cut anywhere opens to nothing, also where less than its seal is left', () => {
  const sealed = { key: Buffer.alloc(32, 3), id: 'p1' };
  const frame = sealPayload({ ...sealed, content: Buffer.from('hello'), nonce: Buffer.alloc(12, 1) });
  expect(openPayload({ ...sealed, frame })?.toString()).toBe('hello');
  for (let length = 0; length < frame.length; length += 1)
    expect(openPayload({ ...sealed, frame: frame.subarray(0, length) })).toBeUndefined();
});
