import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type CheckId, checkIds, severities } from '#doctor/check.ts';
import { checks } from '#doctor/checks.ts';
import { examine } from '#doctor/examine.ts';
import { type Facts, known, unknown } from '#doctor/facts.ts';
import { checkLine } from '#doctor/page.ts';
import { DAY, NOW, soundFacts } from './facts.ts';

type Status = 'ok' | 'warn' | 'fail' | 'skipped';
/** What makes a check say something, what it then says, and a word of it. */
type Row = readonly [over: Partial<Facts>, status: Status, says: string];

const person = {
  id: 'bob',
  roles: ['responder'],
  teams: [],
  hasToken: true,
  hasSlack: false,
  expiresAt: null,
};
const team = { id: 'shop', mayBeChanged: ['checkout'] };
const owner = { ...person, id: 'alice', roles: ['owner'], teams: ['shop'] };
const file = { path: '/data/keys', what: 'data', loose: 0o077, isOurs: true } as const;
const rights = { name: 'main', problem: null, surplus: [], missing: [] };
const child = {
  kind: 'running',
  pid: 8,
  isOwnProcess: true,
  variables: [],
  flags: ['--permission', '--allow-fs-read=*'],
  agreed: ['--permission', '--allow-fs-read=*'],
} as const;
const provider = { id: 'main', lastOkAt: null, failuresInRow: 3, reason: 'server error' };
const silenced = (id: string, until = NOW + DAY) => ({
  suppressions: [{ id, until, reason: 'being replaced' }],
});
const listening = (address: string, over: object = {}) =>
  known([{ process: 'server', pid: 7, address, port: 7411, ...over }] as const);

