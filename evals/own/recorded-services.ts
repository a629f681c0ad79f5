import type { Change } from '#approvals/plan.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { deployOf } from '#incidents/refs.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { LogLine, Seen, Workload, WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { recordedPostgres } from './postgres-world.ts';
import type { ServiceCase, ServiceWorld } from './service-case.ts';
import { valueAt } from './signal-course.ts';

/** The world of a case, and what was done to it: changes reach `applied` only if somebody allowed them. */
export type RecordedServices = {
  readonly world: World;
  readonly inventory: Inventory;
  readonly applied: readonly string[];
};

const STEP_MS = 5000;
const unreachable = { kind: 'gap', reason: 'unreachable', detail: 'it does not answer' } as const;

/**
 * Services as a case describes them, behind the ports that the product's tools use. What is measured depends on the case, the
 * seed and the time of the page (`pagedAt`, ms), only.
 */
export function recordedServices(
  one: ServiceCase,
  { seed, pagedAt }: { seed: number; pagedAt: number },
): RecordedServices {
  const onset = pagedAt - one.onsetS * 1000;
  const applied: string[] = [];
  const of = (name: string): ServiceWorld => worldOf(one, name);
  const see = <T>(name: string, part: ServiceWorld['blind'][number], value: () => T): Promise<Seen<T>> =>
    Promise.resolve(of(name).blind.includes(part) ? unreachable : { kind: 'seen', value: value() });
  const world: World = {
    metrics: new Map([
      [
        'recorded',
        {
          series: ({ service, signal, from, to, stepMs }) =>
            see(service.id, 'metrics', () => {
              const step = Math.max(stepMs, STEP_MS);
              const t = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);
              const course = of(service.id).signals[signal];
              return {
                t,
                v: t.map((at) => valueAt({ course, signal, at, onset, key: `${seed} ${service.id}` })),
              };
            }),
        },
      ],
    ]),
    workloads: new Map([['recorded', workloads({ of, see, onset, applied })]]),
    databases: new Map(
      Object.entries(one.services).flatMap(([name, { postgres }]) =>
        postgres === undefined ? [] : [[name, recordedPostgres(postgres)] as const],
      ),
    ),
    logs: {
      search: ({ service, level, from, limit }) =>
        see(service.id, 'logs', () => {
          const lines = linesOf(of(service.id), { from, to: pagedAt, onset }).filter((line) =>
            isOf(line, level),
          );
          return { lines: lines.slice(-limit), total: lines.length, truncated: lines.length > limit };
        }),
    },
    probe: {
      get: (url) => {
        const name = new URL(url).hostname.split('.')[0] ?? '';
        return see(name, 'probe', () => ({ status: of(name).probe, ms: 4 }));
      },
    },
  };
  return { world, inventory: inventoryOf(one), applied };
}

function worldOf({ services }: ServiceCase, name: string): ServiceWorld {
  const found = Object.entries(services).find(([id]) => id === name)?.[1];
  if (found === undefined) throw new FirebreakError('bug', `the case has no service ${name}`);
  return found;
}

function inventoryOf({ id, services }: ServiceCase): Inventory {
  const known = Object.entries(services).map(([name, world]): Service => {
    const { dependsOn, instances, unwatched } = world;
    if (world.postgres !== undefined) return databaseOf(name, dependsOn);
    const watched = SignalName.options.filter((signal) => !unwatched.includes(signal));
    return {
      ...{ id: ServiceId.parse(name), environment: 'eval', owner: 'team-eval', mode: 'act', dependsOn },
      maxReplicas: instances.most,
      signals: Object.fromEntries(watched.map((signal) => [signal, standardSignals[signal]])),
      telemetry: 'recorded',
      logs: [`/logs/${name}.log`],
      probe: `http://${name}.invalid/healthz`,
      workload: { driver: 'recorded', name },
    };
  });
  return { version: sha256(id), services: new Map(known.map((service) => [service.id, service])) };
}

