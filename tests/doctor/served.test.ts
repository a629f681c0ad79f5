import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { runCli } from '#cli/run.ts';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { serve } from '#server/main.ts';
import { aPlace } from '../cli/a-context.ts';

const TOKEN = 'fbk_a-token-of-a-test';

function place(more = ''): { dir: string; configPath: string; dataDir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-guard-served-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const configPath = join(dir, 'firebreak.yaml');
  writeFileSync(
    configPath,
    `listen: {host: 127.0.0.1, port: 0}
default_owner: team-a
teams: [{id: team-a, name: A}]
people: [{id: olga, name: Olga, token: "sha256:${sha256(TOKEN)}", roles: [responder, owner], teams: [team-a]}]
services: [{id: checkout}]
anchors: {file: ${join(dir, 'anchors')}}
${more}`,
    { mode: 0o600 },
  );
  return { dir, configPath, dataDir: join(dir, 'data') };
}

const Checks = z.object({
  checks: z.array(
    z.object({ id: z.string(), status: z.string(), seen: z.string(), fix: z.string().nullable() }),
  ),
});

/** One command line with everything that it said. */
async function cli({ configPath, dataDir }: ReturnType<typeof place>, ...argv: string[]) {
  const out: string[] = [];
  const exit = await runCli([...argv, '--json', '--config', configPath, '--data-dir', dataDir], {
    ...{
      clock: realClock,
      zone: 'UTC',
      prompt: null,
      colours: false,
      cwd: dataDir,
      home: dataDir,
      token: TOKEN,
    },
    ...{ out: (line: string) => out.push(line), err: () => undefined },
    ...{ stdin: async () => '', interrupted: async () => undefined },
  });
  const { checks } = Checks.parse(JSON.parse(out.at(-1) ?? ''));
  return { exit, of: (id: string) => checks.find((one) => one.id === id) };
}

function entriesIn(dataDir: string): string {
  const log = join(dataDir, 'log');
  return readdirSync(log)
    .map((name) => readFileSync(join(log, name), 'latin1'))
    .join('');
}

test('a running server passes its own checks, and a byte of its log that is changed meanwhile opens an incident', async () => {
  const at = place();
  const running = await serve({ ...at, version: '0.0.0' });
  onTestFinished(() => running.stop());
  const outside = await cli(at, 'doctor');
  expect(outside.of('log-verify')).toMatchObject({ status: 'ok' });
  expect(outside.of('auth')).toMatchObject({ status: 'ok' });
  expect(outside.of('disk')?.status).not.toBe('skipped');
  if (process.platform === 'linux')
    expect(outside.of('binds')).toMatchObject({ seen: expect.stringContaining('listens on 127.0.0.1') });
  expect(await cli(at, 'guard', '--once')).toMatchObject({ exit: outside.exit });
  const log = join(at.dataDir, 'log');
  const name = readdirSync(log).find((one) => !one.includes('pub')) ?? '';
  const text = readFileSync(join(log, name), 'latin1');
  writeFileSync(join(log, name), text.replace('server.started', 'server.starteD'), 'latin1');
  const bad = await cli(at, 'doctor');
  expect(bad).toMatchObject({ exit: 1 });
  await expect
    .poll(async () => (await cli(at, 'guard', '--once')).of('log-verify')?.status, { timeout: 10_000 })
    .toBe('fail');
  const list = await fetch(`${running.url}/v1/incidents`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(await list.json()).toMatchObject([
    { title: expect.stringContaining('log-verify'), severity: 'critical', open: true },
  ]);
  const [kept = ''] = readdirSync(join(at.dataDir, 'evidence'));
  expect(kept).toContain('log-verify');
  expect(readFileSync(join(at.dataDir, 'evidence', kept, 'SHA256SUMS'), 'utf8').split('\n')).toHaveLength(7);
  const health = await fetch(`${running.url}/v1/status`, { headers: { authorization: `Bearer ${TOKEN}` } });
  expect(await health.json()).toMatchObject({
    log: { verified: 'bad' },
    holds: [{ reason: 'log_tampered' }],
  });
});

test('without a server the guard writes the log itself, and clears the lock of a process that is gone', async () => {
  const at = place('guard: {every: off}\n');
  const running = await serve({ ...at, version: '0.0.0' });
  const [lock, address] = ['lock', 'server.json'].map((name) => join(at.dataDir, name)) as [string, string];
  const [held, listens] = [readFileSync(lock, 'utf8'), readFileSync(address, 'utf8')];
  await running.stop();
  writeFileSync(lock, held.replace(`"pid":${process.pid},`, '"pid":4194303,'), { mode: 0o600 });
  writeFileSync(address, listens, { mode: 0o600 });
  const { of } = await cli(at, 'guard', '--once');
  expect(of('guard-fresh')).toMatchObject({ status: 'skipped' });
  expect([existsSync(join(at.dataDir, 'lock')), existsSync(join(at.dataDir, 'server.json'))]).toEqual([
    false,
    false,
  ]);
  const entries = entriesIn(at.dataDir);
  expect(entries).toContain('"repair":"stale-lock"');
  expect(entries).toContain('doctor.checked');
  expect((await cli(at, 'doctor')).of('log-verify')).toMatchObject({ status: 'ok' });
});

test('what init writes and says fits a terminal, and doctor finds nothing wrong in it', async () => {
  using at = aPlace();
  const { out } = await at.run(['init', '--person', 'alice', '--team', 'team-shop']);
  const path = join(at.dir, 'firebreak.yaml');
  const own = out.filter((line) => !line.includes(at.dir));
  expect(own.filter((line) => line.length > 80)).toEqual([]);
  expect(out).toContain(`wrote ${path}`);
  expect(out.join('\n')).toMatch(/\nfbk_[\w-]{43}\n/);
  expect(out.join('\n')).toMatch(/firebreak doctor .*\n.*firebreak serve /);
  const { exit } = await at.run(['doctor'], { clock: realClock });
  expect(exit).toBe(0);
});

test('the guard as a process of its own says what is bad, whole and with how to fix it, and nothing else', async () => {
  using at = aPlace();
  writeFileSync(join(at.dir, 'firebreak.yaml'), 'services: [{id: checkout}]\nbogus: 1\n', { mode: 0o600 });
  const { err } = await at.run(['guard'], { clock: realClock, colours: true });
  const text = err.map((line) => stripVTControlCharacters(line)).join('\n');
  expect(text).toMatch(/^FAIL {4}config-valid .*\n(?: {24}.*\n)+ {24}fix: correct it/m);
  expect(text).toMatch(/bogus - is not a setting/);
  expect(text).not.toMatch(/^(ok|skipped) /m);
  expect(text).toMatch(/\n27 checks: \d+ failed, .*$/);
});
