import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { decide } from '#approvals/decide.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, CallId, IncidentId, ServiceId } from '#core/ids.ts';
import { type Facts, known, unknown } from '#doctor/facts.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { titleOf } from '#incidents/incident.ts';
import { ServiceRef } from '#incidents/refs.ts';
import { keepEvidence, MOST_EVIDENCE } from '#server/evidence.ts';
import { type GuardDeps, guardOnce } from '#server/guard.ts';
import { tighten } from '#server/guard-repairs.ts';
import { alice, inProcess } from '../journeys/in-process.ts';
import { soundFacts } from './facts.ts';

const MIN = 60_000;
const FULL = { disk: known({ freeBytes: 1, growthPerDay: null }) } as const;
const BAD_LOG: Partial<Facts> = { log: known({ kind: 'bad', reason: 'wrong root, at entry 7' }) };

function folder(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-guard-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The product over one log, and a guard that sees what the test says. */
async function guarded() {
  const run = await inProcess();
  const dataDir = folder();
  const errors: string[] = [];
  let over: Partial<Facts> = {};
  const deps: GuardDeps = {
    ...{ log: run.log, folds: run.folds, clock: run.clock, dataDir, configDigest: sha256('config') },
    look: async () => ({ ...soundFacts(), now: run.clock.now(), ...over }),
    onAlert: run.firebreak.deliver,
    repairs: { uid: process.getuid?.() },
    onError: (message) => errors.push(message),
  };
  const look = async (seen: Partial<Facts> = {}, more: Partial<GuardDeps> = {}) => {
    over = seen;
    const findings = await guardOnce({ ...deps, ...more });
    await run.firebreak.idle();
    return findings;
  };
  const count = async (kind: string) => (await run.entries()).filter((entry) => entry.kind === kind).length;
  return { run, dataDir, errors, look, count, deps };
}

test('what fails at the first look is where one began: it is written down once, and nobody is called', async () => {
  const { run, look, count } = await guarded();
  await look(FULL);
  await look(FULL);
  expect(run.folds.incidents.current()).toEqual([]);
  expect(run.folds.posture.failing).toEqual(['disk']);
  expect(await count('doctor.checked')).toBe(1);
});

test('a check that begins to fail opens one incident for people, with no agent and no proposal, and its end closes it', async () => {
  const { run, look, count } = await guarded();
  await look();
  await look(FULL);
  await look(FULL);
  expect(run.incident()).toMatchObject({ severity: 'error', owner: 'team-shop', service: null });
  expect(titleOf(run.incident())).toBe('disk: 0 MB free');
  await run.until(() => run.incident().escalated !== null);
  expect(run.incident().escalated).toMatchObject({ reason: 'own_finding' });
  expect([await count('incident.opened'), await count('session.spawned')]).toEqual([1, 0]);
  await look({ disk: unknown('not looked at') });
  expect(run.incident().alerts).toMatchObject([{ cleared: false }]);
  expect(run.folds.posture.failing).toEqual(['disk']);
  await look();
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident().resolved).toMatchObject({ resolution: 'recovered', by: 'firebreak' });
});

test('in an incident about Firebreak itself nothing is proposed, whatever people ask for there', async () => {
  const { run, look, count } = await guarded();
  await look();
  await look(FULL);
  const context = { actor: SYSTEM, traceId: 't', incident: IncidentId.parse('INC-1') };
  const target = ServiceRef.parse('service:checkout');
  await run.log.append([
    fact('incident.steered', { by: alice.id, service: ServiceId.parse('checkout') }, context),
    fact('change.requested', { by: alice.id, tool: 'service_restart', target }, context),
    fact('incident.paused', { on: true, by: alice.id }, context),
    fact('incident.paused', { on: false, by: alice.id }, context),
  ]);
  const next = await run.restart();
  await next.firebreak.recover();
  await next.firebreak.idle();
  expect(
    await next.firebreak.ask(context.incident, { by: alice.id, text: 'restart it' } as never),
  ).toBeNull();
  expect([await count('session.spawned'), await count('approval.requested')]).toEqual([0, 0]);
});

