import type { Command } from '#approvals/plan.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { Service } from '#incidents/inventory.ts';
import { deployOf } from '#incidents/refs.ts';
import type { ChangeOrder, ChangeOutcome, WorkloadDriver } from '#tools/drivers/ports.ts';
import { isAsApproved, namedIn, type ProgramDriver } from '#tools/drivers/program-port.ts';
import type { SilenceDriver } from '#tools/drivers/silence-port.ts';

export type Thing = { uid: string; generation: number; version: string; replicas: number };
/** What was done, to what, and how that was at the moment before: of a command, which program it was. */
export type Effect =
  | { readonly thing: string; readonly change: ChangeOrder['change']; readonly before: Thing }
  | { readonly command: Command }
  | { readonly other: string };

export type Backend = {
  readonly things: Map<string, Thing>;
  readonly effects: Effect[];
  /** Both reach the same things; only the actor's credential may change them. */
  readonly reader: WorkloadDriver;
  readonly actor: WorkloadDriver;
  /** Runs every command that is as approved, however often. */
  readonly programs: ProgramDriver;
  readonly silences: SilenceDriver;
  /** The bytes of the one program there is. */
  program: Digest;
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
  const happens = (effect: Effect): ChangeOutcome => {
    effects.push(effect);
    onEffect(effect);
    const lost = losing;
    losing = false;
    return lost ? { kind: 'unknown', detail: 'no answer' } : { kind: 'done', generation: 0, tookMs: 1 };
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
    cordon: {
      dryRun: async () => ({ kind: 'seen', value: { uid: 'u-node', cordoned: false, pods: 1, others: 2 } }),
      apply: async ({ node }) => happens({ other: `cordon of ${node}` }),
      settle: async () => 'unknown',
      manual: (node) => `cordon ${node}`,
    },
  });
  const backend: Backend = {
    things,
    effects,
    reader: driver(false),
    actor: driver(true),
    program: sha256('program'),
    programs: {
      inspect: (path) => ({ kind: 'fine', digest: backend.program, real: path }),
      run: async (order) => {
        const program = backend.program;
        if (!isAsApproved(order, program)) return { kind: 'refused', reason: 'generation', detail: '' };
        return happens({ command: { argv: [...order.argv], program, env: namedIn(order.env) } });
      },
    },
    silences: {
      find: async () => ({
        kind: 'seen',
        value: { name: 'a', matchers: ['alertname', 'service'].map((name) => ({ name, value: 'x' })) },
      }),
      silence: async () => happens({ other: 'silence' }),
      expire: async () => happens({ other: 'end of a silence' }),
      settle: async () => 'did_not_happen',
      manual: () => 'silence',
    },
    loseNextAnswer: () => {
      losing = true;
    },
  };
  return backend;
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
