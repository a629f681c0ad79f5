import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { openFileLog } from '#audit/file-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { fingerprintOf } from '#server/secrets.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aPlace, type Place } from './a-context.ts';

const BOT = `xoxb-${'1'.repeat(12)}-${'b'.repeat(24)}`;
const PAGES = 'a-token-that-pages-are-sent-with';

function config(place: Place, more = ''): void {
  vi.stubEnv('SECRETS_TEST_BOT', BOT);
  onTestFinished(() => void vi.unstubAllEnvs());
  writeFileSync(join(place.dir, 'pages.token'), PAGES, { mode: 0o600 });
  writeFileSync(
    join(place.dir, 'firebreak.yaml'),
    `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
sources: {pages: {kind: generic, token: "file:./pages.token"}}
slack: {team: T0, app: A0, bot_token: env:SECRETS_TEST_BOT, app_token: env:SECRETS_TEST_NONE, default_channel: C0}
${more}`,
  );
}

/** A log in which the token of pages has been in use for two days and let somebody in an hour ago. */
async function logOf(place: Place, fingerprint = fingerprintOf(PAGES)): Promise<FakeClock> {
  const clock = new FakeClock();
  const log = await openFileLog({ dir: place.data, clock, random: realRandom });
  const context = { actor: SYSTEM, traceId: 't' };
  await log.append([
    fact('secret.resolved', { name: 'file:./pages.token', fingerprint, source: 'file' }, context),
  ]);
  await clock.advance(47 * 3_600_000);
  const delivery = { source: 'pages', key: sha256('d'), alerts: 1, bytes: 1, via: 'webhook' } as const;
  await log.append([fact('delivery.received', delivery, context)]);
  await clock.advance(3_600_000);
  await log.close();
  return clock;
}

test('secrets check says of each what is wrong, or since when it has its value and when it worked last', async () => {
  using place = aPlace();
  config(place);
  const clock = await logOf(place);
  const now = clock.now();
  const { exit, out, err } = await place.run(['secrets', 'check'], { clock });
  expect([exit, err]).toEqual([1, []]);
  expect(out).toEqual([
    'MISSING  env:SECRETS_TEST_NONE',
    '  for      slack.app_token',
    '  value    environment variable SECRETS_TEST_NONE is not set',
    'ok       file:./pages.token',
    '  for      sources.pages.token',
    expect.stringMatching(/^ {2}value {4}there, fingerprint [0-9a-f]{8}, in use since 2 d ago /),
    '  worked   1 h ago (02:12)',
    'ok       env:SECRETS_TEST_BOT',
    '  for      slack.bot_token',
    `  value    there, fingerprint ${fingerprintOf(BOT)}`,
    '3 secrets, 1 cannot be used',
  ]);
  const json = await place.run(['secrets', 'check', '--json'], { clock });
  expect(JSON.parse(json.out.at(-1) ?? '')).toMatchObject({
    secrets: [
      { name: 'file:./pages.token', problem: null, since: now - 172_800_000, lastWorked: now - 3_600_000 },
      { name: 'env:SECRETS_TEST_BOT', settings: ['slack.bot_token'], since: null, lastWorked: null },
      { name: 'env:SECRETS_TEST_NONE', problem: expect.any(String), fingerprint: null },
    ],
  });
  for (const text of [...out, ...json.out]) expect(text).not.toMatch(new RegExp(`${BOT}|${PAGES}`));
});

test('a value that the log does not know yet has no age, and one that is used twice stands there once', async () => {
  using place = aPlace();
  config(
    place,
    'telemetry: {prom: {kind: prometheus, url: "http://127.0.0.1:1", token: "file:./pages.token"}}\n',
  );
  const clock = await logOf(place, '00000000');
  const { out } = await place.run(['secrets', 'check', '--json'], { clock });
  expect(JSON.parse(out.at(-1) ?? '').secrets[0]).toMatchObject({
    ...{ settings: ['sources.pages.token', 'telemetry.prom.token'], since: null },
  });
});

test('it looks at the files as a start would, also at those that the server does not read, and needs no log', async () => {
  using place = aPlace();
  mkdirSync(join(place.dir, 'folder'));
  writeFileSync(join(place.dir, 'act.token'), 'x', { mode: 0o600 });
  config(
    place,
    `workloads:
  a: {kind: process, url: "http://127.0.0.1:1", token: "file:./folder", act_token: "file:./act.token"}
models: {providers: {m: {kind: anthropic, key: "file:./pages.token", base_url: https://models.test}}}
`,
  );
  chmodSync(join(place.dir, 'act.token'), 0o604);
  const { exit, out } = await place.run(['secrets', 'check', '--json']);
  const { secrets } = JSON.parse(out.at(-1) ?? '');
  expect([
    exit,
    secrets.map(({ name, problem }: { name: string; problem: string }) => [name, problem]),
  ]).toEqual([
    1,
    [
      ['file:./pages.token', expect.stringContaining('is not a key of Anthropic')],
      ['file:./folder', expect.stringContaining('is not a file')],
      ['file:./act.token', expect.stringContaining('can be read by others')],
      ['env:SECRETS_TEST_BOT', null],
      ['env:SECRETS_TEST_NONE', expect.any(String)],
    ],
  ]);
});

test('without a config it says so in one line', async () => {
  using place = aPlace();
  const { exit, err } = await place.run(['secrets', 'check']);
  expect([exit, err]).toEqual([1, [expect.stringContaining('no firebreak.yaml in')]]);
});
