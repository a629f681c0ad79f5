import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import { verifyDelivery } from '#intake/verify-delivery.ts';
import { loadConfig } from '#server/config.ts';
import { ConfigFile } from '#server/config-schema.ts';
import { initConfig, mintToken } from '#server/init.ts';
import { findLocal, type LocalFinds } from '#server/local-finds.ts';
import { sendTestPage } from '#server/test-page.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

const nothing: LocalFinds = { prometheus: null, alertmanager: null, kubeconfig: null };
const everything: LocalFinds = {
  prometheus: 'http://127.0.0.1:9090',
  alertmanager: 'http://127.0.0.1:9093',
  kubeconfig: null,
};

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-init-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const init = (found = nothing) =>
  initConfig({
    dir: join(dir, 'new'),
    environment: 'prod',
    team: { id: 'team-shop', name: 'Shop: "the" team' },
    person: { id: 'alice', name: 'Alice' },
    found,
    random: realRandom,
  });

test('the written config loads, and knows the person by the token that was shown', () => {
  const made = init();
  const config = loadConfig(made.config, {});
  expect(config.people.get(PersonId.parse('alice'))).toMatchObject({
    tokens: [{ hash: sha256(made.personToken), expires: null, scopes: null }],
    roles: ['responder', 'approver', 'owner'],
    teams: ['team-shop'],
  });
  expect(config.teams).toMatchObject([{ id: 'team-shop', name: 'Shop: "the" team' }]);
  expect([...config.telemetry.keys()]).toEqual([]);
  expect(config.policy.rules).toEqual([]);
});

test('what was found on the machine is switched on', () => {
  const config = loadConfig(init(everything).config, {});
  expect(config.telemetry.get('prom')).toMatchObject({ url: 'http://127.0.0.1:9090' });
  expect(config.sources.get('alertmanager')).toMatchObject({
    poll: { url: 'http://127.0.0.1:9093', everyMs: 10_000 },
  });
});

test.each([
  ['nothing', nothing],
  ['everything', everything],
])('with %s found, the config still loads with every explained setting switched on', (_, found) => {
  const { config } = init(found);
  mkdirSync(join(dir, 'new', 'runbooks'));
  writeFileSync(join(dir, 'new', 'shop-act.token'), 'c', { mode: 0o600 });
  const program = join(dir, 'new', 'queue');
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o700 });
  const text = readFileSync(config, 'utf8')
    .replaceAll(/^#(?!#) ?/gm, '')
    .replace('/usr/local/bin/queue', program);
  writeFileSync(config, text);
  const keys = { ANTHROPIC_API_KEY: `sk-ant-${'a'.repeat(20)}`, OPENAI_API_KEY: `sk-${'a'.repeat(20)}` };
  const people = {
    SLACK_BOT_TOKEN: `xoxb-${'1'.repeat(20)}`,
    SLACK_APP_TOKEN: `xapp-${'1'.repeat(20)}`,
    PAGERDUTY_TOKEN: 'c'.repeat(20),
    PAGERDUTY_ROUTING_KEY: 'd'.repeat(32),
    PAGERDUTY_WEBHOOK_SECRET: 'e'.repeat(40),
    FIREBREAK_FALLBACK_URL: 'https://example.com/fallback',
  };
  const others = {
    ...{ FIREBREAK_GENERIC_TOKEN: 'a', FIREBREAK_SHOP_TOKEN: 'b', FIREBREAK_POSTGRES_PASSWORD: 'c' },
    ...{ FIREBREAK_CLUSTER_TOKEN: 'd', GITHUB_TOKEN: `ghp_${'a1'.repeat(18)}` },
  };
  const full = loadConfig(config, { ...others, ...keys, ...people });
  expect(full.models?.providers.map(({ name }) => name)).toEqual(['anthropic', 'openai', 'local']);
  expect([...full.inventory.services.keys()]).toEqual(['checkout', 'inventory', 'orders-db', 'shop-cluster']);
  const parts = [...text.matchAll(/^([a-z_]+):/gm)].map(([, part]) => part);
  // `demo` is for the demo alone.
  expect(parts.toSorted()).toEqual(
    Object.keys(ConfigFile.shape)
      .filter((part) => part !== 'demo')
      .toSorted(),
  );
  expect(full.watches).toHaveLength(2);
  expect(full.policy.rules).toHaveLength(1);
  expect([...full.telemetry.keys(), ...full.workloads.keys(), ...full.sources.keys()]).toEqual([
    'prom',
    'pages',
    'shop',
    'alertmanager',
    'generic',
    'pagerduty',
  ]);
  expect(full).toMatchObject({ slack: { defaultChannel: 'C0123456789' } });
});

