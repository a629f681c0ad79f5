import type { Clock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import { actTools } from '#tools/act/tools.ts';
import type { ChangeOrder, Series, WorkloadDriver, World } from '#tools/drivers/ports.ts';
import type { ActTool } from '#tools/tool.ts';
import { addEffect, type Effect, readEffects } from './effects.ts';

export const effectClasses = ['keyed', 'probeable', 'opaque'] as const;
/** A liar says of everything that it did not happen: the suite must find what comes of that. */
export type EffectClass = (typeof effectClasses)[number] | 'liar';

/**
 * What happens when nobody is killed: a rollback repairs it; a rollback does not, and is taken back; a restart does not, and
 * cannot be taken back.
 */
export const stories = ['repaired', 'taken_back', 'restarted'] as const;
export type Story = (typeof stories)[number];

export const CHECKOUT = ServiceId.parse('checkout');
export const [GOOD, BAD] = ['v41', 'v42'];
const ERRORS = 0.3;

export type WorldDeps = {
  readonly dir: string;
  readonly clock: Clock;
  readonly kind: EffectClass;
  readonly story: Story;
  /** When the bad version came, ms. */
  readonly since: number;
  /** Called before and after something is done. */
  readonly step: () => void;
};

const service: Service = {
  id: CHECKOUT,
  environment: 'prod',
  owner: 'team-shop',
  mode: 'act',
  dependsOn: [],
  maxReplicas: 4,
  signals: { error_ratio: { kind: 'up' } },
  telemetry: 'm',
  workload: { driver: 'w', name: 'checkout' },
};
export const inventory: Inventory = {
  version: sha256('inventory'),
  services: new Map([[CHECKOUT, service]]),
};

/** The act tools of the product, as if their backends were of another kind. */
export function toolsOf(kind: EffectClass): readonly ActTool[] {
  return actTools.map((tool) => ({ ...tool, effect: kind === 'liar' ? 'probeable' : kind }));
}

/**
 * A backend that outlives the process: its state is the file of what was done. A keyed one does nothing again for a key
 * that it knows; the others do whatever they are told, each time, and only a probeable one can say afterwards what was.
 */
export function fileWorld(deps: WorldDeps): World {
  const workload: WorkloadDriver = {
    describe: async () => seen({ ...stateOf(deps), replicas: 2, maxReplicas: 4, instances: [] }),
    deployments: async () =>
      seen([
        { version: stateOf(deps).version, at: deps.since, by: 'ci' },
        { version: GOOD, at: 0, by: 'ci' },
      ]),
    dryRun: async (_service, change) => {
      const { uid, generation, version } = stateOf(deps);
      const shape = (to: string) => ({ version: to, replicas: 2 });
      return seen({
        preview: { before: shape(version), after: shape(versionAfter(change, version)), instances: 2 },
        uid,
        generation,
      });
    },
    apply: async (_service, order) => apply(deps, order),
    settle: async (_service, key) => {
      if (deps.kind === 'opaque') return 'unknown';
      if (deps.kind === 'liar') return 'did_not_happen';
      return readEffects(deps.dir).some((one) => one.key === key) ? 'happened' : 'did_not_happen';
    },
    manual: () => 'by hand',
  };
  return {
    metrics: new Map([
      ['m', { series: async ({ from, to, stepMs }) => seen(errors(deps, { from, to, stepMs })) }],
    ]),
    workloads: new Map([['w', workload]]),
    logs: { search: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
    probe: { get: async () => ({ kind: 'gap', reason: 'no_data', detail: '' }) },
  };
}

async function apply(deps: WorldDeps, { key, change }: ChangeOrder): ReturnType<WorkloadDriver['apply']> {
  deps.step();
  const known = deps.kind === 'keyed' && readEffects(deps.dir).some((one) => one.key === key);
  const version = versionAfter(change, stateOf(deps).version);
  if (!known) addEffect(deps.dir, { at: deps.clock.now(), key, service: CHECKOUT, version });
  deps.step();
  return { kind: 'done', generation: stateOf(deps).generation, tookMs: 1 };
}

function versionAfter(change: ChangeOrder['change'], now: string): string {
  if (change.tool !== 'service_rollback') return now;
  return 'version' in change ? change.version : GOOD;
}

function stateOf({ dir }: WorldDeps) {
  const effects = readEffects(dir);
  return { uid: 'u-1', generation: 1 + effects.length, version: effects.at(-1)?.version ?? BAD };
}

function errors(deps: WorldDeps, { from, to, stepMs }: { from: number; to: number; stepMs: number }): Series {
  const effects = readEffects(deps.dir);
  const count = Math.min(2000, Math.max(1, Math.floor((to - from) / stepMs) + 1));
  const t = Array.from({ length: count }, (_, index) => to - (count - 1 - index) * stepMs);
  return { t, v: t.map((at) => (isBroken(deps, effects, at) ? ERRORS : 0)) };
}

function isBroken({ since, story }: WorldDeps, effects: readonly Effect[], at: number): boolean {
  const version = effects.findLast((one) => one.at <= at)?.version ?? BAD;
  return at >= since && (version === BAD || story !== 'repaired');
}

function seen<T>(value: T): { kind: 'seen'; value: T } {
  return { kind: 'seen', value };
}
