import { expect, onTestFinished, test } from 'vitest';
import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import { decide } from '#approvals/decide.ts';
import type { Person } from '#approvals/people.ts';
import { createPermitSigner } from '#approvals/permit.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realClock, realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { loadPrompts } from '#prompts/load.ts';
import { inProcessExecutor } from '#server/executor/in-process.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { wire } from '#server/wire.ts';
import { actTools } from '#tools/act/tools.ts';
import type { MetricsDriver, World } from '#tools/drivers/ports.ts';
import { node, run } from '../fakes/kubernetes/a-shop.ts';
import type { FakeKubernetes } from '../fakes/kubernetes/state.ts';
import { aCluster, driversOf, isSettled, shopService, until } from '../tools/a-cluster.ts';

const alice: Person = {
  ...{ id: PersonId.parse('alice'), name: 'Alice', tokens: [], teams: ['team-shop'] },
  roles: ['approver', 'responder', 'owner'],
};
const service: Service = { ...shopService, telemetry: 'm', cluster: { driver: 'main', namespace: 'shop' } };
const inventory: Inventory = { version: sha256('shop'), services: new Map([[service.id, service]]) };
const READS = ['get', 'list', 'watch'].flatMap((verb) =>
  ['deployments', 'replicasets', 'pods', 'pods/log', 'services', 'endpoints', 'events', 'nodes'].map(
    (one) => `${verb} ${one}`,
  ),
);

const imageOf = ({ store }: FakeKubernetes): string =>
  Object(store.get('deployments', { name: 'checkout', namespace: 'shop' })?.spec).template.spec.containers[0]
    .image;

/** Half the capacity is missing while the wanted version does not run: some requests fail. */
function metricsOf(failing: () => { since: number; until: number }): MetricsDriver {
  return {
    series: ({ signal, from, to, stepMs }) => {
      const { since, until } = failing();
      const t = Array.from({ length: Math.floor((to - from) / stepMs) + 1 }, (_, i) => from + i * stepMs);
      const bad = (at: number): boolean => at >= since && at < until;
      const level = {
        error_ratio: 0.002,
        latency_p95: 80,
        request_rate: 40,
        saturation: 0.3,
        memory_use: 0.4,
        instances_up: 2,
      }[signal];
      const v = t.map((at, i) =>
        signal === 'error_ratio' && bad(at) ? 0.3 : level * (1 + ((i * 7) % 5) / 100),
      );
      return Promise.resolve({ kind: 'seen', value: { t, v } });
    },
  };
}

/** The product over a cluster on this machine: its looks have one credential, its changes another. */
async function inCluster(fake: FakeKubernetes, metrics: MetricsDriver) {
  fake.tokens.delete('all');
  fake.tokens.set('reader', new Set([...READS, 'dryrun deployments']));
  fake.tokens.set(
    'changer',
    new Set(['get deployments', 'list replicasets', 'watch deployments', 'patch deployments']),
  );
  const none = { kind: 'gap', reason: 'not_configured', detail: 'there is none' } as const;
  const rest = { logs: { search: async () => none }, probe: { get: async () => none } };
  const [reader, changer] = [driversOf(fake, realClock, 'reader'), driversOf(fake, realClock, 'changer')];
  const world: World = {
    ...{ metrics: new Map([['m', metrics]]), workloads: new Map([['shop', reader.workload]]), ...rest },
    clusters: new Map([['main', reader.cluster]]),
  };
  const actWorld: World = { metrics: new Map(), workloads: new Map([['shop', changer.workload]]), ...rest };
  const folds = createFolds();
  const log = await openMemoryLog({ clock: realClock, random: realRandom, folds: foldList(folds) });
  const signer = createPermitSigner(realRandom);
  const errors: string[] = [];
  const firebreak = wire({
    settings: {
      ...{ environment: 'demo', defaultOwner: 'team-shop', inventory, people: new Map([[alice.id, alice]]) },
      policy: {
        ...{ version: sha256('policy'), caps: 'all' },
        rules: [{ tools: ['service_rollback'], environments: ['demo'], services: ['*'], answer: 'ask' }],
      },
      limits: { changes: 5 },
      timing: { approvalMs: 60_000, verify: { samples: 3, everyMs: 100, windowMs: 10_000 } },
    },
    ...{ log, folds, clock: realClock, random: realRandom, boot: 'boot-1', world, signer, runbooks: [] },
    execute: inProcessExecutor({
      ...{ tools: actTools, world: actWorld, inventory, clock: realClock, boot: 'boot-1' },
      publicKey: signer.publicKey,
    }),
    model: rulesModel(inventory),
    specs: agentSpecs(await loadPrompts(), inventory),
    flags: () => ({
      ...{
        off: false,
        frozen: false,
        unverified: false,
        clockJumped: false,
        tampered: false,
        unreadLog: false,
      },
    }),
    onError: (where, message) => errors.push(`${where}: ${message}`),
  });
  onTestFinished(async () => {
    await firebreak.close();
    await log.close();
  });
  const later = async (done: () => boolean): Promise<void> =>
    until(() => {
      firebreak.tick();
      return done();
    }).catch(() => {
      const now = folds.incidents
        .current()
        .map(({ state, escalated, diagnosis }) => ({ state, escalated, diagnosis }));
      throw new Error(`it did not come to that: ${JSON.stringify(now)} ${errors.join('; ')}`);
    });
  return { firebreak, folds, later, incident: () => folds.incidents.current()[0] };
}