test('no token is in the config, and files with tokens can be read by their owner alone', () => {
  const made = init();
  const text = readFileSync(made.config, 'utf8');
  const alertmanager = readFileSync(made.tokenFile, 'utf8').trim();
  expect(text).not.toContain(made.personToken);
  expect(text).not.toContain(alertmanager);
  expect(alertmanager).toMatch(/^fbk_[\w-]{43}$/);
  expect(statSync(made.tokenFile).mode & 0o777).toBe(0o600);
  expect(made.receiver).toContain(made.tokenFile);
});

test('nothing that is there is overwritten', () => {
  const made = init();
  const before = [readFileSync(made.config, 'utf8'), readFileSync(made.tokenFile, 'utf8')];
  expect(() => init()).toThrow(/already there; it was left as it is/);
  rmSync(made.config);
  init();
  expect(readFileSync(made.tokenFile, 'utf8')).toBe(before[1]);
});

test('names that make no valid config leave none behind', () => {
  const options = {
    dir,
    environment: 'prod',
    team: { id: 'team-shop', name: 'Shop' },
    found: nothing,
    random: realRandom,
  };
  expect(() => initConfig({ ...options, person: { id: 'Alice B', name: 'Alice' } })).toThrow(
    /people\[0\]\.id: "Alice B" is not a person id/,
  );
  expect(initConfig({ ...options, person: { id: 'alice', name: 'Alice' } }).config).toBe(
    join(dir, 'firebreak.yaml'),
  );
});

test('tokens are long, of their own form, and never the same', () => {
  const minted = [mintToken(realRandom), mintToken(realRandom)];
  for (const { token, hash } of minted) {
    expect(token).toMatch(/^fbk_[\w-]{43}$/);
    expect(hash).toBe(sha256(token));
  }
  expect(minted[0]?.token).not.toBe(minted[1]?.token);
});

test('systems on this machine are found when they say that they are ready', async () => {
  const kubeconfig = join(dir, 'kubeconfig');
  writeFileSync(kubeconfig, '');
  const up = await findLocal(
    async ({ url }) =>
      url.includes(':9090/')
        ? { kind: 'answer', status: 200, text: 'ready' }
        : { kind: 'failed', detail: 'refused' },
    new FakeClock(),
    kubeconfig,
  );
  expect(up).toEqual({ prometheus: 'http://127.0.0.1:9090', alertmanager: null, kubeconfig });
  const starting = await findLocal(
    async () => ({ kind: 'answer', status: 503, text: '' }),
    new FakeClock(),
    join(dir, 'none'),
  );
  expect(starting).toEqual(nothing);
});

test('a test page arrives as an Alertmanager would send it', async () => {
  const clock = new FakeClock();
  const now = clock.now();
  const seen: unknown[] = [];
  const server = createServer(async (request, response) => {
    const raw = Buffer.concat(await request.toArray());
    const { authorization } = request.headers;
    const token = sha256('am-token');
    const verified = verifyDelivery(
      { raw, authorization },
      { id: 'alertmanager', format: 'alertmanager', auth: { kind: 'bearer', tokens: [token] } },
      now,
    );
    seen.push(verified.kind === 'verified' ? verified.delivery.alerts : verified);
    response.writeHead(verified.kind === 'verified' ? 202 : 401).end('{"incidents":["INC-1"]}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const page = { url, source: 'alertmanager', clock };
  expect(await sendTestPage({ ...page, token: new Secret('am-token') })).toEqual({
    kind: 'accepted',
    incidents: ['INC-1'],
  });
  expect(seen).toMatchObject([[{ name: 'FirebreakTestPage', severity: 'info', startsAt: now }]]);
  expect(await sendTestPage({ ...page, token: new Secret('wrong') })).toEqual({
    kind: 'failed',
    detail: 'the server answered with status 401',
  });
  server.closeAllConnections();
  server.close();
  expect(await sendTestPage({ ...page, url: 'http://127.0.0.1:1', token: new Secret('x') })).toMatchObject({
    kind: 'failed',
  });
});