/** Each check with the configurations that fire it; the first is the one that it is there for. */
const rows: Readonly<Record<CheckId, readonly Row[]>> = {
  'config-valid': [
    [{ config: known({ path: 'f', problems: ['f:3  x: is not a setting'], changedAt: 0 }) }, 'fail', 'f:3'],
    [{ config: known({ path: 'f', problems: ['no f here'], changedAt: null }) }, 'fail', 'no f here'],
  ],
  binds: [
    [{ sockets: listening('0.0.0.0') }, 'fail', 'the server (process 7) listens on 0.0.0.0'],
    [{ sockets: listening('0:0:0:0:0:0:0:0') }, 'fail', 'process 7'],
    [{ sockets: listening('0:0:0:0:0:ffff:0:0') }, 'fail', 'process 7'],
    [{ sockets: listening('192.168.1.4') }, 'fail', '192.168.1.4'],
    [{ sockets: listening('0.0.0.0', { process: 'child' }) }, 'fail', 'the child'],
    [{ sockets: listening('100.64.0.9') }, 'ok', '100.64.0.9'],
    [
      {
        sockets: listening('10.0.0.4'),
        listen: known({ host: '10.0.0.4', port: 7411, tls: false, proxied: false }),
      },
      'fail',
      'without TLS',
    ],
    [
      {
        sockets: listening('10.0.0.4'),
        listen: known({ host: '10.0.0.4', port: 7411, tls: true, proxied: false }),
      },
      'ok',
      'TLS',
    ],
    [
      {
        sockets: listening('fd00:0:0:0:0:0:0:7'),
        listen: known({ host: 'fd00::7', port: 7411, tls: true, proxied: false }),
      },
      'ok',
      'TLS',
    ],
    [{ sockets: unknown('no server runs') }, 'ok', 'no server runs'],
    [
      { sockets: unknown('x'), listen: known({ host: '0.0.0.0', port: 1, tls: false, proxied: false }) },
      'fail',
      '0.0.0.0',
    ],
  ],
  ports: [
    [{ sockets: listening('127.0.0.1', { port: 9229 }) }, 'fail', '9229'],
    [{ sockets: listening('127.0.0.1', { process: 'executor' }) }, 'fail', 'the executor'],
    [
      {
        listen: known({ host: '127.0.0.1', port: 0, tls: false, proxied: false }),
        sockets: known([
          { process: 'server', pid: 7, address: '127.0.0.1', port: 4000 },
          { process: 'server', pid: 7, address: '127.0.0.1', port: 9229 },
        ]),
      },
      'fail',
      '9229',
    ],
  ],
  tls: [
    [{ tls: known({ path: '/c.pem', notAfter: NOW - 1 }) }, 'fail', 'no longer valid'],
    [{ tls: known({ path: '/c.pem', notAfter: NOW + 3 * DAY }) }, 'fail', '3 days'],
    [{ tls: known({ path: '/c.pem', notAfter: NOW + 20 * DAY }) }, 'warn', '20 days'],
    [{ tls: known({ path: '/c.pem', notAfter: NOW + 60 * DAY }) }, 'ok', '60 days'],
  ],
  egress: [
    [{ egress: known({ variables: ['NODE_TLS_REJECT_UNAUTHORIZED'], plain: [] }) }, 'fail', 'NODE_TLS'],
    [{ egress: known({ variables: ['https_proxy'], plain: [] }) }, 'warn', 'https_proxy'],
    [{ egress: known({ variables: [], plain: ['http://prom.lan:9090'] }) }, 'warn', 'prom.lan'],
  ],
  auth: [
    [{ people: known({ people: [{ ...owner, hasToken: false }], teams: [team] }) }, 'fail', 'nobody'],
    [{ people: known({ people: [{ ...owner, expiresAt: NOW - 1 }], teams: [team] }) }, 'fail', 'nobody'],
    [
      { people: known({ people: [owner, { ...person, expiresAt: NOW - 1 }], teams: [team] }) },
      'fail',
      'the token of bob has ended',
    ],
    [{ people: known({ people: [person], teams: [team] }) }, 'fail', 'shop has no owner'],
    [
      { people: known({ people: [owner, { ...person, expiresAt: NOW + 3 * DAY }], teams: [team] }) },
      'warn',
      'within 14 days',
    ],
    [
      {
        people: known({
          people: [{ ...owner, roles: ['viewer', 'responder', 'approver', 'owner', 'admin'] }],
          teams: [team],
        }),
      },
      'warn',
      'every role',
    ],
  ],
  'policy-version': [
    [{ policy: known({ waiting: 2, unapprovable: [] }) }, 'warn', '2 things'],
    [{ policy: known({ waiting: 0, unapprovable: ['checkout'] }) }, 'fail', 'checkout'],
  ],
  'file-modes': [
    [{ files: known([{ ...file, mode: 0o755 }]) }, 'fail', '0755'],
    [{ files: known([{ ...file, mode: 0o700, isOurs: false }]) }, 'warn', 'another user'],
    [{ files: known([{ ...file, what: 'config', loose: 0o022, mode: 0o644 }]) }, 'ok', '1 file'],
    [{ files: known([{ ...file, what: 'config', loose: 0o022, mode: 0o664 }]) }, 'fail', '0664'],
    [{ files: known([]) }, 'skipped', 'no file'],
  ],
  secrets: [
    [
      { secrets: known([{ name: 'env:A_TOKEN', problem: 'is not set' }]) },
      'fail',
      'env:A_TOKEN (is not set)',
    ],
  ],
  'secret-age': [
    [{ secretAges: known([{ name: 'env:A', since: NOW - 91 * DAY }]) }, 'warn', 'env:A (91 days)'],
    [{ secretAges: known([{ name: 'env:A', since: NOW - 90 * DAY }]) }, 'ok', 'none'],
  ],
  'webhook-sources': [
    [{ sources: known([{ id: 'pd', secrets: 0, isPolled: false }]) }, 'fail', 'pd'],
    [{ sources: known([{ id: 'pd', secrets: 2, isPolled: false }]) }, 'warn', 'more than one secret'],
    [{ sources: known([{ id: 'pd', secrets: 0, isPolled: true }]) }, 'ok', '1 sender'],
  ],
  slack: [
    [{ slack: known({ ...rights, surplus: ['admin'] }) }, 'fail', 'admin'],
    [{ slack: known({ ...rights, problem: 'invalid_auth' }) }, 'fail', 'invalid_auth'],
    [{ slack: known({ ...rights, missing: ['chat:write'] }) }, 'fail', 'lacks chat:write'],
  ],
  github: [[{ github: known({ ...rights, surplus: ['repo'] }) }, 'fail', 'repo']],
  pagerduty: [[{ pagerduty: known({ ...rights, problem: 'answered 401' }) }, 'fail', '401']],
  kubernetes: [[{ kubernetes: known([{ ...rights, surplus: ['delete pods'] }]) }, 'fail', 'delete pods']],
  inventory: [
    [{ inventory: known({ services: [{ id: 'a', isSeen: false, isProbed: true }] }) }, 'warn', 'a cannot'],
    [{ inventory: known({ services: [] }) }, 'warn', 'no services'],
    [{ config: known({ path: 'f', problems: [], changedAt: NOW - 200 * DAY }) }, 'warn', 'half a year'],
  ],
  'log-verify': [
    [{ log: known({ kind: 'bad', reason: 'wrong root, at entry 7' }) }, 'fail', 'entry 7'],
    [{ log: known({ kind: 'replaced', folder: 'log.old' }) }, 'fail', 'log.old'],
  ],
  'anchor-age': [
    [{ anchors: known({ everyMs: null, lastAt: null, startedAt: NOW }) }, 'warn', 'nowhere else'],
    [{ anchors: known({ everyMs: 3_600_000, lastAt: NOW - DAY, startedAt: 0 }) }, 'fail', '24 h'],
    [{ anchors: known({ everyMs: 3_600_000, lastAt: null, startedAt: NOW - DAY }) }, 'fail', '24 h'],
  ],
  clock: [
    [{ clock: known({ behindMs: 9000, driftMs: null }) }, 'fail', '9 s behind'],
    [{ clock: known({ behindMs: -1, driftMs: -7000 }) }, 'warn', '-7 s'],
  ],
  disk: [
    [{ disk: known({ freeBytes: 5e7, growthPerDay: null }) }, 'fail', '47 MB'],
    [{ disk: known({ freeBytes: 5e9, growthPerDay: 1e9 }) }, 'fail', 'full in 5 days'],
    [{ disk: known({ freeBytes: 5e8, growthPerDay: null }) }, 'warn', 'MB free'],
    [{ disk: known({ freeBytes: 2e10, growthPerDay: 1e9 }) }, 'warn', '20 days'],
  ],
  retention: [
    [{ retention: known({ payloadsMs: null, overdue: 0 }) }, 'warn', 'for ever'],
    [{ retention: known({ payloadsMs: DAY, overdue: 3 }) }, 'fail', '3 closed incidents'],
  ],
  stops: [
    [{ stops: known({ off: true, frozen: false, file: false, by: 'alice' }) }, 'warn', 'by alice'],
    [{ stops: known({ off: false, frozen: true, file: false, by: null }) }, 'warn', 'frozen'],
    [{ stops: known({ off: false, frozen: false, file: true, by: null }) }, 'warn', 'the file OFF'],
  ],
  executor: [
    [{ executor: known({ kind: 'missing' }) }, 'fail', 'no process'],
    [{ executor: known({ ...child, isOwnProcess: false }) }, 'fail', 'the server itself'],
    [{ executor: known({ ...child, variables: ['AWS_SECRET'] }) }, 'fail', 'AWS_SECRET'],
    [{ executor: known({ ...child, flags: [] }) }, 'fail', 'anything'],
    [{ executor: known({ ...child, flags: [...child.flags, '--allow-worker'] }) }, 'fail', '--allow-worker'],
    [
      { executor: known({ ...child, flags: [...child.flags, '--allow-child-process'] }) },
      'fail',
      'child-process',
    ],
    [
      {
        executor: known({
          ...child,
          flags: [...child.flags, '--allow-child-process'],
          agreed: [...child.flags, '--allow-child-process'],
        }),
      },
      'ok',
      'empty environment',
    ],
    [{ executor: known({ kind: 'not needed' }) }, 'ok', 'no credential'],
  ],
  providers: [
    [{ providers: known([provider]) }, 'fail', 'failed 3 times'],
    [{ providers: known([provider, { ...provider, id: 'other', failuresInRow: 2 }]) }, 'warn', 'main'],
    [{ providers: known([]) }, 'ok', 'the rules'],
  ],
  spend: [
    [{ spend: known({ today: 4e6, before: [1e6, 1e6, 1e6] }) }, 'warn', '$4.00 today'],
    [{ spend: known({ today: 3e6, before: [1e6, 1e6, 1e6] }) }, 'ok', '$3.00'],
    [{ spend: known({ today: 9e5, before: [0, 0, 0] }) }, 'ok', '$0.90'],
    [{ spend: known({ today: 9e6, before: [1e6, 1e6] }) }, 'ok', 'no day'],
  ],
  'guard-fresh': [
    [{ guard: known({ everyMs: null, lastAt: null, startedAt: 0 }) }, 'warn', 'off'],
    [{ guard: known({ everyMs: 600_000, lastAt: NOW - DAY, startedAt: 0 }) }, 'fail', '1440 min'],
    [{ guard: known({ everyMs: 600_000, lastAt: null, startedAt: NOW - 60_000 }) }, 'ok', '10 min'],
  ],
  suppressed: [
    [silenced('disk'), 'warn', 'disk: being replaced'],
    [silenced('disk', NOW), 'fail', 'over'],
    [silenced('log-verify'), 'fail', 'cannot be silenced'],
    [silenced('suppressed'), 'fail', 'cannot be silenced'],
    [silenced('no-such'), 'fail', 'no check'],
  ],
};