test('a log that does not verify opens an incident, also at the first look', async () => {
  const { run, look } = await guarded();
  await look(BAD_LOG);
  expect(run.incident()).toMatchObject({ severity: 'critical' });
  expect(run.incident().alerts[0]?.name).toContain('log-verify: the log was changed');
});

test('people hear of one check at most once in thirty minutes, and hear of it then if it still fails', async () => {
  const { run, look, count } = await guarded();
  const told = async () => (await count('incident.opened')) + (await count('alert.joined'));
  await look();
  await look(FULL);
  await look();
  await run.until(() => run.incident().resolved !== null);
  for (let pass = 0; pass < 4; pass += 1) await look(FULL);
  expect(await told()).toBe(1);
  await run.clock.advance(31 * MIN);
  await look(FULL);
  expect(await told()).toBe(2);
});

test('a person who closed it is not asked again while it goes on', async () => {
  const { run, look, count } = await guarded();
  await look();
  await look(FULL);
  const { id: incident } = run.incident();
  await run.firebreak.carry.invoke.one({ kind: 'person', id: alice.id, incident }, 'incident_resolve', {
    resolution: 'by_hand',
  });
  await run.clock.advance(60 * MIN);
  await look(FULL);
  expect(await count('incident.opened')).toBe(1);
});

test.each([
  [9, 0],
  [10, 1],
])('%i failed logins of one peer in five minutes open %i incidents', async (times, opened) => {
  const { run, look, count } = await guarded();
  await look();
  const failure = { what: 'GET /v1/status', peer: '10.0.0.9', correlation: 'c-1' };
  for (let nth = 0; nth < times; nth += 1)
    await run.log.append([fact('auth.failed', failure, { actor: SYSTEM, traceId: 't' })]);
  await look();
  await look();
  expect(await count('incident.opened')).toBe(opened);
});

test('failed logins of many peers, or over a long time, are no attack of one', async () => {
  const { run, look, count } = await guarded();
  await look();
  for (let nth = 0; nth < 30; nth += 1) {
    const failure = { what: 'GET /v1/status', peer: `10.0.0.${nth % 2 === 0 ? 1 : nth}`, correlation: 'c-1' };
    await run.log.append([fact('auth.failed', failure, { actor: SYSTEM, traceId: 't' })]);
    await run.clock.advance(40_000);
  }
  await look();
  expect(await count('incident.opened')).toBe(0);
});

test('a decision on a plan that nobody was shown opens an incident, once', async () => {
  const { run, look, count } = await guarded();
  await look();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  const approval = ApprovalId.parse('A-1');
  await run.until(() => run.folds.approvals.get(approval)?.state === 'pending');
  const forged = { approval, hash: sha256('another plan'), decision: 'approve', person: alice } as const;
  expect(await decide(run.firebreak.gate, { ...forged, via: 'api', typed: null })).toMatchObject({
    kind: 'refused',
    reason: 'other_plan',
  });
  await look();
  await run.clock.advance(31 * MIN);
  await look();
  expect(await count('incident.opened')).toBe(2);
  const own = run.folds.incidents.get(IncidentId.parse('INC-2'));
  expect(own).toMatchObject({ severity: 'critical', service: null });
  expect(own?.alerts[0]?.name).toContain('alice decided on a plan that nobody was shown');
});

test('a permit that the gate did not give opens an incident', async () => {
  const { run, look } = await guarded();
  await look();
  const body = { tool: 'service_restart', outcome: 'failed', reason: 'bad_permit' } as const;
  const finished = { ...body, call: CallId.parse('e1'), exitCode: null, durationMs: 1, facts: null };
  await run.log.append([fact('tool.finished', finished, { actor: SYSTEM, traceId: 't' })]);
  await look();
  expect(run.incident().alerts[0]?.name).toContain('a permit for service_restart that the gate did not give');
});

