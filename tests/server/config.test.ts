import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId, ServiceId } from '#core/ids.ts';
import { loadConfig } from '#server/config.ts';

const FULL = `
listen: {host: 127.0.0.1, port: 0}
environment: demo
default_owner: team-shop
teams:
  - {id: team-shop, name: Shop}
people:
  - {id: alice, name: Alice, token: "sha256:${sha256('a')}", roles: [responder, approver, owner], teams: [team-shop]}
  - {id: bob, name: Bob, roles: [viewer]}
sources:
  alertmanager: {kind: alertmanager, token: env:AM_TOKEN, poll: {url: http://127.0.0.1:9093, every: 10s}}
  generic: {kind: generic, token: "file:./generic.token"}
watches:
  - {service: checkout, probe: true, for: 10s, severity: critical}
  - {service: checkout, signal: error_ratio, above: 0.05, for: 500ms}
telemetry:
  shop: {kind: scrape, discover: http://127.0.0.1:9000/v1/targets, token: "file:./generic.token", every: 500ms, keep: 15m}
  prom: {kind: prometheus, url: http://127.0.0.1:9090, label: app}
workloads:
  shop: {kind: process, url: http://127.0.0.1:9000, token: env:SHOP_TOKEN, act_token: "file:./act.token"}
services:
  - {id: checkout, mode: act, depends_on: [inventory], max_replicas: 4, telemetry: shop, logs: [/var/log/checkout.log], probe: http://127.0.0.1:9001/healthz, workload: {driver: shop, name: checkout}}
  - id: inventory
    environment: staging
    telemetry: prom
    signals:
      error_ratio: {kind: ratio, of: {metric: errors_total, where: {code: "5.."}}, to: {metric: requests_total}}
runbooks: ./runbooks
policy:
  rules:
    - {tools: [service_restart, service_rollback], environments: [demo], services: ["*"], answer: ask}
timing: {approval: 5m, verify_samples: 3, verify_every: 250ms, verify_window: 20s}
`;
const MINIMAL = 'default_owner: team-shop\nteams: [{id: team-shop, name: Shop}]\n';
const env = { AM_TOKEN: 'am-secret', SHOP_TOKEN: 'shop-secret' };

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
  file = join(dir, 'firebreak.yaml');
  mkdirSync(join(dir, 'runbooks'));
  writeFileSync(join(dir, 'generic.token'), 'file-secret\n', { mode: 0o600 });
  writeFileSync(join(dir, 'act.token'), 'act-secret\n', { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true }));

const load = (text: string) => {
  writeFileSync(file, text);
  return loadConfig(file, env);
};
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError && error.code === 'config_invalid') return error.message.split('\n');
    throw error;
  }
  return [];
}

test('a full file becomes a typed config', () => {
  const config = load(FULL);
  expect(config).toMatchObject({
    file,
    digest: sha256(FULL),
    listen: { host: '127.0.0.1', port: 0, tls: null, allow: [], hosts: [], trustedProxies: [] },
    environment: 'demo',
    defaultOwner: 'team-shop',
    runbooks: join(dir, 'runbooks'),
    timing: { approvalMs: 300_000, verify: { samples: 3, everyMs: 250, windowMs: 20_000 } },
    policy: { rules: [{ tools: ['service_restart', 'service_rollback'], answer: 'ask' }] },
  });
  expect(config.people.get(PersonId.parse('alice'))).toEqual({
    id: 'alice',
    name: 'Alice',
    tokens: [{ hash: sha256('a'), expires: null, scopes: null }],
    roles: ['responder', 'approver', 'owner'],
    teams: ['team-shop'],
  });
  expect(config.people.get(PersonId.parse('bob'))?.tokens).toEqual([]);
  expect(config.telemetry.get('shop')).toMatchObject({
    kind: 'scrape',
    everyMs: 500,
    keepMs: 900_000,
    targets: [],
  });
  expect(config.telemetry.get('prom')).toMatchObject({ kind: 'prometheus', label: 'app', token: null });
  expect(config.watches).toMatchObject([
    {
      service: 'checkout',
      environment: 'demo',
      condition: { kind: 'probe' },
      forMs: 10_000,
      severity: 'critical',
    },
    { condition: { kind: 'above', signal: 'error_ratio', limit: 0.05 }, forMs: 500, severity: 'error' },
  ]);
});

