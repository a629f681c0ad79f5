import type { Change } from '#approvals/plan.ts';
import { taggedHash } from '#core/hash.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import type { CaseService, ReplayCase } from './replay-case.ts';

const FROM = 'recorded';

/** The services of a case as its config had them, each sight leading into the recording. */
export function replayInventory({ services }: ReplayCase): Inventory {
  const version = taggedHash('firebreak/case-inventory/v1', JSON.stringify(services).normalize('NFC'));
  return { version, services: new Map(services.map((one) => [one.id, serviceOf(one)])) };
}

function serviceOf({ signals, sights, namespace, isSystem, ...rest }: CaseService): Service {
  const has = new Set<string>(sights);
  return {
    ...rest,
    signals: Object.fromEntries(signals.map((name) => [name, standardSignals[name]])),
    telemetry: FROM,
    ...(has.has('logs') && { logs: [FROM] }),
    ...(has.has('loki') && { loki: FROM }),
    ...(has.has('probe') && { probe: 'http://127.0.0.1/' }),
    ...(has.has('workload') && { workload: { driver: FROM, name: rest.id } }),
    ...(has.has('cluster') && { cluster: { driver: FROM, namespace: namespace ?? rest.id } }),
    ...(has.has('postgres') && { postgres: { driver: FROM } }),
    ...(has.has('host') && { host: true as const }),
    ...(has.has('promql') && { promql: true as const }),
    ...(has.has('repo') && { repo: `${FROM}/${FROM}` }),
    ...(has.has('deployEnvironment') && { deployEnvironment: FROM }),
    ...(isSystem && { isSystem: true as const }),
  };
}

/** A world in which nothing is: reads come from the recording, and a change can be proposed but meets nothing. */
export function replayWorld(): World {
  return {
    metrics: new Map(),
    workloads: new Map([[FROM, proposable]]),
    logs: { search: () => Promise.resolve(none) },
    probe: { get: () => Promise.resolve(none) },
  };
}

const none = { kind: 'gap', reason: 'not_recorded', detail: 'a replay reaches nothing' } as const;

/** Takes a dry run, so that a proposal can be compared with the one of then; never changes anything. */
const proposable: WorkloadDriver = {
  describe: () => Promise.resolve(none),
  deployments: () => Promise.resolve(none),
  dryRun: ({ id }, change) =>
    Promise.resolve({
      kind: 'seen',
      value: { preview: previewOf(change), uid: `${FROM}-${id}`, generation: 1 },
    }),
  apply: () => Promise.resolve({ kind: 'refused', reason: 'not_found', detail: 'a replay changes nothing' }),
  settle: () => Promise.resolve('did_not_happen'),
  manual: ({ id }, { tool }) => `${tool} ${id}`,
};

function previewOf(change: Change | Parameters<WorkloadDriver['dryRun']>[1]) {
  const before = { version: 'the one of then', replicas: 1 };
  const after = {
    version: change.tool === 'service_rollback' ? 'the one before' : before.version,
    replicas: change.tool === 'service_scale' ? change.replicas : before.replicas,
  };
  return { before, after, instances: 1 };
}