test('when all is as it should be, every check says so', () => {
  const findings = examine(soundFacts());
  expect(findings.filter(({ status }) => status !== 'ok')).toEqual([]);
  expect(findings.map(({ id }) => id)).toEqual([...checkIds]);
});

test.each(
  checkIds.flatMap((id) =>
    rows[id].map(([over, status, says]): [CheckId, Status, string, Partial<Facts>] => [
      id,
      status,
      says,
      over,
    ]),
  ),
)('%s is %s, and says: %s', (id, status, says, over) => {
  const finding = examine({ ...soundFacts(), ...over }).find((one) => one.id === id);
  expect(finding).toMatchObject({ status, seen: expect.stringContaining(says) });
  expect(finding?.fix === null).toBe(status === 'ok' || status === 'skipped');
});

test('every check has a configuration that fires it', () => {
  for (const id of checkIds)
    expect(
      rows[id].some(([, status]) => status === 'fail' || status === 'warn'),
      id,
    ).toBe(true);
});

test('what is not known is skipped, and never counts as right', () => {
  const nothing = unknown('nobody looked');
  const facts = soundFacts();
  const blind = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [
      key,
      typeof value === 'object' && 'kind' in value ? nothing : value,
    ]),
  );
  const findings = examine({ ...facts, ...blind });
  expect(findings.filter(({ status }) => status !== 'skipped').map(({ id }) => id)).toEqual(['suppressed']);
});

