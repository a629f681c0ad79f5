import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { archiveLog } from '#audit/archive.ts';
import { verifyLog } from '#audit/verify.ts';
import { draft, fileLog, incident, tempDir } from './support.ts';

/** A log in small segments that is still open. */
async function openLog(dir: string, entries = 10) {
  const log = await fileLog(dir, { segmentBytes: 2000 });
  const add = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) {
      const payloads = [{ id: `p${log.size()}`, content: Buffer.alloc(300, 'x') }];
      await log.append([draft({ body: { i }, incidentId: incident(1), payloads })]);
    }
  };
  await add(entries);
  return { log, add };
}

const archived = (dir: string, to: string, publicKey?: string) =>
  archiveLog({ dir, to, unique: 'u', ...(publicKey === undefined ? {} : { publicKey }) });

function sizes(dir: string): number {
  return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
}

test('a log is copied while it is written, and the copy is brought up to date with new bytes only', async () => {
  const [dir, to] = [tempDir(), join(tempDir(), 'archive')];
  const { log, add } = await openLog(dir);
  const first = await archived(dir, to);
  expect(first).toMatchObject({ kind: 'archived', verified: { entries: 11, payloads: 10, unsealed: 0 } });
  const before = sizes(to);
  await add(7);
  await log.rotateKey('yearly');
  const second = await archived(dir, to);
  expect(second).toMatchObject({ kind: 'archived', verified: { entries: 20 }, bytes: sizes(to) - before });
  expect(await archived(dir, to)).toMatchObject({ kind: 'archived', bytes: 0 });
  expect(readdirSync(to).length).toBeGreaterThan(5);
  expect(await verifyLog({ dir: to })).toMatchObject({ kind: 'ok', root: log.checkpoint().root });
});

test('bytes behind the newest checkpoint are not copied', async () => {
  const [dir, to] = [tempDir(), tempDir()];
  const { log } = await openLog(dir, 2);
  await log.close();
  const [last = ''] = readdirSync(join(dir, 'log'))
    .filter((name) => name.endsWith('.jsonl'))
    .slice(-1);
  writeFileSync(
    join(dir, 'log', last),
    Buffer.concat([readFileSync(join(dir, 'log', last)), Buffer.from('{"actor":{')]),
  );
  expect(await archived(dir, to)).toMatchObject({ kind: 'archived', verified: { entries: 3, unsealed: 0 } });
});

test('a log that does not verify is not archived', async () => {
  const [dir, to] = [tempDir(), join(tempDir(), 'archive')];
  const { log } = await openLog(dir);
  await log.close();
  const path = join(dir, 'log/00000000.jsonl');
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace('"outcome"', '"Outcome"').replace('{"i":0}', '{"i":9}'),
  );
  expect(await archived(dir, to)).toMatchObject({ kind: 'bad', where: 'log' });
  expect(() => readdirSync(to)).toThrow('ENOENT');
});

test('an archive that holds another history is refused and left as it is: a rewritten log shows', async () => {
  const [dir, to] = [tempDir(), tempDir()];
  const { log } = await openLog(dir);
  await log.close();
  await archived(dir, to);
  const other = tempDir();
  cpSync(join(dir, 'keys'), join(other, 'keys'), { recursive: true });
  rmSync(join(other, 'keys/log.first'));
  await (await openLog(other, 12)).log.close();
  const before = readdirSync(to).map((name) => readFileSync(join(to, name)));
  expect(await archived(other, to)).toMatchObject({ kind: 'bad', where: 'archive' });
  expect(readdirSync(to).map((name) => readFileSync(join(to, name)))).toEqual(before);
  expect(await archived(await stranger(), to)).toMatchObject({
    kind: 'bad',
    where: 'archive',
    reason: 'it is not the beginning of this log: log.pub differs',
  });
});

async function stranger(): Promise<string> {
  const dir = tempDir();
  await (await openLog(dir, 1)).log.close();
  return dir;
}

test('an archive is ahead of a log that was cut: that shows too', async () => {
  const [dir, to] = [tempDir(), tempDir()];
  const { log } = await openLog(dir);
  const cut = statSync(join(dir, 'log/00000000.jsonl')).size;
  await log.close();
  await archived(dir, to);
  for (const name of readdirSync(join(dir, 'log')))
    if (/^0.*[1-9]\.jsonl$/.test(name)) rmSync(join(dir, 'log', name));
  truncateSync(join(dir, 'log/00000000.jsonl'), cut);
  expect((await verifyLog({ dir })).kind).toBe('ok');
  expect(await archived(dir, to)).toMatchObject({ kind: 'bad', where: 'archive' });
});

test('a copy that was cut short is finished', async () => {
  const [dir, to] = [tempDir(), tempDir()];
  const { log } = await openLog(dir);
  await log.close();
  await archived(dir, to);
  const whole = sizes(to);
  truncateSync(join(to, '00000001.jsonl'), 100);
  rmSync(join(to, '00000002.jsonl'));
  truncateSync(join(to, 'payloads-00000000'), 10);
  expect(await archived(dir, to)).toMatchObject({ kind: 'archived' });
  expect(sizes(to)).toBe(whole);
});