test('services take the defaults of the file, and standard signals where they have telemetry', () => {
  const { inventory } = load(FULL);
  const checkout = inventory.services.get(ServiceId.parse('checkout'));
  expect(checkout).toMatchObject({
    environment: 'demo',
    owner: 'team-shop',
    mode: 'act',
    dependsOn: ['inventory'],
    maxReplicas: 4,
    telemetry: 'shop',
  });
  expect(Object.keys(checkout?.signals ?? {})).toHaveLength(6);
  const other = inventory.services.get(ServiceId.parse('inventory'));
  expect(other).toMatchObject({ environment: 'staging', mode: 'observe' });
  expect(Object.keys(other?.signals ?? {})).toEqual(['error_ratio']);
});

test('secrets come from environment and files, and never show', () => {
  const config = load(FULL);
  const { alertmanager, generic } = Object.fromEntries(config.sources);
  expect(alertmanager).toMatchObject({ kind: 'alertmanager', tokens: [expect.anything()] });
  const tokens = [alertmanager, generic].map((one) => (one?.kind === 'pagerduty' ? [] : one?.tokens));
  expect(tokens.map((some) => some?.map((token) => token.reveal()))).toEqual([
    ['am-secret'],
    ['file-secret'],
  ]);
  const shop = config.workloads.get('shop');
  expect(shop?.kind === 'process' && shop.token.reveal()).toBe('shop-secret');
  expect(inspect(config, { depth: 20 })).not.toMatch(/-secret/);
  expect(() => JSON.stringify([...config.workloads])).toThrow();
});

test('a small file is enough: nothing may change and no service acts', () => {
  const config = load(MINIMAL);
  expect(config).toMatchObject({
    listen: { host: '127.0.0.1', port: 7411 },
    environment: 'prod',
    policy: { rules: [] },
    runbooks: null,
  });
  expect(config.inventory.services.size).toBe(0);
});

test('versions change with what they stand for, and with nothing else', () => {
  const first = load(FULL);
  const policy = load(FULL.replace('answer: ask', 'answer: deny'));
  expect(policy.policy.version).not.toBe(first.policy.version);
  expect(policy.inventory.version).toBe(first.inventory.version);
  const inventory = load(FULL.replace('max_replicas: 4', 'max_replicas: 5'));
  expect(inventory.inventory.version).not.toBe(first.inventory.version);
  expect(inventory.policy.version).toBe(first.policy.version);
  expect(load(`${FULL}# a comment\n`).inventory.version).toBe(first.inventory.version);
});

test('without a file the error names the way out', () => {
  expect(() => loadConfig(join(dir, 'nothing', 'firebreak.yaml'), env)).toThrow(
    /no firebreak\.yaml in .*nothing; firebreak init writes one/,
  );
});

const swap = (from: string, to: string): string => {
  if (!FULL.includes(from)) throw new Error(`not in the file: ${from}`);
  return FULL.replace(from, to);
};