test('a silenced check stays in the list, says why, and what it saw', () => {
  const full = { disk: known({ freeBytes: 1, growthPerDay: null }) };
  const of = (over: Partial<Facts>) =>
    examine({ ...soundFacts(), ...full, ...over }).find(({ id }) => id === 'disk');
  expect(of(silenced('disk'))).toMatchObject({
    status: 'skipped',
    seen: 'silenced (being replaced): 0 MB free',
  });
  expect(of(silenced('disk', NOW))).toMatchObject({ status: 'fail' });
});

test('a critical check cannot be silenced', () => {
  const bad = { log: known({ kind: 'bad', reason: 'x' } as const) };
  const finding = examine({ ...soundFacts(), ...bad, ...silenced('log-verify') }).find(
    ({ id }) => id === 'log-verify',
  );
  expect(finding).toMatchObject({ status: 'fail' });
});

test('findings are one harmless line each, without secrets of known formats', () => {
  const problems = [`f:1  key: sk-ant-${'a1'.repeat(20)} \u001b[31m\nsecond\u202e`];
  const [finding] = examine({ ...soundFacts(), config: known({ path: 'f', problems, changedAt: 0 }) });
  expect(finding?.seen).not.toMatch(/sk-ant-a1|[\p{Cc}\p{Cf}]/u);
});

test('the page of checks lists exactly the checks there are, as the code has them', () => {
  const page = readFileSync(new URL('../../docs/doctor.md', import.meta.url), 'utf8');
  const lines = page.split('\n').filter((line) => /^\| `/.test(line));
  expect(lines).toEqual(checks.map(checkLine));
  expect(checks.every(({ severity }) => severities.includes(severity))).toBe(true);
});
