import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { onCallNow } from '#incidents/rota.ts';
import { loadConfig } from '#server/config.ts';

const BASE = `default_owner: team-shop
people:
  - {id: alice, name: Alice, roles: [owner], teams: [team-shop]}
  - {id: bob, name: Bob, roles: [responder], teams: [team-shop]}
services:
  - {id: checkout, match: [{pod: "checkout-*", namespace: shop}]}
sources:
  alertmanager: {kind: alertmanager, token: env:AM_TOKEN, watchdog: {within: 3m}}
`;
const TEAM = `teams:
  - id: team-shop
    name: Shop
    channel: C0123456789
    rota: {people: [alice, bob], first: 2026-01-05, handover: monday 09:00, zone: Europe/Berlin, override: [{from: "2026-01-07T18:00+01:00", until: "2026-01-07T22:00+01:00", person: bob}]}
    rungs: [{after: 5m, notify: team}, {after: 10m, notify: bob}]
`;
const PAGERDUTY = 'pagerduty: {api: "https://api.pagerduty.com", token: env:PD_TOKEN, from: a@example.test}';
const QUIET = `maintenance:
  let_through: critical
  windows: [{service: checkout, begins: sunday 22:00, for: 2h, zone: Europe/Berlin, reason: backups}]
silences: [{match: {service: checkout, name: DiskFull}, until: "2026-02-01T00:00Z", reason: new disk ordered}]
heartbeat: {url: "https://example.test/ping", every: 30s}
`;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-duty-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const load = (text: string) => {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(file, text);
  return loadConfig(file, {
    AM_TOKEN: 'am',
    PD_TOKEN: 'p'.repeat(20),
    BOT: `xoxb-${'1'.repeat(12)}`,
    APP: `xapp-${'1'.repeat(12)}`,
  });
};
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('a team gets its channel, its rota and its rungs', () => {
  const [team] = load(BASE + TEAM + QUIET).teams;
  expect(team).toMatchObject({
    channel: 'C0123456789',
    rungs: [
      { afterMs: 300_000, notify: 'team' },
      { afterMs: 600_000, notify: 'bob' },
    ],
  });
  const rota = team?.rota?.kind === 'static' ? team.rota.rota : undefined;
  if (rota === undefined) throw new Error('no rota');
  const who = (text: string) => onCallNow(rota, Date.parse(text))?.person;
  expect(who('2026-01-05T09:00+01:00')).toBe('alice');
  expect(who('2026-01-07T18:00+01:00')).toBe('bob');
  expect(who('2026-01-12T09:00+01:00')).toBe('bob');
});

test('a team needs neither channel nor rota, and can take its rota from PagerDuty', () => {
  const plain = load(`${BASE}teams: [{id: team-shop, name: Shop}]`).teams;
  expect(plain).toEqual([{ id: 'team-shop', name: 'Shop', channel: null, rota: null, rungs: [] }]);
  const rota = (text: string) =>
    load(`${BASE}teams: [{id: team-shop, name: Shop, rota: {pagerduty: ${text}}}]\n${PAGERDUTY}`).teams[0]
      ?.rota;
  expect(rota('{schedule: PABC123}')).toEqual({ kind: 'pagerduty', schedule: 'PABC123', policy: null });
  expect(rota('{escalation_policy: PXYZ789}')).toEqual({
    kind: 'pagerduty',
    schedule: null,
    policy: 'PXYZ789',
  });
});

test('maintenance, silences, the heartbeat and watchdogs are read', () => {
  const config = load(BASE + TEAM + QUIET);
  expect(config.quiet).toEqual({
    letThrough: 'critical',
    windows: [
      {
        service: 'checkout',
        weekday: 'sunday',
        minute: 22 * 60,
        lengthMs: 2 * 3_600_000,
        zone: 'Europe/Berlin',
        reason: 'backups',
      },
    ],
    silences: [
      {
        match: { service: 'checkout', name: 'DiskFull' },
        until: Date.UTC(2026, 1, 1),
        reason: 'new disk ordered',
      },
    ],
  });
  expect(config.heartbeat).toEqual({ url: 'https://example.test/ping', everyMs: 30_000 });
  expect(config.watchdogs).toEqual([{ source: 'alertmanager', alert: 'Watchdog', withinMs: 180_000 }]);
  expect([...config.inventory.services.values()][0]?.match).toEqual([
    { pod: 'checkout-*', namespace: 'shop' },
  ]);
});