test.each([
  [
    'an unknown setting',
    swap('max_replicas', 'max_replica'),
    'firebreak.yaml:22  services[0].max_replica: is not a setting; did you mean "max_replicas"?',
  ],
  [
    'an unknown part',
    `${FULL}polcy: {}\n`,
    'firebreak.yaml:33  polcy: is not a setting; did you mean "policy"?',
  ],
  [
    'an unknown setting of a kind',
    swap('label: app', 'lable: app'),
    'firebreak.yaml:18  telemetry.prom.lable: is not a setting; did you mean "label"?',
  ],
  [
    'an owner that is no team',
    swap('id: checkout, mode', 'id: checkout, owner: team-shp, mode'),
    'firebreak.yaml:22  services[0].owner: "team-shp" is not a team; did you mean "team-shop"?',
  ],
  ['a missing setting', swap('name: Bob, ', ''), 'firebreak.yaml:9  people[1].name: is missing'],
  [
    'a wrong kind',
    swap('kind: scrape', 'kind: scarpe'),
    'firebreak.yaml:17  telemetry.shop.kind: "scarpe" is not one of scrape, prometheus; did you mean "scrape"?',
  ],
  [
    'a missing kind',
    swap('kind: generic, ', ''),
    'firebreak.yaml:12  sources.generic.kind: is missing; one of alertmanager, generic, pagerduty',
  ],
  [
    'a wrong word',
    swap('mode: act', 'mode: acts'),
    'firebreak.yaml:22  services[0].mode: "acts" is not one of observe, propose, act; did you mean "act"?',
  ],
  [
    'a wrong type',
    swap('max_replicas: 4', 'max_replicas: four'),
    'firebreak.yaml:22  services[0].max_replicas: expected a number, not text',
  ],
  [
    'a number out of range',
    swap('port: 0', 'port: 70000'),
    'firebreak.yaml:2  listen.port: 70000 is too large; the most is 65535',
  ],
  [
    'an odd duration',
    swap('every: 500ms', 'every: 5 minutes'),
    'firebreak.yaml:17  telemetry.shop.every: "5 minutes" is not a duration such as 500ms, 10s or 15m',
  ],
  [
    'an open address',
    swap('host: 127.0.0.1', 'host: 0.0.0.0'),
    'firebreak.yaml:2  listen.host: "0.0.0.0" is every address of this machine; name one (in Kubernetes: env:POD_IP, set from status.podIP)',
  ],
  [
    'an unknown dependency',
    swap('depends_on: [inventory]', 'depends_on: [inventroy]'),
    'firebreak.yaml:22  services[0].depends_on[0]: "inventroy" is not a service; did you mean "inventory"?',
  ],
  [
    'a service that needs itself',
    swap('depends_on: [inventory]', 'depends_on: [checkout]'),
    'firebreak.yaml:22  services[0].depends_on[0]: is the service itself',
  ],
  [
    'an unknown telemetry',
    swap('telemetry: shop', 'telemetry: shpo'),
    'firebreak.yaml:22  services[0].telemetry: "shpo" is not in telemetry; did you mean "shop"?',
  ],
  [
    'an unknown driver',
    swap('driver: shop', 'driver: kubernetes'),
    'firebreak.yaml:22  services[0].workload.driver: "kubernetes" is not in workloads',
  ],
  [
    'a mode without a workload',
    swap(', workload: {driver: shop, name: checkout}', ''),
    'firebreak.yaml:22  services[0].mode: act needs a workload: there is nothing to change',
  ],
  [
    'a mode without a credential for changes',
    swap(', act_token: "file:./act.token"', ''),
    'firebreak.yaml:22  services[0].mode: act needs workloads.shop.act_token: a file with the credential for changes',
  ],
  [
    'one credential for reading and for changes',
    swap(
      'token: env:SHOP_TOKEN, act_token: "file:./act.token"',
      'token: "file:./act.token", act_token: "file:./act.token"',
    ),
    'firebreak.yaml:20  workloads.shop.act_token: is the same as token: changes need a credential that the server itself does not hold',
  ],
  [
    'the same id twice',
    swap('id: bob', 'id: alice'),
    'firebreak.yaml:9  people[1].id: "alice" is the same as people[0].id',
  ],
  [
    'a token of two people',
    swap('name: Bob,', `name: Bob, token: "sha256:${sha256('a')}",`),
    'firebreak.yaml:9  people[1].token: is the same as people[0].token',
  ],
  [
    'a watch of an unknown service',
    swap('service: checkout, probe', 'service: chekout, probe'),
    'firebreak.yaml:14  watches[0].service: "chekout" is not a service; did you mean "checkout"?',
  ],
  [
    'a watch of nothing',
    swap('probe: true, for', 'for'),
    'firebreak.yaml:14  watches[0]: needs either probe: true or a signal',
  ],
  [
    'a signal without a limit',
    swap('above: 0.05, ', ''),
    'firebreak.yaml:15  watches[1]: a signal needs either above or below',
  ],
  [
    'a probe without an address',
    swap('probe: http://127.0.0.1:9001/healthz, ', ''),
    'firebreak.yaml:14  watches[0].probe: service "checkout" has no probe address',
  ],
  [
    'a source that nothing can reach',
    swap('token: env:AM_TOKEN, poll: {url: http://127.0.0.1:9093, every: 10s}', ''),
    'firebreak.yaml:11  sources.alertmanager: needs a token (it posts to us), poll (we ask it), or both',
  ],
  [
    'a source with a taken name',
    swap('generic: {kind: generic', 'watch: {kind: generic'),
    'firebreak.yaml:12  sources.watch: this name is taken by the product itself',
  ],
  [
    'a scrape of nothing',
    swap('discover: http://127.0.0.1:9000/v1/targets, ', ''),
    'firebreak.yaml:17  telemetry.shop: needs either discover or targets',
  ],
  [
    'hosts of targets that nobody lists',
    swap(
      'discover: http://127.0.0.1:9000/v1/targets, ',
      'targets: [{service: checkout, url: http://127.0.0.1:9000}], hosts: [node1], ',
    ),
    'firebreak.yaml:17  telemetry.shop.hosts: goes with discover: targets name their hosts themselves',
  ],
  [
    'a host that is none',
    swap('/v1/targets, ', '/v1/targets, hosts: ["10.0.0.0/33"], '),
    'firebreak.yaml:17  telemetry.shop.hosts[0]: "10.0.0.0/33" is not a name of a machine, an address, or a block such as 10.0.0.0/16',
  ],
  [
    'an unknown tool',
    swap('service_restart', 'service_delete'),
    'firebreak.yaml:31  policy.rules[0].tools[0]: "service_delete" is not one of service_restart, service_rollback, service_scale, node_cordon, alert_silence, operator_action',
  ],
  [
    'a service in a rule that does not exist',
    swap('services: ["*"]', 'services: [chekout]'),
    'firebreak.yaml:31  policy.rules[0].services[0]: "chekout" is not a service; did you mean "checkout"?',
  ],
  [
    'an odd source name',
    swap('generic: {kind', 'Generic One: {kind'),
    'firebreak.yaml:12  sources.Generic One: "Generic One" is not an id: small letters, digits, - and _, a letter first',
  ],
  [
    'a name twice',
    swap('max_replicas: 4', 'max_replicas: 4, max_replicas: 5'),
    'firebreak.yaml:22  this name appears twice',
  ],
  [
    'a name twice, once in quotes',
    swap('max_replicas: 4', 'max_replicas: 4, "max_replicas": 5'),
    'firebreak.yaml:22  this name appears twice',
  ],
  [
    'a folder that is not there',
    swap('./runbooks', './runbook'),
    'firebreak.yaml:28  runbooks: is not a folder',
  ],
  [
    'an odd signal source',
    swap('kind: ratio, of', 'kind: ration, of'),
    'firebreak.yaml:27  services[1].signals.error_ratio.kind: "ration" is not one of ratio, rate, quantile, gauge_ratio, up; did you mean "ratio"?',
  ],
  [
    'an odd word for signals',
    swap('telemetry: shop, logs', 'telemetry: shop, signals: standrad, logs'),
    'firebreak.yaml:22  services[0].signals: "standrad" must be standard; did you mean "standard"?',
  ],
  [
    'signals from nowhere',
    swap('    telemetry: prom\n', ''),
    'firebreak.yaml:25  services[1].signals: needs telemetry: the numbers come from nowhere',
  ],
  [
    'an unset variable',
    swap('env:SHOP_TOKEN', 'env:SHOP_TOKN'),
    'firebreak.yaml:20  workloads.shop.token: environment variable SHOP_TOKN is not set',
  ],
])('%s is reported with its line', (_, text, line) => {
  expect(mistakes(text)).toEqual([line]);
});

