import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Disk, realDisk } from '#audit/disk.ts';
import { verifyLog } from '#audit/verify.ts';
import { draft, entriesOf, fileLog, tempDir } from './support.ts';

const SEGMENT = 'log/00000000.jsonl';

type Trouble = { at: 'write' | 'sync'; code: string };

/** A disk that takes half of a refused write, and all of one whose sync is refused. */
function aDisk(): Disk & { trouble: Trouble | undefined } {
  const refused = (code: string) => Object.assign(new Error(`${code}: refused`), { code });
  const disk = {
    ...realDisk,
    trouble: undefined as Trouble | undefined,
    write: (fd: number, bytes: Buffer, at: number): void => {
      const { trouble } = disk;
      const half = trouble?.at === 'write';
      realDisk.write(fd, half ? bytes.subarray(0, bytes.length / 2) : bytes, at);
      if (half) throw refused(trouble.code);
    },
    sync: (fd: number): void => {
      if (disk.trouble?.at === 'sync') throw refused(disk.trouble.code);
      realDisk.sync(fd);
    },
  };
  return disk;
}

/** A log in which one commit failed, with the disk still refusing. */
async function failed(trouble: Trouble, segmentBytes = 1 << 20) {
  const dir = tempDir();
  const disk = aDisk();
  const log = await fileLog(dir, { disk, segmentBytes });
  const content = Buffer.alloc(5000, 'x');
  await log.append([draft({ payloads: [{ id: 'p1', content }] })]);
  const sizes = () => [SEGMENT, 'log/payloads-00000000'].map((name) => statSync(join(dir, name)).size);
  const before = sizes();
  disk.trouble = trouble;
  const said = await log
    .append([draft({ body: { lost: true }, payloads: [{ id: 'p2', content }] })])
    .catch(String);
  expect(said).toContain('the log cannot be written');
  return { dir, disk, log, before, sizes };
}

const troubles: Trouble[] = [
  { at: 'write', code: 'ENOSPC' },
  { at: 'sync', code: 'ENOSPC' },
  { at: 'write', code: 'EROFS' },
  { at: 'sync', code: 'EDQUOT' },
];

test.each(troubles)(
  'after $code at a $at the files go back to what is durable, and nothing of the failed commit comes back',
  async (trouble) => {
    const { dir, disk, log, before, sizes } = await failed(trouble);
    expect(log.health()).toMatchObject({ kind: 'failed', passing: true });
    expect(log.mend()).toBe(false);
    disk.trouble = undefined;
    expect(log.mend()).toBe(true);
    expect(sizes()).toEqual(before);
    await expect(log.append([draft()])).rejects.toMatchObject({ code: 'log_append_failed' });
    await log.close();
    const again = await fileLog(dir);
    expect(again.opened.cut).toEqual({ bytes: 0, payloadBytes: 0 });
    await again.append([draft()]);
    expect((await entriesOf(again)).map(({ body }) => body.lost)).not.toContain(true);
    expect(await verifyLog({ dir })).toMatchObject({
      kind: 'ok',
      entries: 3,
      unsealed: 0,
      unsealedPayloads: 0,
    });
  },
);

test('a commit that fails in a new segment leaves nothing in it', async () => {
  const { dir, disk, log } = await failed({ at: 'sync', code: 'ENOSPC' }, 1);
  disk.trouble = undefined;
  expect(log.mend()).toBe(true);
  await log.close();
  const again = await fileLog(dir, { segmentBytes: 1 });
  await again.append([draft()]);
  expect(await verifyLog({ dir })).toMatchObject({ kind: 'ok', entries: 3, unsealed: 0 });
});

test('after an I/O error the disk is not tried again', async () => {
  const { disk, log } = await failed({ at: 'sync', code: 'EIO' });
  expect(log.health()).toEqual({
    kind: 'failed',
    reason: 'the log cannot be written: the disk reports an I/O error',
    passing: false,
  });
  disk.trouble = undefined;
  expect(log.mend()).toBe(false);
});

test('a log that can be written is not touched', async () => {
  const dir = tempDir();
  const log = await fileLog(dir);
  const before = readFileSync(join(dir, SEGMENT));
  expect(log.mend()).toBe(false);
  expect(readFileSync(join(dir, SEGMENT))).toEqual(before);
});