function databaseOf(name: string, dependsOn: Service['dependsOn']): Service {
  return {
    ...{ id: ServiceId.parse(name), environment: 'eval', owner: 'team-eval', mode: 'act', dependsOn },
    ...{ maxReplicas: 1, signals: {}, postgres: { driver: name } },
  };
}

const LEVELS = { error: ['error'], warn: ['warn', 'error'], any: ['info', 'warn', 'error'] };
const isOf = ({ level }: LogLine, wanted: keyof typeof LEVELS): boolean => LEVELS[wanted].includes(level);

type Span = { readonly from: number; readonly to: number; readonly onset: number };

/** Evenly spread, oldest first. Every service also writes a plain line now and then, so that its log has a past. */
function linesOf({ lines }: ServiceWorld, { from, to, onset }: Span): LogLine[] {
  const usual = { level: 'info', text: 'served # requests', perMinute: 6, since: 'always' } as const;
  return [usual, ...lines]
    .flatMap(({ level, text, perMinute, since }) => {
      const first =
        since === 'always' ? from : Math.max(from, since === undefined ? onset : to - since * 1000);
      const count = Math.max(0, Math.floor(((to - first) * perMinute) / 60_000));
      return Array.from({ length: count }, (_, i) => ({
        at: Math.round(first + (i * 60_000) / perMinute),
        level,
        message: text.replaceAll('#', String(1000 + ((i * 7919) % 9000))),
      }));
    })
    .sort((a, b) => a.at - b.at);
}

type Hands = {
  readonly of: (name: string) => ServiceWorld;
  readonly see: <T>(name: string, part: 'workload', value: () => T) => Promise<Seen<T>>;
  readonly onset: number;
  readonly applied: string[];
};

function workloads({ of, see, onset, applied }: Hands): WorkloadDriver {
  return {
    describe: ({ id }) => see(id, 'workload', () => describe(of(id), onset)),
    deployments: ({ id }) =>
      see(id, 'workload', () =>
        of(id).deploys.map(({ version, beforeS }) => ({ version, at: onset - beforeS * 1000, by: 'ci' })),
      ),
    dryRun: ({ id }, change) =>
      see(id, 'workload', () => ({ preview: previewOf(of(id), change), uid: `uid-${id}`, generation: 1 })),
    apply: ({ id }, { change }) => {
      applied.push(`${change.tool} ${id}`);
      return Promise.resolve({ kind: 'done', generation: 2, tookMs: 1 });
    },
    settle: () => Promise.resolve('did_not_happen'),
    manual: ({ id }, { tool }) => `${tool.replace('service_', '')} ${id}`,
  };
}

function describe({ deploys, instances }: ServiceWorld, onset: number): Workload {
  const { wanted, running, starting, most } = instances;
  const version = deploys[0]?.version ?? '';
  const states = [
    ...Array.from({ length: running }, () => 'running' as const),
    ...Array.from({ length: starting }, () => 'starting' as const),
    ...Array.from({ length: Math.max(0, wanted - running - starting) }, () => 'exited' as const),
  ];
  return {
    ...{ uid: 'uid', generation: 1, version, replicas: wanted, maxReplicas: most },
    instances: states.map((state, i) => ({
      ...{ id: `i${i + 1}`, state, version, startedAt: onset - 864_000_000 },
      exitCode: state === 'exited' ? 137 : null,
    })),
  };
}

type Order = Change | Parameters<WorkloadDriver['dryRun']>[1];

function previewOf({ deploys, instances }: ServiceWorld, change: Order) {
  const before = { version: deploys[0]?.version ?? '', replicas: instances.wanted };
  const back = change.tool === 'service_rollback' && 'to' in change ? deployOf(change.to).back : 0;
  const after = {
    version: deploys[back]?.version ?? before.version,
    replicas: change.tool === 'service_scale' ? change.replicas : before.replicas,
  };
  return { before, after, instances: before.replicas };
}
