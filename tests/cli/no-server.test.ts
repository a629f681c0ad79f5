import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realRandom } from '#core/clock.ts';
import { story } from '../views/a-story.ts';
import { aPlace, type Place } from './a-context.ts';
import { aServer, writeServerFile } from './a-server.ts';

/** Writes the story of one incident into a real log of the place. */
async function logOf(place: Place): Promise<void> {
  let now = 0;
  const clock = {
    now: () => now,
    mono: () => now,
    sleep: async () => undefined,
    after: () => () => undefined,
  };
  const log = await openFileLog({ dir: place.data, clock, random: realRandom });
  for (const { at, draft } of story('approval.approved')) {
    now = at;
    await log.append([draft]);
  }
  await log.close();
}

test('a command that changes something says that no server runs and how to start one', async () => {
  using place = aPlace();
  for (const argv of [
    ['freeze', 'on'],
    ['on'],
    ['approvals', 'approve', 'A-1'],
    ['approvals', 'deny', 'A-1'],
    ['sessions', 'export', 'agent:monitor:subagent:1'],
  ]) {
    const { exit, out, err } = await place.run(argv, { token: 'fbk_x' });
    expect({ exit, out, err }).toEqual({
      exit: 1,
      out: [],
      err: [`no server is running in ${place.data}; start it with: firebreak serve`],
    });
  }
});

test('the file of a server that was killed does not count as a server', async () => {
  using place = aPlace();
  const server = await aServer(place.data, () => null);
  await server[Symbol.asyncDispose]();
  const { err } = await place.run(['freeze', 'on'], { token: 'fbk_x' });
  expect(err).toEqual([`no server is running in ${place.data}; start it with: firebreak serve`]);
});

test('reading without a server and without a log is one plain line', async () => {
  using place = aPlace();
  const { exit, err } = await place.run(['status']);
  expect(exit).toBe(1);
  expect(err).toEqual([`no server is running in ${place.data}; start it with: firebreak serve`]);
});

test('without a server the log is read, and one line says so', async () => {
  using place = aPlace();
  await logOf(place);
  const status = await place.run(['status']);
  expect(status.exit).toBe(0);
  expect(status.err).toEqual([
    `no server is running in ${place.data}; start it with: firebreak serve (this is from the log itself, not verified)`,
  ]);
  const text = status.out.join('\n');
  expect(text).toContain('INC-1');
  expect(text).toContain('A-3');
  expect(text).toContain('server    not running');
});

test('status without a server does not claim to know whether an AI model is used', async () => {
  using place = aPlace();
  await logOf(place);
  const text = (await place.run(['status'])).out.join('\n');
  expect(text).not.toContain('no AI model');
  expect(text).toContain('AI        known to a running server only');
  expect(JSON.parse((await place.run(['status', '--json'])).out.join())).toMatchObject({ ai: 'unknown' });
});

test('without a token status still says that a server runs, and that it could not be asked', async () => {
  using place = aPlace();
  await logOf(place);
  writeServerFile(place.data, 'http://127.0.0.1:9', process.pid);
  const { out, err } = await place.run(['status']);
  expect(out.join('\n')).toContain(`process ${process.pid}`);
  expect(err.join('\n')).toContain('no personal token');
});

test('incidents, approvals and sessions can be listed and shown without a server', async () => {
  using place = aPlace();
  await logOf(place);
  const read = async (...argv: string[]) => (await place.run(argv)).out.join('\n');
  expect(await read('incidents', 'list')).toContain('INC-1     identified');
  expect(await read('incidents', 'show', 'inc-1')).toContain('likely: bad deploy of checkout');
  expect(await read('approvals', 'list')).toContain('A-3');
  expect(await read('approvals', 'show', 'A-3')).toContain('Roll back checkout v42 -> v41 in demo');
  expect(await read('sessions', 'list')).toContain('agent:monitor:subagent:1');
  expect(JSON.parse(await read('incidents', 'export', 'INC-1', '--json'))).toMatchObject({
    format: 'firebreak-incident/v1',
    incident: { id: 'INC-1' },
  });
});

test('what is not there is said with exit code 1', async () => {
  using place = aPlace();
  await logOf(place);
  for (const argv of [
    ['incidents', 'show', 'INC-9'],
    ['approvals', 'show', 'A-9'],
    ['sessions', 'show', 'agent:monitor:subagent:9'],
  ]) {
    const { exit, err } = await place.run(argv);
    expect(exit).toBe(1);
    expect(err.at(-1)).toMatch(/^there is no /);
  }
});