test('a page about an image that is not there ends in an approved roll-back, by the credential for changes alone', async () => {
  // What is done to the cluster here was done a while before the page.
  const clock = { ...realClock, now: () => realClock.now() - 90_000 };
  const image = (name: string) => (name.endsWith(':v43') ? 'not_found' : 'runs');
  const { fake } = await aCluster({ clock, behaviour: { image } });
  node(fake);
  run(fake, { name: 'checkout', image: 'registry.local/checkout:v42' });
  await until(() => isSettled(fake));
  const failing = { since: Number.MAX_SAFE_INTEGER, until: Number.MAX_SAFE_INTEGER };
  const { firebreak, folds, later, incident } = await inCluster(
    fake,
    metricsOf(() => failing),
  );
  run(fake, { name: 'checkout', image: 'registry.local/checkout:v43' });
  failing.since = clock.now() + 2_000;
  fake.store.onChange(() => {
    if (!imageOf(fake).endsWith(':v43')) failing.until = Math.min(failing.until, realClock.now());
  });
  await until(() => fake.store.list('events', 'shop').length > 0);
  const alert: Alert = {
    ...{ source: 'alertmanager', status: 'firing', fingerprint: sha256('page'), name: 'HighErrorRate' },
    ...{
      severity: 'critical',
      service: 'checkout',
      environment: 'demo',
      startsAt: failing.since,
      summary: 'x',
    },
  };
  await firebreak.deliver({
    ...{ source: 'alertmanager', via: 'webhook', key: sha256('delivery'), alerts: [alert] },
    ...{ skipped: 0, bytes: 1, receivedAt: realClock.now() },
  });
  await later(() => folds.approvals.all().some(({ state }) => state === 'pending'));
  expect(incident()?.diagnosis?.hypotheses[0]).toMatchObject({
    ...{ cause: 'incorrect_image_reference', object: 'app:checkout', service: 'checkout' },
  });
  const pending = folds.approvals.all()[0];
  if (pending === undefined) throw new Error('nothing is pending');
  expect(pending.plan.steps).toMatchObject([
    {
      tool: 'service_rollback',
      preview: { before: { version: /checkout:v43/ }, after: { version: /checkout:v42/ } },
      undo: { tool: 'service_rollback', version: /checkout:v43/ },
      manual: 'kubectl -n shop rollout undo deployment/checkout --to-revision=1',
    },
  ]);
  expect(fake.calls.filter(({ verb, dryRun }) => verb === 'patch' && !dryRun)).toEqual([]);
  const { id: approval, hash } = pending;
  await decide(firebreak.gate, {
    approval,
    hash,
    decision: 'approve',
    person: alice,
    via: 'api',
    typed: null,
  });
  await later(() => incident() === undefined || incident()?.resolved !== null);
  expect(folds.incidents.current().every(({ resolved }) => resolved !== null)).toBe(true);
  expect(imageOf(fake)).toBe('registry.local/checkout:v42');
  expect(isSettled(fake)).toBe(true);
  expect(folds.approvals.get(approval)?.state).toBe('verified');
  expect(
    fake.calls.filter(({ verb, dryRun }) => verb === 'patch' && !dryRun).map(({ status }) => status),
  ).toEqual([200]);
}, 30_000);
