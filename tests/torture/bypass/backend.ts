import type { Service } from '#incidents/inventory.ts';
import { deployOf } from '#incidents/refs.ts';
import type { ChangeOrder, ChangeOutcome, WorkloadDriver } from '#tools/drivers/ports.ts';

export type Thing = { uid: string; generation: number; version: string; replicas: number };
/** What was done, to what, and how that was at the moment before. */
export type Effect = {
  readonly thing: string;
  readonly change: ChangeOrder['change'];
  readonly before: Thing;
};

export type Backend = {
  readonly things: Map<string, Thing>;
  readonly effects: Effect[];
  /** Both reach the same things; only the actor's credential may change them. */
  readonly reader: WorkloadDriver;
  readonly actor: WorkloadDriver;
  /** The next change happens, but nobody hears of it. */
  loseNextAnswer(): void;
};

/**
 * A backend that does as it is told: it knows no keys and compares no generation, so that nothing but the gate and the
 * executor stands between a message and an effect. Every change is an effect, a repeated one too.
 */
export function createBackend(onEffect: (effect: Effect) => void): Backend {
  const names = ['checkout', 'payments'];
  const things = new Map(
    names.map((name) => [name, { uid: `u-${name}`, generation: 7, version: 'v42', replicas: 2 }] as const),
  );
  const effects: Effect[] = [];
  const keys = new Set<string>();
  let losing = false;
  const thingOf = (service: Service): Thing => {
    const thing = things.get(service.workload?.name ?? '');
    if (thing === undefined) throw new Error(`there is no ${service.workload?.name}`);
    return thing;
  };
  const driver = (mayChange: boolean): WorkloadDriver => ({
    describe: async (service) => {
      const { uid, generation, version, replicas } = thingOf(service);
      return { kind: 'seen', value: { uid, generation, version, replicas, maxReplicas: 8, instances: [] } };
    },
    deployments: async () => ({ kind: 'seen', value: [] }),
    dryRun: async (service, change) => {
      const thing = thingOf(service);
      const { version, replicas, uid, generation } = thing;
      const after = afterOf(thing, change);
      const preview = { before: { version, replicas }, after, instances: replicas };
      return { kind: 'seen', value: { preview, uid, generation } };
    },
    apply: async (service, { change, key }): Promise<ChangeOutcome> => {
      if (!mayChange)
        return { kind: 'refused', reason: 'unauthorised', detail: 'this credential only reads' };
      const thing = thingOf(service);
      const effect = { thing: service.workload?.name ?? '', change, before: { ...thing } };
      effects.push(effect);
      keys.add(key);
      onEffect(effect);
      Object.assign(thing, afterOf(thing, change), { generation: thing.generation + 1 });
      const lost = losing;
      losing = false;
      return lost
        ? { kind: 'unknown', detail: 'no answer' }
        : { kind: 'done', generation: thing.generation, tookMs: 1 };
    },
    settle: async (_service, key) => (keys.has(key) ? 'happened' : 'did_not_happen'),
    manual: (service, change) => `${change.tool} ${service.id}`,
  });
  return {
    things,
    effects,
    reader: driver(false),
    actor: driver(true),
    loseNextAnswer: () => {
      losing = true;
    },
  };
}

function afterOf(
  { version, replicas }: Thing,
  change: ChangeOrder['change'],
): Pick<Thing, 'version' | 'replicas'> {
  switch (change.tool) {
    case 'service_restart':
      return { version, replicas };
    case 'service_scale':
      return { version, replicas: change.replicas };
    case 'service_rollback':
      return {
        version: 'version' in change ? change.version : `v${42 - deployOf(change.to).back}`,
        replicas,
      };
  }
}