test('where the log takes no incident the look fails, and nothing is written down', async () => {
  const { run, look } = await guarded();
  await look();
  await expect(look(FULL, { onAlert: async () => ({ kind: 'unavailable' }) })).rejects.toThrow(
    'takes no incident',
  );
  expect(run.folds.posture.failing).toEqual([]);
  await look(FULL);
  expect(run.folds.incidents.current()).toHaveLength(1);
});

test('each incident has evidence beside the log that its own list of hashes proves, without secrets', async () => {
  const { run, dataDir, look } = await guarded();
  await look();
  const key = `sk-ant-${'a1'.repeat(20)}`;
  await run.log.append([
    fact('auth.failed', { what: key, peer: 'x', correlation: 'c' }, { actor: SYSTEM, traceId: 't' }),
  ]);
  await look(FULL);
  const [name = ''] = readdirSync(join(dataDir, 'evidence'));
  expect(name).toMatch(/^\d{8}T\d{6}Z-disk$/);
  const dir = join(dataDir, 'evidence', name);
  expect(statSync(dir).mode & 0o777).toBe(0o700);
  const sums = readFileSync(join(dir, 'SHA256SUMS'), 'utf8').trim().split('\n');
  expect(sums).toHaveLength(6);
  for (const line of sums) {
    const [sum, file = ''] = line.split('  ');
    expect(sha256(readFileSync(join(dir, file)))).toBe(sum);
  }
  if (process.platform === 'linux') execFileSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: dir });
  const all = readdirSync(dir).map((file) => readFileSync(join(dir, file), 'utf8'));
  expect(all.join('\n')).not.toContain(key);
  const kept = (await run.entries()).find((entry) => entry.kind === 'evidence.kept');
  expect(kept?.body).toMatchObject({
    folder: name,
    manifest: sha256(readFileSync(join(dir, 'manifest.json'))),
  });
});

test('of a log that cannot be read to its end, evidence is kept of what can be read', async () => {
  const { run, dataDir } = await guarded();
  const [first] = await run.entries();
  const broken = {
    size: () => 3,
    checkpoint: () => run.log.checkpoint(),
    read: async function* () {
      if (first !== undefined) yield first;
      throw new Error('entry 1 cannot be read');
    },
  };
  const about = { check: 'log-verify', facts: soundFacts(), findings: [], configDigest: null };
  const { folder } = await keepEvidence({ dataDir, ...about, log: broken });
  const entries = readFileSync(join(dataDir, 'evidence', folder, 'entries.txt'), 'utf8').split('\n');
  expect(entries).toEqual([JSON.stringify(first), 'here the log cannot be read: entry 1 cannot be read', '']);
});

test('so much evidence is kept and no more, and one that cannot be written holds no incident up', async () => {
  const { run, dataDir, look, errors } = await guarded();
  const facts = { ...soundFacts() };
  for (let nth = 0; nth < MOST_EVIDENCE + 3; nth += 1)
    await keepEvidence({
      ...{ dataDir, check: '../x/..', facts, findings: [], configDigest: null },
      log: run.log,
    });
  const names = readdirSync(join(dataDir, 'evidence'));
  expect(names).toHaveLength(MOST_EVIDENCE);
  expect(names.every((one) => /^[\w-]+$/.test(one))).toBe(true);
  rmSync(join(dataDir, 'evidence'), { recursive: true });
  writeFileSync(join(dataDir, 'evidence'), '');
  await look();
  await look(FULL);
  expect(run.folds.incidents.current()).toHaveLength(1);
  expect(errors).toMatchObject([expect.stringContaining('no evidence was kept')]);
});

test('modes are only ever tightened: the owner keeps what the owner had, read-only files too', () => {
  const dir = folder();
  const uid = process.getuid?.();
  for (const [mode, after] of [
    [0o644, 0o600],
    [0o444, 0o400],
    [0o755, 0o700],
    [0o600, 0o600],
    [0o777, 0o700],
  ] as const) {
    const path = join(dir, `f${mode}`);
    writeFileSync(path, '');
    chmodSync(path, mode);
    expect(tighten({ path, loose: 0o777 }, uid)).toBeUndefined();
    expect(statSync(path).mode & 0o777).toBe(after);
  }
});

