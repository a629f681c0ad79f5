import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { startExecutorChild } from '#server/executor/child.ts';
import type { Hello } from '#server/executor/messages.ts';
import { certificate } from '../../fakes/certificate.ts';
import { run } from '../../fakes/kubernetes/a-shop.ts';
import { aCluster, isSettled, until } from '../../tools/a-cluster.ts';
import { permits } from './permits.ts';

test('a deployment is restarted over https by the child alone, with the credential for changes', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-executor-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  const tls = certificate({ names: ['127.0.0.1'] });
  writeFileSync(join(dir, 'cert.pem'), tls.cert);
  const { fake } = await aCluster({ tls });
  fake.tokens.delete('all');
  fake.tokens.set(
    'changer',
    new Set(['get deployments', 'list replicasets', 'watch deployments', 'patch deployments']),
  );
  run(fake, { name: 'checkout', image: 'checkout:v1' });
  await until(() => isSettled(fake));
  const text = `default_owner: team-a
teams: [{id: team-a, name: A}]
clusters: {main: {url: "${fake.url}", ca: cert.pem, token: env:NOT_SET}}
workloads: {shop: {kind: kubernetes, cluster: main, namespace: shop, act_token: "file:./act.token"}}
services: [{id: checkout, mode: act, workload: {driver: shop, name: checkout}}]
`;
  const config = join(dir, 'firebreak.yaml');
  writeFileSync(config, text);
  writeFileSync(join(dir, 'act.token'), 'changer\n', { mode: 0o600 });
  const { permit, publicKey } = permits(realClock, () => 1);
  const hello: Hello = { kind: 'hello', boot: 'boot-1', publicKey, config, digest: sha256(text) };
  const [up, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
  const child = startExecutorChild(hello, realClock, { onReady: up.resolve, onEnd: ended.resolve });
  onTestFinished(async () => {
    child.kill();
    await ended.promise;
  });
  await up.promise;
  expect(await child.change(permit(), 20_000)).toMatchObject({ kind: 'done', generation: 2 });
  expect(isSettled(fake)).toBe(true);
  expect(await child.change(permit(), 20_000)).toMatchObject({ kind: 'done', generation: 2 });
  expect(fake.calls.filter(({ verb }) => verb === 'patch').length).toBe(1);
}, 40_000);
