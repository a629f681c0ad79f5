import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirebreakError } from '#core/errors.ts';
import { ServiceId } from '#core/ids.ts';
import { loadConfig } from '#server/config.ts';

const env = { LOKI: 'loki-secret', PG: 'pg-secret' };
const checkout = ServiceId.parse('checkout');
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(text: string, service = '{id: checkout}') {
  const file = join(dir, 'firebreak.yaml');
  writeFileSync(
    file,
    `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
services: [${service}]
${text}`,
  );
  return loadConfig(file, env);
}
function mistakes(text: string, service?: string): string {
  try {
    load(text, service);
  } catch (error) {
    if (error instanceof FirebreakError) return error.message;
  }
  return '';
}
const database = (more: string): string => `databases: {orders: {kind: postgres, user: watcher, ${more}}}`;

test('log stores, databases and PromQL are told where they are, with secrets by reference only', () => {
  const config = load(
    `log_stores: {main: {kind: loki, url: "http://127.0.0.1:3100", token: env:LOKI, tenant: shop, label: app}}
databases: {orders: {kind: postgres, host: db.example, user: watcher, secret: env:PG}}
telemetry: {main: {kind: prometheus, url: "http://127.0.0.1:9090", promql: {metrics: [up, "http_*"], range: 2h}}}
`,
    '{id: checkout, telemetry: main, loki: main, postgres: {driver: orders}, host: true}',
  );
  expect(config.logStores.get('main')).toMatchObject({ tenant: 'shop', label: 'app' });
  expect(config.databases.get('orders')).toMatchObject({ host: 'db.example', port: 5432, tls: true });
  expect(config.databases.get('orders')?.secret?.reveal()).toBe('pg-secret');
  expect(config.telemetry.get('main')).toMatchObject({
    promql: { metrics: ['up', 'http_*'], maxRangeMs: 7_200_000 },
  });
  expect(config.inventory.services.get(checkout)).toMatchObject({
    ...{ loki: 'main', postgres: { driver: 'orders' }, host: true, promql: true },
  });
  expect(inspect(config, { depth: 20 })).not.toMatch(/-secret/);
});

test('TLS is used wherever a database is on another machine, unless the file says otherwise', () => {
  const tls = (more: string) => load(database(more)).databases.get('orders')?.tls;
  expect([tls('host: db.example'), tls('host: 127.0.0.1'), tls('host: localhost')]).toEqual([
    true,
    false,
    false,
  ]);
  expect([tls('host: db.example, tls: false'), tls('host: 127.0.0.1, tls: true')]).toEqual([false, true]);
});

test('PromQL is taken only where the file names the metrics that it may read', () => {
  const config = load(
    `telemetry: {main: {kind: prometheus, url: "http://127.0.0.1:9090"}}`,
    '{id: checkout, telemetry: main}',
  );
  expect(config.telemetry.get('main')).toMatchObject({ promql: null });
  expect(config.inventory.services.get(checkout)?.promql).toBeUndefined();
});

test.each([
  [
    'a password in the file',
    database('host: db.example, secret: hunter2'),
    undefined,
    /must say where the secret lies/,
  ],
  [
    'a name of a machine with a path',
    database('host: "db.example/x"'),
    undefined,
    /is not a name of a machine/,
  ],
  ['a database that is not there', '', '{id: checkout, postgres: {driver: orders}}', /is not in databases/],
  ['a log store that is not there', '', '{id: checkout, loki: main}', /is not in log_stores/],
  [
    'every metric there is',
    'telemetry: {main: {kind: prometheus, url: "http://127.0.0.1:9090", promql: {metrics: ["*"]}}}',
    undefined,
    /is not a metric name/,
  ],
])('%s is a mistake', (_, text, service, message) => {
  expect(mistakes(text, service)).toMatch(message);
});