test('a file that says nothing of it leaves nothing alone and expects no watchdog', () => {
  const config = load('default_owner: a\nteams: [{id: a, name: A}]');
  expect(config.quiet).toEqual({ letThrough: null, windows: [], silences: [] });
  expect([config.heartbeat, config.watchdogs]).toEqual([null, []]);
});

const wrong = (from: string, to: string): string[] => mistakes((BASE + TEAM + QUIET).replace(from, to));
test.each([
  [
    'people: [alice, bob], first',
    'people: [alice, bop], first',
    'teams[0].rota.people[1]: "bop" is not a person; did you mean "bob"?',
  ],
  [
    'monday 09:00',
    'tuesday 09:00',
    'teams[0].rota.handover: "tuesday 09:00" is on another day than first: 2026-01-05 is a monday',
  ],
  [
    'person: bob}',
    'person: rob}',
    'teams[0].rota.override[0].person: "rob" is not a person; did you mean "bob"?',
  ],
  ['notify: bob', 'notify: bill', 'teams[0].rungs[1].notify: "bill" is not a person, or rota, team, channel'],
  [
    'C0123456789',
    '"#shop"',
    'teams[0].channel: "#shop" is not the id of a Slack channel such as C0123456789 (see its details)',
  ],
  [
    'service: checkout, begins',
    'service: chekout, begins',
    'maintenance.windows[0].service: "chekout" is not a service; did you mean "checkout"?',
  ],
  [
    'sunday 22:00',
    'sundays 22:00',
    'maintenance.windows[0].begins: "sundays 22:00" is not a time of the week such as monday 09:00, or 09:00',
  ],
  [
    'for: 2h, zone: Europe/Berlin',
    'for: 2h, zone: Europe/Belrin',
    'maintenance.windows[0].zone: "Europe/Belrin" is not a time zone such as Europe/Berlin',
  ],
  [
    '{service: checkout, name: DiskFull}',
    '{}',
    'silences[0].match: settings matches every page; name a service or an alert',
  ],
  [
    '2026-02-01T00:00Z',
    '2026-02-01',
    'silences[0].until: "2026-02-01" is not a time with its offset such as 2026-01-31T18:00+01:00',
  ],
])('%s written as %s is one mistake, named with its line', (from, to, message) => {
  const lines = wrong(from, to);
  expect(lines.map((line) => line.replace(/^firebreak\.yaml:\d+ {2}/, ''))).toEqual([message]);
  expect(lines[0]).toMatch(/^firebreak\.yaml:\d+ {2}/);
});

test('a rota of PagerDuty needs PagerDuty, and a fallback needs Slack and a way to say it', () => {
  const rota = 'teams: [{id: team-shop, name: Shop, rota: {pagerduty: {schedule: PABC123}}}]\n';
  expect(mistakes(BASE + rota)[0]).toContain('teams[0].rota.pagerduty: needs pagerduty');
  const team = 'teams: [{id: team-shop, name: Shop}]\n';
  expect(mistakes(`${BASE}${team}fallback: {webhook: env:AM_TOKEN}`)[0]).toContain('there is no slack');
  const slack =
    'slack: {team: T012, app: A012, bot_token: env:BOT, app_token: env:APP, default_channel: C012}\n';
  expect(mistakes(`${BASE}${team}${slack}fallback: {pagerduty: true}`)[0]).toContain(
    'needs pagerduty.events',
  );
  const { fallback } = load(`${BASE}${team}${slack}fallback: {webhook: env:AM_TOKEN}`);
  expect(fallback?.kind === 'webhook' && fallback.url.reveal()).toBe('am');
  expect(mistakes(`${BASE}${team}${slack}fallback: {webhook: "https://example.test/hook"}`)[0]).not.toContain(
    'example.test',
  );
});
