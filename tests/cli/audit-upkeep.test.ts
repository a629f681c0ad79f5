import { mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { verifyLog } from '#audit/verify.ts';
import type { Prompt } from '#cli/context.ts';
import { realRandom } from '#core/clock.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { stolenKey } from '../torture/tamper/forge.ts';
import { answering, aPlace } from './a-context.ts';
import { aServer } from './a-server.ts';

const damage = {
  folder: 'log.tampered-1',
  origin: 'firebreak.log/0',
  size: 7,
  root: null,
  segment: '00000000.jsonl',
  line: 9,
  entry: 8,
  reason: 'line is cut',
};
const old = 'a'.repeat(64);

test('audit rotate-key changes the key of a log that nobody has open, and gives the newest checkpoint', async () => {
  using place = aPlace();
  const open = () => openFileLog({ dir: place.data, clock: new FakeClock(), random: realRandom });
  await (await open()).close();
  const before = stolenKey(place.data).verifierKey;
  const ran = await place.run([
    'audit',
    'rotate-key',
    '--yes',
    '--reason',
    'yearly',
    '--data-dir',
    place.data,
  ]);
  expect(ran).toMatchObject({ exit: 0 });
  expect(ran.out.join('\n')).toContain(stolenKey(place.data).name);
  expect(stolenKey(place.data).verifierKey).not.toBe(before);
  expect(await verifyLog({ dir: place.data, publicKey: before })).toMatchObject({ kind: 'ok', entries: 3 });
  const log = await open();
  const refused = await place.run(['audit', 'rotate-key', '--yes', '--data-dir', place.data]);
  expect([refused.exit, refused.err.join('\n')]).toEqual([1, expect.stringContaining('in use by')]);
  await log.close();
});

test('audit rotate-key asks before it destroys a key, and changes nothing without a yes', async () => {
  using place = aPlace();
  await (await openFileLog({ dir: place.data, clock: new FakeClock(), random: realRandom })).close();
  const before = stolenKey(place.data).verifierKey;
  const run = (prompt: Prompt | null) =>
    place.run(['audit', 'rotate-key', '--data-dir', place.data], { prompt });
  const unasked = await run(null);
  expect([unasked.exit, unasked.err.join()]).toEqual([2, expect.stringContaining('add --yes')]);
  const no = answering(false);
  expect(await run(no)).toMatchObject({ exit: 1, out: ['not changed; the same key signs'] });
  expect(no.asked).toHaveLength(1);
  expect(stolenKey(place.data).verifierKey).toBe(before);
  expect((await run(answering(true))).exit).toBe(0);
  expect(stolenKey(place.data).verifierKey).not.toBe(before);
});

test('audit rotate-key makes no log where there is none', async () => {
  using place = aPlace();
  const ran = await place.run(['audit', 'rotate-key', '--data-dir', join(place.dir, 'nothing')]);
  expect([ran.exit, ran.err.join('\n')]).toEqual([1, expect.stringContaining('there is no log')]);
});

test('audit accept shows what was wrong, asks, and sends the digest of exactly that', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({ body: { damage, old } }));
  const prompt = answering(true);
  const ran = await place.run(['audit', 'accept', '--data-dir', place.data], { token: 'fbk_x', prompt });
  expect(ran.exit).toBe(0);
  expect(ran.err.join('\n')).toContain('line is cut, at entry 8 (00000000.jsonl line 9)');
  expect(prompt.asked).toHaveLength(1);
  expect(server.seen.map(({ method, path, body }) => [method, path, body])).toEqual([
    ['GET', '/v1/log/damage', ''],
    ['POST', '/v1/log/accept', JSON.stringify({ old })],
  ]);
});

test('audit accept sends nothing when the person says no, cannot be asked, or nothing waits', async () => {
  using place = aPlace();
  let waits = true;
  await using server = await aServer(place.data, () => ({
    body: waits ? { damage, old } : { damage: null, old: null },
  }));
  const run = (over: object) =>
    place.run(['audit', 'accept', '--data-dir', place.data], { token: 'fbk_x', ...over });
  expect((await run({ prompt: answering(false) })).exit).toBe(1);
  expect((await run({ prompt: null })).exit).toBe(2);
  waits = false;
  expect((await run({ prompt: answering(true) })).out.join('\n')).toContain('nothing waits');
  expect(server.seen.every(({ method }) => method === 'GET')).toBe(true);
});

test('audit archive copies a log and verifies both; an archive of another log is refused', async () => {
  using place = aPlace();
  await (await openFileLog({ dir: place.data, clock: new FakeClock(), random: realRandom })).close();
  const archive = () => place.run(['audit', 'archive', 'copy', '--data-dir', place.data, '--json']);
  const ran = await archive();
  expect(ran.exit).toBe(0);
  expect(JSON.parse(ran.out.at(-1) ?? '')).toMatchObject({ to: join(place.dir, 'copy'), entries: 1 });
  expect(await verifyLog({ dir: join(place.dir, 'copy') })).toMatchObject({ kind: 'ok', entries: 1 });
  rmSync(place.data, { recursive: true });
  await (await openFileLog({ dir: place.data, clock: new FakeClock(), random: realRandom })).close();
  const refused = await archive();
  expect([refused.exit, JSON.parse(refused.out.at(-1) ?? '')]).toMatchObject([1, { where: 'archive' }]);
});

test('incidents erase asks before it sends anything, and names what cannot be taken back', async () => {
  using place = aPlace();
  await using server = await aServer(place.data, () => ({ body: { erased: 'INC-3' } }));
  const run = (over: object, ...more: string[]) =>
    place.run(['incidents', 'erase', 'inc-3', ...more, '--data-dir', place.data], {
      token: 'fbk_x',
      ...over,
    });
  expect((await run({ prompt: answering(false) })).exit).toBe(1);
  expect((await run({ prompt: null })).exit).toBe(2);
  expect(server.seen).toEqual([]);
  const ran = await run({ prompt: null }, '--yes');
  expect([ran.exit, ran.out.join()]).toEqual([0, expect.stringContaining('never be read again')]);
  expect(server.seen).toMatchObject([{ method: 'POST', path: '/v1/incidents/INC-3/erase' }]);
  expect((await place.run(['incidents', 'erase', 'nonsense', '--yes', '--data-dir', place.data])).exit).toBe(
    2,
  );
});

test('an archive in its own data directory, or in place of something else, is refused by name', async () => {
  using place = aPlace();
  await (await openFileLog({ dir: place.data, clock: new FakeClock(), random: realRandom })).close();
  writeFileSync(join(place.dir, 'a-file'), '');
  mkdirSync(join(place.dir, 'other/log'), { recursive: true });
  symlinkSync(place.data, join(place.dir, 'a-link'));
  const before = readdirSync(place.data, { recursive: true }).toSorted();
  const lies = /lies in the data directory/;
  for (const [folder, why] of [
    [place.data, lies],
    [join(place.data, 'log'), lies],
    [join(place.data, 'new/folder'), lies],
    ['a-link/new', lies],
    ['a-file', /a-file is not a folder/],
    ['other', /other holds a folder `log` already/],
  ] as const) {
    const { exit, out, err } = await place.run(['audit', 'archive', folder, '--data-dir', place.data]);
    expect([folder, exit, out]).toEqual([folder, 2, []]);
    expect(err.join('')).toMatch(why);
  }
  expect(readdirSync(place.data, { recursive: true }).toSorted()).toEqual(before);
});