test('a link, a file with a second name, a file of another user and a path through a link are left alone', () => {
  const [dir, elsewhere] = [folder(), folder()];
  const uid = process.getuid?.() ?? 0;
  const target = join(elsewhere, 'f');
  writeFileSync(target, '');
  chmodSync(target, 0o644);
  symlinkSync(target, join(dir, 'link'));
  symlinkSync(elsewhere, join(dir, 'way'));
  linkSync(target, join(dir, 'second'));
  const of = (path: string, user = uid) => tighten({ path, loose: 0o077 }, user);
  expect(of(join(dir, 'link'))).toBeDefined();
  expect(of(join(dir, 'way', 'f'))).toBe('a link leads there');
  expect(of(join(dir, 'second'))).toBe('it has another name');
  expect(of(target, uid + 1)).toBe('it belongs to another user');
  expect(of(join(dir, 'gone'))).toContain('ENOENT');
  expect(statSync(target).mode & 0o777).toBe(0o644);
});

/** One folder of ours that others can read, and a config that a group writes. */
function looseFiles(dir: string): Pick<Facts, 'files'> {
  const [keys, config] = [join(dir, 'keys'), join(dir, 'firebreak.yaml')];
  mkdirSync(keys, { recursive: true });
  writeFileSync(config, '');
  chmodSync(keys, 0o755);
  chmodSync(config, 0o664);
  return {
    files: known([
      { path: keys, what: 'data', mode: 0o755, loose: 0o077, isOurs: true },
      { path: config, what: 'config', mode: 0o664, loose: 0o022, isOurs: true },
    ]),
  };
}

test('modes are repaired with an entry before and after; the config is left to people; while all is off nothing is done', async () => {
  const { run, dataDir, look } = await guarded();
  const seen = looseFiles(dataDir);
  const mode = (name: string) => statSync(join(dataDir, name)).mode & 0o777;
  await look({ ...seen, stops: known({ off: true, frozen: false, file: false, by: null }) });
  expect(mode('keys')).toBe(0o755);
  const findings = await look(seen);
  expect([mode('keys'), mode('firebreak.yaml')]).toEqual([0o700, 0o664]);
  expect(findings.find(({ id }) => id === 'file-modes')?.seen).toMatch(
    /; put right now: modes of 1: .*\/keys$/,
  );
  const repairs = (await run.entries()).filter(({ kind }) => kind.startsWith('repair.'));
  expect(repairs.map(({ kind, body }) => [kind, body.repair, body.outcome])).toEqual([
    ['repair.begun', 'file-modes', undefined],
    ['repair.ended', 'file-modes', 'done'],
  ]);
});

test.each([
  [null, 'done'],
  ['the disk is gone', 'failed'],
])('a checkpoint that was kept too long ago is kept now: %s is %s', async (problem, outcome) => {
  const { run, look } = await guarded();
  const now = run.clock.now();
  const late = { anchors: known({ everyMs: 60_000, lastAt: now - 60 * MIN, startedAt: 0 }) };
  const findings = await look(late, { repairs: { uid: 0, anchor: async () => problem } });
  const said = findings.find(({ id }) => id === 'anchor-age')?.seen.includes('put right now');
  expect(said).toBe(problem === null);
  const [, ended] = (await run.entries()).filter(({ kind }) => kind.startsWith('repair.'));
  expect(ended?.body).toMatchObject({ repair: 're-anchor', outcome });
});

test('nobody of the config can send what looks like a finding of the guard', async () => {
  const { checkReferences } = await import('#server/config-checks.ts');
  const problems = checkReferences({ sources: { guard: { kind: 'generic', token: 'env:X' } } });
  expect(problems).toMatchObject([{ path: ['sources', 'guard'], message: expect.stringContaining('taken') }]);
});
