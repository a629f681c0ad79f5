import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { loadConfig } from '#server/config.ts';
import { openActWorld } from '#server/executor/act-world.ts';
import { createWorld } from '#server/world.ts';
import { run } from '../fakes/kubernetes/a-shop.ts';
import { aCluster, isSettled, until } from '../tools/a-cluster.ts';
import { never } from '../tools/loopback.ts';

const BASE = `default_owner: team-shop
teams: [{id: team-shop, name: Shop}]
`;
let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'firebreak-config-'));
  file = join(dir, 'firebreak.yaml');
  writeFileSync(join(dir, 'act.token'), 'changer\n', { mode: 0o600 });
});
afterEach(() => rmSync(dir, { recursive: true }));

function load(text: string) {
  writeFileSync(file, BASE + text);
  return loadConfig(file, { KUBE: 'reader-secret' });
}
function mistakes(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof FirebreakError) return error.message.split('\n');
  }
  return [];
}

const shop = (url: string): string => `clusters: {main: {url: "${url}", ca: ca.crt, token: env:KUBE}}
workloads: {shop: {kind: kubernetes, cluster: main, namespace: shop, act_token: "file:act.token"}}
services:
  - {id: checkout, mode: act, cluster: {driver: main, namespace: shop}, workload: {driver: shop, name: checkout}}
systems:
  - {id: shop, match: [{namespace: shop}], cluster: {driver: main, namespace: shop}}
`;

test('a cluster, what is changed in it, and a namespace that pages may name as a whole', () => {
  const config = load(shop('https://10.0.0.1:6443'));
  const cluster = config.clusters.get('main');
  expect(cluster).toMatchObject({ url: 'https://10.0.0.1:6443', ca: join(dir, 'ca.crt') });
  expect(cluster?.token.reveal()).toBe('reader-secret');
  expect(config.workloads.get('shop')).toMatchObject({ kind: 'kubernetes', namespace: 'shop' });
  const services = [...config.inventory.services.values()];
  expect(services.map(({ id, mode, isSystem }) => [id, mode, isSystem])).toEqual([
    ['checkout', 'act', undefined],
    ['shop', 'observe', true],
  ]);
  expect(inspect(config, { depth: 20 })).not.toMatch(/reader-secret|changer/);
});

test.each([
  ['http to another machine', shop('http://10.0.0.1:6443'), /clusters\.main\.url.*must be https/],
  [
    'a cluster that is not there',
    shop('https://x').replace('cluster: main', 'cluster: mian'),
    /"mian" is not in clusters/,
  ],
  ['one credential for both', shop('https://x').replace('env:KUBE', '"file:act.token"'), /does not hold/],
  ['a system with the name of a service', shop('https://x').replace('id: shop', 'id: checkout'), /its own/],
  [
    'a namespace that is none',
    shop('https://x').replace('namespace: shop, act', 'namespace: "sh op", act'),
    /is not a namespace/,
  ],
  [
    'act without a credential',
    shop('https://x').replace(', act_token: "file:act.token"', ''),
    /act needs workloads\.shop\.act_token/,
  ],
])('%s is a mistake, with its line', (_, text, words) => {
  expect(mistakes(text).join('\n')).toMatch(words);
  expect(mistakes(text)[0]).toMatch(/^firebreak\.yaml:\d+ /);
});

test('the server looks with the one credential, and only what makes changes has the other', async () => {
  const { fake } = await aCluster();
  fake.tokens.delete('all');
  fake.tokens.set(
    'reader-secret',
    new Set(['get deployments', 'list replicasets', 'list pods', 'dryrun deployments']),
  );
  fake.tokens.set('changer', new Set(['get deployments', 'list replicasets', 'patch deployments']));
  run(fake, { name: 'checkout', image: 'checkout:v1' });
  await until(() => isSettled(fake));
  const config = load(shop(fake.url));
  const { world } = createWorld(config, realClock);
  const service = [...config.inventory.services.values()][0];
  if (service === undefined) throw new Error('no service');
  const reader = world.workloads.get('shop');
  const seen = await reader?.describe(service, never);
  expect(seen).toMatchObject({ kind: 'seen', value: { replicas: 2 } });
  const target = 'service:checkout';
  const change = { tool: 'service_scale', target, replicas: 3 } as const;
  const order = { change, key: 'fb-1', expectGeneration: 1 };
  expect(await reader?.dryRun(service, change, never)).toMatchObject({ kind: 'seen' });
  expect(await reader?.apply(service, order, never)).toMatchObject({
    kind: 'refused',
    reason: 'unauthorised',
  });
  const act = openActWorld({ path: file, digest: config.digest }, realClock);
  expect(act.world.clusters).toBeUndefined();
  const done = await act.world.workloads.get('shop')?.apply(service, order, never);
  expect(done).toMatchObject({ kind: 'done', generation: 2 });
});
