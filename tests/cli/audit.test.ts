import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realRandom } from '#core/clock.ts';
import { CallId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aPlace, type Place } from './a-context.ts';

/** A log of a few reads that were made and answered; `orphans` answers have no question. */
async function logOf(place: Place, { orphans = 0 } = {}): Promise<void> {
  const log = await openFileLog({ dir: place.data, clock: new FakeClock(), random: realRandom });
  const context = { actor: SYSTEM, traceId: 't' };
  for (let i = 0; i < 4 + orphans; i += 1) {
    const call = CallId.parse(`e${i + 1}`);
    const freeze = fact('freeze.set', { on: i % 2 === 0, by: 'alice' }, context);
    const answer = fact(
      'tool.finished',
      { call, tool: 't', outcome: 'ok', reason: null, exitCode: null, durationMs: 1, facts: null },
      context,
    );
    await log.append([i < 4 ? freeze : answer]);
  }
  await log.close();
}

const json = (out: readonly string[]) => JSON.parse(out.at(-1) ?? '');

test('a proof written to a file is checked by the program beside it', async () => {
  using place = aPlace();
  await logOf(place);
  const { exit, out } = await place.run(['audit', 'prove', '2', '--out', 'entry-2.json']);
  expect({ exit, first: out[0] }).toEqual({ exit: 0, first: `written: ${join(place.dir, 'entry-2.json')}` });
  const { status, stdout } = spawnSync(process.execPath, ['verify-proof.mjs', 'entry-2.json'], {
    cwd: place.dir,
    encoding: 'utf8',
  });
  expect(stdout).toMatch(/^entry 2 \(freeze\.set by system firebreak/);
  expect(status).toBe(0);
  const shown = await place.run(['audit', 'prove', '2', '--json']);
  expect(json(shown.out)).toMatchObject({ format: 'firebreak-proof/v1', rotations: [] });
});

test('growth since a checkpoint that was kept is proved', async () => {
  using place = aPlace();
  await logOf(place);
  const kept = await place.run(['audit', 'checkpoint']);
  expect(kept.exit).toBe(0);
  writeFileSync(join(place.dir, 'kept'), `${kept.out.join('\n')}\n`);
  const { exit, out } = await place.run(['audit', 'prove', '--from', 'kept', '--json']);
  expect(exit).toBe(0);
  expect(json(out)).toMatchObject({ format: 'firebreak-consistency/v1' });
});

test('verify holds the log against checkpoints that were kept and a key that is known', async () => {
  using place = aPlace();
  await logOf(place);
  const kept = await place.run(['audit', 'checkpoint']);
  const notes = `${kept.out.join('\n')}\n`;
  writeFileSync(join(place.dir, 'kept'), `${notes}\n${notes}half a no`);
  const key = join(place.data, 'log', 'log.pub');
  const good = await place.run(['audit', 'verify', '--against', 'kept', '--key', key]);
  expect(good.out).toEqual([
    expect.stringMatching(/^5 entries verified, 5 checkpoints, 0 payloads, root [0-9a-f]{64}$/),
    'holds 2 checkpoints kept elsewhere',
    '9 characters there are no checkpoint and were not compared',
    'semantics: 0 intents, 0 approvals checked',
  ]);
  const asText = await place.run(['audit', 'verify', '--against', notes, '--json']);
  expect(json(asText.out)).toMatchObject({ kind: 'ok', kept: 1, semantics: { intents: 0, unread: 0 } });

  using other = aPlace();
  await logOf(other);
  const foreign = await other.run(['audit', 'verify', '--against', join(place.dir, 'kept')]);
  expect(foreign.exit).toBe(1);
  expect(foreign.out[0]).toMatch(/^NOT intact: a kept checkpoint of 5 entries is of another log/);
  expect((await other.run(['audit', 'verify', '--key', key])).exit).toBe(1);
});

test('a log whose bytes are right but which tells of what was not allowed is not called intact', async () => {
  using place = aPlace();
  await logOf(place, { orphans: 2 });
  const { exit, out } = await place.run(['audit', 'verify']);
  expect(exit).toBe(1);
  expect(out).toEqual([
    `NOT intact: not allowed when it happened: outcome without intent, at entry 5 in ${place.data}`,
  ]);
  const asJson = await place.run(['audit', 'verify', '--json']);
  expect(json(asJson.out)).toMatchObject({ kind: 'bad', entry: 5, problems: [{ entry: 5 }, { entry: 6 }] });
});

test.each([
  [['audit', 'prove']],
  [['audit', 'prove', 'two']],
  [['audit', 'prove', '-1']],
  [['audit', 'prove', '2', '--from', 'x']],
  [['audit', 'prove', '--from', 'no checkpoint']],
  [['audit', 'verify', '--against', 'no checkpoint']],
  [['audit', 'prove', '2', '--out', 'no/such/folder/file']],
])('%j is wrong usage', async (argv) => {
  using place = aPlace();
  await logOf(place);
  const { exit, err } = await place.run(argv);
  expect(exit).toBe(2);
  expect(err.join('')).not.toBe('');
});

test('what is not there is said with exit code 1', async () => {
  using place = aPlace();
  for (const argv of [
    ['audit', 'prove', '2'],
    ['audit', 'checkpoint'],
  ]) {
    const { exit, err } = await place.run(argv);
    expect(exit).toBe(1);
    expect(err[0]).toMatch(/^there is no log in /);
  }
  await logOf(place);
  expect((await place.run(['audit', 'prove', '9'])).err).toEqual([
    'there is no entry 9; the log holds 0 to 4',
  ]);
});

test('a verifier that lies beside the proof already is left as it is', async () => {
  using place = aPlace();
  await logOf(place);
  mkdirSync(join(place.dir, 'proofs'));
  copyFileSync(join(place.data, 'log', 'log.pub'), join(place.dir, 'proofs', 'verify-proof.mjs'));
  await place.run(['audit', 'prove', '2', '--out', 'proofs/p.json']);
  expect(readFileSync(join(place.dir, 'proofs', 'verify-proof.mjs'), 'utf8')).toMatch(/^firebreak\.log/);
});

test.each([
  [['verify', '--against', '.'], /cannot read .*: .*EISDIR/],
  [['verify', '--key', '.'], /cannot read .*: .*EISDIR/],
  [['verify', '--against', '/none/such'], /--against: there is no file \/none\/such/],
])('audit %j says what cannot be read', async (argv, line) => {
  using place = aPlace();
  await logOf(place);
  const { exit, out, err } = await place.run(['audit', ...argv]);
  expect([exit, out]).toEqual([2, []]);
  expect(err.join('')).toMatch(line);
});

test('audit show names a segment that is a folder', async () => {
  using place = aPlace();
  await logOf(place);
  mkdirSync(join(place.data, 'log/00000001.jsonl'));
  const { exit, out, err } = await place.run(['audit', 'show']);
  expect([exit, out.length]).toEqual([1, 5]);
  expect(err[0]).toBe('00000001.jsonl line 0: segment is missing');
});