test('a secret in the file is refused and not repeated', () => {
  for (const text of [
    swap('token: env:SHOP_TOKEN', 'token: hunter2hunter2'),
    swap('token: env:SHOP_TOKEN', 'token: "env: hunter2hunter2"'),
    swap(`sha256:${sha256('a')}`, 'hunter2hunter2'),
    swap('http://127.0.0.1:9090', 'http://me:hunter2hunter2@127.0.0.1:9090'),
    swap('token: env:SHOP_TOKEN', 'token: *hunter2hunter2'),
    swap('token: env:SHOP_TOKEN', 'token: env:SHOP_TOKEN, password: hunter2hunter2'),
    swap('token: env:SHOP_TOKEN', 'token: "hunter2hunter2'),
    swap('act_token: "file:./act.token"', 'act_token: hunter2hunter2'),
  ]) {
    const lines = mistakes(text);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join('\n')).not.toContain('hunter2');
  }
});

test('a credential for changes comes from a file, never from the environment', () => {
  const [line] = mistakes(swap('act_token: "file:./act.token"', 'act_token: env:SHOP_TOKEN'));
  expect(line).toContain('workloads.shop.act_token: must be file:/path');
  expect(line).toContain('empty environment');
});

test('a credential for changes is looked at, and never read by the server', () => {
  const path = join(dir, 'act.token');
  const config = load(FULL);
  expect(config.workloads.get('shop')?.actTokenFile).toBe(path);
  expect(inspect(config, { depth: 20, showHidden: true })).not.toContain('act-secret');
  const line = 'firebreak.yaml:20  workloads.shop.act_token:';
  chmodSync(path, 0o640);
  expect(mistakes(FULL)).toEqual([`${line} ${path} can be read by others; chmod 600 ${path}`]);
  chmodSync(path, 0o600);
  writeFileSync(path, '');
  expect(mistakes(FULL)).toEqual([`${line} ${path} is empty`]);
  rmSync(path);
  expect(mistakes(FULL)).toEqual([`${line} there is no file ${path}`]);
});