test('audit verify finds a changed byte and audit show prints what is there', async () => {
  using place = aPlace();
  await logOf(place);
  const good = await place.run(['audit', 'verify', place.data, '--json']);
  expect(good.exit).toBe(0);
  expect(JSON.parse(good.out.at(-1) ?? '')).toMatchObject({ kind: 'ok' });
  const shown = await place.run([
    'audit',
    'show',
    '--incident',
    'INC-1',
    '--kind',
    'incident.opened',
    '--json',
  ]);
  expect(shown.out.map((line) => JSON.parse(line))).toMatchObject([
    { kind: 'incident.opened' },
    { entries: 1, bad: 0 },
  ]);
  writeFileSync(join(place.data, 'log', '00000000.jsonl'), 'x\n', { flag: 'a' });
  const bad = await place.run(['audit', 'verify']);
  expect(bad.exit).toBe(1);
  expect(bad.out[0]).toMatch(/^NOT intact: /);
});

test('off in a folder where no Firebreak keeps data says first that nothing was stopped, and fails', async () => {
  using place = aPlace();
  const { exit, out } = await place.run(['off']);
  expect([exit, out[0]]).toEqual([1, `no Firebreak has its data in ${place.data}; nothing was stopped`]);
  expect(existsSync(join(place.data, 'OFF'))).toBe(true);
  const again = await place.run(['off', '--json']);
  expect([again.exit, JSON.parse(again.out.join())]).toMatchObject([1, { off: false, recorded: false }]);
});

test('off writes its file without token, server or data directory, and says that it is not in the log', async () => {
  using nowhere = aPlace();
  using place = aPlace();
  await nowhere.run(['off']);
  expect(existsSync(join(nowhere.data, 'OFF'))).toBe(true);
  await logOf(place);
  const { exit, out } = await place.run(['off']);
  expect(exit).toBe(0);
  expect(existsSync(join(place.data, 'OFF'))).toBe(true);
  expect(out[0]).toContain('off: nothing new is done from now on');
  expect(out[1]).toContain('not yet in the log: no server is running');
});

test('off that cannot be written says so loudly', async () => {
  using place = aPlace();
  writeFileSync(place.data, 'a file where the directory should be');
  const { exit, err } = await place.run(['off']);
  expect(exit).toBe(1);
  expect(err[0]).toMatch(/^NOT off: /);
});

test('status shows the OFF file', async () => {
  using place = aPlace();
  await logOf(place);
  await place.run(['off']);
  expect((await place.run(['status'])).out.join('\n')).toContain('OFF: nothing new is done, by the file OFF');
});

test('a token file that others can read is refused with the remedy', async () => {
  using place = aPlace();
  const file = join(place.dir, 'token');
  writeFileSync(file, 'fbk_x');
  chmodSync(file, 0o644);
  writeServerFile(place.data, 'http://127.0.0.1:9');
  const { exit, err } = await place.run(['freeze', 'on', '--token-file', file]);
  expect(exit).toBe(1);
  expect(err).toEqual([`${file} can be read by others; make it private: chmod 600 ${file}`]);
});

test.each(['fbk_first half\nsecond half', 'fbk_\u201cquoted\u201d'])(
  'what cannot be a personal token is refused in one line that shows none of it: %j',
  async (text) => {
    using place = aPlace();
    const file = join(place.dir, 'token');
    writeFileSync(file, text, { mode: 0o600 });
    writeServerFile(place.data, 'http://127.0.0.1:9');
    for (const command of [['status'], ['freeze', 'on']]) {
      const { exit, err } = await place.run([...command, '--token-file', file]);
      expect(exit).toBe(1);
      expect(err).toEqual([
        `what ${file} holds is no personal token, which is one word: fbk_ and 43 letters and digits`,
      ]);
    }
  },
);

test('an address that is not of this machine is never spoken to', async () => {
  using place = aPlace();
  for (const url of ['http://example.com:80', 'https://example.com:1', 'http://127.0.0.1.example.com']) {
    writeServerFile(place.data, url);
    const { exit, err } = await place.run(['freeze', 'on'], { token: 'fbk_x' });
    expect(exit).toBe(1);
    expect(err[0]).toContain('not an address of this machine');
  }
});

test('init without a terminal needs its flags, and writes a config that it never overwrites', async () => {
  using place = aPlace();
  mkdirSync(place.data);
  const argv = ['init', '--person', 'alice', '--team', 'team-shop', '--json'];
  const first = await place.run(argv);
  expect(first.exit).toBe(0);
  expect(JSON.parse(first.out.at(-1) ?? '')).toMatchObject({ personToken: expect.stringMatching(/^fbk_/) });
  const second = await place.run(argv);
  expect(second.exit).toBe(2);
  expect(second.err[0]).toContain('already there');
});

test('a test page needs a running server, and says so', async () => {
  using place = aPlace();
  await place.run(['init', '--person', 'alice', '--team', 'team-shop']);
  const { exit, err } = await place.run(['init', '--test-page']);
  expect({ exit, err }).toEqual({
    exit: 1,
    err: [`no server is running in ${place.data}; start it with: firebreak serve`],
  });
});
