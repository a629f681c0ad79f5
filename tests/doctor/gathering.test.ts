import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openFileLog } from '#audit/file-log.ts';
import { realClock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { checks } from '#doctor/checks.ts';
import { examine } from '#doctor/examine.ts';
import { loadConfig } from '#server/config.ts';
import { plainAddresses } from '#server/doctor-config.ts';
import { filesOf } from '#server/doctor-files.ts';
import { executorOf, parseTcpTable, socketsOf, variablesOf } from '#server/doctor-proc.ts';
import { executorFlags, executorFlagsWithPrograms } from '#server/executor/child.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { aPlace } from '../cli/a-context.ts';
import { soundFacts } from './facts.ts';

const executorCheck = checks.filter(({ id }) => id === 'executor');

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-doctor-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const HEAD =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, inode: number, state = '0A') =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000 100 0 0 10 0\n`;

test('listening sockets are read from the table of the machine, whatever their family', () => {
  const mapped = '0000000000000000FFFF00000100007F';
  const table =
    HEAD +
    row('0100007F:1CF3', 11) +
    row('00000000:0050', 12) +
    row('0100007F:9999', 13, '01') +
    row(`${mapped}:0051`, 14);
  expect(parseTcpTable(table)).toEqual([
    { inode: '11', address: '127.0.0.1', port: 7411 },
    { inode: '12', address: '0.0.0.0', port: 80 },
    { inode: '14', address: '0:0:0:0:0:ffff:7f00:1', port: 81 },
  ]);
});

test('a table of another form names no socket and breaks nothing', () => {
  fc.assert(fc.property(fc.string(), (text) => void expect(parseTcpTable(text)).toEqual([])));
});

/** Processes as Linux shows them: 7 is the server, the others are its children. */
function aMachine(executor: { flags: string[]; environ: string }): string {
  const proc = folder();
  const write = (pid: number, name: string, text: string) =>
    writeFileSync(join(proc, String(pid), name), text);
  for (const pid of [7, 8, 9]) {
    mkdirSync(join(proc, String(pid), 'fd'), { recursive: true });
    mkdirSync(join(proc, String(pid), 'net'));
    mkdirSync(join(proc, String(pid), 'task', String(pid)), { recursive: true });
    write(
      pid,
      'net/tcp',
      HEAD + row('0100007F:1CF3', 11) + row('00000000:2406', 12) + row('00000000:0016', 99),
    );
  }
  write(7, 'task/7/children', '8 ');
  // Another thread of the server started it.
  mkdirSync(join(proc, '7', 'task', '12'));
  write(7, 'task/12/children', '9 ');
  symlinkSync('socket:[11]', join(proc, '7', 'fd', '3'));
  symlinkSync('socket:[12]', join(proc, '9', 'fd', '4'));
  write(8, 'cmdline', ['/node', ...executor.flags, '/opt/firebreak/server/executor/main.ts', ''].join('\0'));
  write(8, 'environ', executor.environ);
  write(9, 'cmdline', '/bin/sh\0');
  write(7, 'environ', 'PATH=/bin\0https_proxy=http://p:1\0');
  return proc;
}

test('what the server and each of its children listen on is seen, and nothing of others', () => {
  const proc = aMachine({ flags: [], environ: '' });
  expect(socketsOf(7, proc)).toEqual({
    kind: 'known',
    value: [
      { process: 'server', pid: 7, address: '127.0.0.1', port: 7411 },
      { process: 'child', pid: 9, address: '0.0.0.0', port: 9222 },
    ],
  });
  expect(socketsOf(6, proc)).toMatchObject({ kind: 'unknown' });
  expect(variablesOf(7, proc)).toMatchObject({
    value: new Map([
      ['PATH', '/bin'],
      ['https_proxy', 'http://p:1'],
    ]),
  });
});

test('a real socket of a process is seen', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const seen = socketsOf(process.pid);
  if (seen.kind === 'known')
    expect(seen.value).toContainEqual(expect.objectContaining({ address: '127.0.0.1', port }));
  else expect(process.platform).not.toBe('linux');
});

test('how the process that makes changes was started is seen: names of variables, never values', () => {
  const proc = aMachine({ flags: ['--permission', '--allow-worker'], environ: 'AWS_SECRET=hush\0' });
  const seen = executorOf(7, false, proc);
  expect(seen).toMatchObject({
    value: { pid: 8, variables: ['AWS_SECRET'], flags: ['--permission', '--allow-worker'] },
  });
  expect(JSON.stringify(seen)).not.toContain('hush');
  for (const [mayStartPrograms, agreed] of [
    [false, executorFlags],
    [true, executorFlagsWithPrograms],
  ] as const) {
    const proper = executorOf(7, mayStartPrograms, aMachine({ flags: [...agreed], environ: '' }));
    const [finding] = examine({ ...soundFacts(), executor: proper }, executorCheck);
    expect(finding).toMatchObject({ status: 'ok' });
  }
  expect(executorOf(9, false, proc)).toMatchObject({ kind: 'unknown' });
});

test('modes are looked at in the whole data directory, and no link is followed out of it', () => {
  const dir = folder();
  const [dataDir, elsewhere] = [join(dir, 'data'), join(dir, 'elsewhere')];
  mkdirSync(join(dataDir, 'keys'), { recursive: true });
  chmodSync(dataDir, 0o700);
  chmodSync(join(dataDir, 'keys'), 0o750);
  writeFileSync(join(dataDir, 'keys', 'k'), '', { mode: 0o600 });
  // Whoever switches everything off by hand does nothing wrong.
  writeFileSync(join(dataDir, 'OFF'), '', { mode: 0o644 });
  writeFileSync(elsewhere, '', { mode: 0o644 });
  symlinkSync(elsewhere, join(dataDir, 'link'));
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(configPath, '');
  chmodSync(configPath, 0o664);
  const files = filesOf({ configPath, dataDir, config: null, uid: process.getuid?.() });
  expect(files.map(({ path, mode, loose }) => [path.slice(dir.length), mode & loose])).toEqual([
    ['/firebreak.yaml', 0o020],
    ['/data', 0],
    ['/data/keys', 0o050],
    ['/data/keys/k', 0],
  ]);
});

const Answer = z.object({
  checks: z.array(z.object({ id: z.string(), status: z.string(), seen: z.string() })),
});

async function asked(place: ReturnType<typeof aPlace>, ...flags: string[]) {
  const { exit, out } = await place.run(['doctor', '--json', ...flags], { clock: realClock });
  const { checks } = Answer.parse(JSON.parse(out.at(-1) ?? ''));
  return { exit, of: (id: string) => checks.find((one) => one.id === id) };
}

test('doctor answers without a config, a log and a server, and says what it could not look at', async () => {
  using place = aPlace();
  const { exit, of } = await asked(place);
  expect(exit).toBe(1);
  expect(of('config-valid')).toMatchObject({ status: 'fail' });
  const online = await asked(place, '--online');
  for (const id of ['slack', 'kubernetes']) expect(online.of(id)?.seen).toBe('the config cannot be read');
  expect(of('log-verify')).toEqual(
    expect.objectContaining({ status: 'skipped', seen: 'there is no log yet' }),
  );
  const shown = await place.run(['doctor']);
  expect(shown.out[0]).toMatch(/^FAIL +config-valid/);
  expect(shown.out.every((line) => line.length <= 80)).toBe(true);
});

const CONFIG = `default_owner: team-a
teams: [{id: team-a, name: A}]
people: [{id: olga, name: Olga, token: "sha256:${sha256('t')}", roles: [responder, owner], teams: [team-a]}]
services: [{id: checkout}]
`;

test('a secret that is missing is named, and everything else is looked at all the same', async () => {
  using place = aPlace();
  const config = join(place.dir, 'firebreak.yaml');
  const silence = `silence: {url: http://am.lan:9093, act_token: "file:./act"}`;
  const text = `${CONFIG}sources: {am: {kind: alertmanager, token: "file:./am.token", ${silence}}}\n`;
  writeFileSync(config, text, { mode: 0o600 });
  writeFileSync(join(place.dir, 'act'), 'for silences\n', { mode: 0o644 });
  const { exit, of } = await asked(place);
  expect(exit).toBe(1);
  expect(of('secrets')?.seen).toMatch(/file:\.\/am\.token \(there is no file .*file:.*\/act \(.* by others/);
  expect(of('config-valid')?.seen).toMatch(
    /firebreak\.yaml:5 {2}sources\.am\.token - there is no file .*sources\.am\.silence\.act_token - .*by others/,
  );
  expect(of('file-modes')?.seen).toContain(`${join(place.dir, 'act')} (0644)`);
  expect(of('executor')).toMatchObject({ status: 'skipped', seen: 'no server runs' });
  for (const id of ['auth', 'webhook-sources', 'inventory']) expect(of(id)?.status).not.toBe('skipped');
});

test('addresses without TLS are found wherever the config names one', () => {
  using place = aPlace();
  const config = join(place.dir, 'firebreak.yaml');
  const plain = `sources: {am: {kind: alertmanager, poll: {url: http://a.lan}, silence: {url: http://b.lan}}}
log_stores: {l: {kind: loki, url: http://c.lan, label: app}}
telemetry:
  with: {kind: scrape, token: env:T, targets: [{service: checkout, url: http://d.lan/metrics}]}
  none: {kind: scrape, targets: [{service: checkout, url: http://e.lan/metrics}]}
heartbeat: {url: http://127.0.0.1:1/ping}
`;
  writeFileSync(config, CONFIG + plain);
  const urls = ['http://a.lan', 'http://d.lan', 'http://c.lan', 'http://b.lan'];
  expect(plainAddresses(loadConfig(config, { T: 'a-token' })).toSorted()).toEqual(urls.toSorted());
});

test('doctor reads and verifies the whole log, and fails naming the entry when one byte of it was changed', async () => {
  using place = aPlace();
  writeFileSync(join(place.dir, 'firebreak.yaml'), CONFIG, { mode: 0o600 });
  const log = await openFileLog({
    ...{ dir: place.data, clock: realClock, random: realRandom, folds: foldList(createFolds()) },
  });
  await log.close();
  const before = await asked(place);
  expect(before).toMatchObject({ exit: 0 });
  expect(before.of('log-verify')).toMatchObject({ status: 'ok' });
  expect(before.of('file-modes')).toMatchObject({ status: 'ok' });
  for (const id of ['slack', 'github', 'pagerduty', 'kubernetes'])
    expect(before.of(id)).toMatchObject({ status: 'ok', seen: expect.stringContaining('not configured') });
  changeByte(place.data);
  const after = await asked(place);
  expect(after.exit).toBe(1);
  expect(after.of('log-verify')).toMatchObject({
    status: 'fail',
    seen: expect.stringContaining('at entry 0'),
  });
});

function changeByte(data: string): void {
  const name = readdirSync(join(data, 'log')).find((one) => !one.includes('pub'));
  const path = join(data, 'log', name ?? '');
  writeFileSync(path, readFileSync(path, 'utf8').replace('log.opened', 'log.0pened'));
}