test('a secret file must be there, hold something, and be readable by its owner alone', () => {
  const path = join(dir, 'generic.token');
  const complaint = () => mistakes(FULL)[0];
  chmodSync(path, 0o640);
  expect(complaint()).toBe(
    `firebreak.yaml:12  sources.generic.token: ${path} can be read by others; chmod 600 ${path}`,
  );
  chmodSync(path, 0o600);
  writeFileSync(path, ' \n');
  expect(complaint()).toContain('is empty');
  rmSync(path);
  expect(complaint()).toContain('there is no file');
});

test('all mistakes are listed at once, in the order of their lines', () => {
  const text = swap('mode: act', 'mode: acts')
    .replace('env:AM_TOKEN', 'env:NOTHING')
    .replace('depends_on: [inventory]', 'depends_on: [stock]')
    .replace('default_owner: team-shop', 'default_owner: team-hop');
  expect(mistakes(text)).toEqual([
    'firebreak.yaml:4  default_owner: "team-hop" is not a team; did you mean "team-shop"?',
    'firebreak.yaml:11  sources.alertmanager.token: environment variable NOTHING is not set',
    'firebreak.yaml:22  services[0].mode: "acts" is not one of observe, propose, act; did you mean "act"?',
    'firebreak.yaml:22  services[0].depends_on[0]: "stock" is not a service',
  ]);
});

test.each([
  ['', 'is empty'],
  ['- a\n- b\n', 'expected settings, not a list'],
  ['a: "1\n', 'a quote or bracket is not closed'],
  ['a:\n\t- b\n', 'a tab cannot indent; use spaces'],
])('a file of %j is refused in words', (text, words) => {
  expect(mistakes(text).join('\n')).toContain(words);
});

test('of very many settings that are none, the first are named', () => {
  const text = `${MINIMAL}${Array.from({ length: 200 }, (_none, at) => `k${at}: 1\n`).join('')}`;
  const told = mistakes(text);
  expect(told[0]).toMatch(/^firebreak\.yaml:3 {2}k0: is not a setting/);
  expect(told).toHaveLength(50);
});

test('whatever stands in the file, it loads or is refused with lines, and nothing else is thrown', () => {
  const lines = FULL.split('\n');
  const cut = fc
    .tuple(fc.nat(lines.length - 1), fc.string())
    .map(([at, text]) => lines.with(at, text).join('\n'));
  const json = fc.json().map((text) => `${MINIMAL}services: ${text}\nsources: ${text}\npolicy: ${text}\n`);
  fc.assert(
    fc.property(fc.oneof(fc.string(), cut, json), (text) => {
      for (const line of mistakes(text)) expect(line).toMatch(/^firebreak\.yaml:\d+ {2}\S/);
    }),
    { numRuns: 300 },
  );
});
