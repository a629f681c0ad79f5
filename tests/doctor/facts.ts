import { type Facts, known } from '#doctor/facts.ts';

export const NOW = Date.UTC(2026, 10, 21, 12);
export const DAY = 24 * 3_600_000;

/** Everything is as it should be: no check says anything but that. */
export function soundFacts(): Facts {
  return {
    now: NOW,
    config: known({ path: '/etc/firebreak.yaml', problems: [], changedAt: NOW - 30 * DAY }),
    listen: known({ host: '127.0.0.1', port: 7411, tls: false, proxied: false }),
    sockets: known([{ process: 'server', pid: 7, address: '127.0.0.1', port: 7411 }]),
    people: known({
      people: [
        {
          ...{ id: 'alice', roles: ['approver', 'owner'], teams: ['shop'] },
          ...{ hasToken: true, hasSlack: false, expiresAt: null },
        },
      ],
      teams: [{ id: 'shop', mayBeChanged: ['checkout'] }],
    }),
    files: known([{ path: '/data', what: 'data', mode: 0o700, loose: 0o077, isOurs: true }]),
    secrets: known([{ name: 'env:SLACK', problem: null }]),
    secretAges: known([{ name: 'env:SLACK', since: NOW - DAY }]),
    sources: known([{ id: 'alertmanager', secrets: 1, isPolled: false }]),
    slack: known({ name: 'bot_token', problem: null, surplus: [], missing: [] }),
    github: known(null),
    pagerduty: known(null),
    kubernetes: known([{ name: 'main', problem: null, surplus: [], missing: [] }]),
    policy: known({ waiting: 0, unapprovable: [] }),
    inventory: known({ services: [{ id: 'checkout', isSeen: true, isProbed: true }] }),
    log: known({ kind: 'intact', entries: 10 }),
    anchors: known({ everyMs: 3_600_000, lastAt: NOW - 60_000, startedAt: NOW - DAY }),
    clock: known({ behindMs: -1000, driftMs: 3 }),
    disk: known({ freeBytes: 50e9, growthPerDay: 1e6 }),
    stops: known({ off: false, frozen: false, file: false, by: null }),
    executor: known({
      ...{ kind: 'running', pid: 8, isOwnProcess: true, variables: [] },
      flags: ['--permission', '--allow-fs-read=*'],
      agreed: ['--permission', '--allow-fs-read=*'],
    }),
    providers: known([{ id: 'main', lastOkAt: NOW - 1000, failuresInRow: 0, reason: null }]),
    spend: known({ today: 2e6, before: [1e6, 1e6, 1e6, 1e6] }),
    tls: known(null),
    egress: known({ variables: [], plain: [] }),
    retention: known({ payloadsMs: 90 * DAY, overdue: 0 }),
    guard: known({ everyMs: 600_000, lastAt: NOW - 60_000, startedAt: NOW - DAY }),
    suppressions: [],
  };
}
