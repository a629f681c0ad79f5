import type { Clock, Random } from '#core/clock.ts';
import { messageOf, unreachable } from '#core/errors.ts';
import type { Change, Deployment, ServiceView, Spec } from './api-types.ts';
import type { Fleet, Slot } from './fleet.ts';
import { MAX_REPLICAS, type ServiceName } from './plan.ts';
import { FIRST_VERSION, Version } from './versions.ts';

/** An HTTP answer that is not sent yet. */
export type Answer = { status: number; body: object };

/** One service as the supervisor owns it: spec, history, processes. Changes run one after another. */
export type ManagedService = {
  view(): ServiceView;
  deployments(): readonly Deployment[];
  slots(): readonly Slot[];
  /** Starts the first processes. Throws when one cannot start. */
  begin(replicas: number): Promise<void>;
  /** Does the change and waits for its end, at most 10 s (504). Refusals (409, 422) and a dry run change nothing. */
  change(change: Change, operation: string): Promise<Answer>;
  stop(): Promise<void>;
};

const LIMIT_MS = 10_000;

function viewOf(slot: Slot): ServiceView['instances'][number] {
  const { id, pid, port, state, version, startedAt, exitCode } = slot;
  return { id, pid, port, state, version, startedAt, ...(exitCode === undefined ? {} : { exitCode }) };
}

/** The spec after a change, or undefined for a version that does not exist. */
function specAfter(before: Spec, change: Change): Spec | undefined {
  switch (change.kind) {
    case 'restart':
      return before;
    case 'scale':
      return { ...before, replicas: change.replicas };
    case 'deploy': {
      const version = Version.safeParse(change.version);
      return version.success ? { ...before, version: version.data } : undefined;
    }
    default:
      return unreachable(change);
  }
}

async function withinLimit(
  clock: Clock,
  work: (deadline: AbortSignal) => Promise<void>,
): Promise<Answer | undefined> {
  const controller = new AbortController();
  const late = Promise.withResolvers<Answer>();
  const cancel = clock.after(LIMIT_MS, () => {
    controller.abort();
    late.resolve({ status: 504, body: { error: 'timeout' } });
  });
  const done = work(controller.signal).then(
    () => undefined,
    (error: unknown): Answer => ({ status: 500, body: { error: 'failed', detail: messageOf(error) } }),
  );
  const outcome = await Promise.race([done, late.promise]);
  cancel();
  return outcome;
}

/** Makes a service around its fleet; nothing runs before `begin`. */
export function createManagedService(deps: {
  name: ServiceName;
  address: string;
  fleet: Fleet;
  clock: Clock;
  random: Random;
}): ManagedService {
  const { name, address, fleet, clock } = deps;
  const uid = deps.random.uuid();
  const history: Deployment[] = [];
  let generation = 0;
  let spec: Spec = { version: FIRST_VERSION, replicas: 0 };
  let last: Promise<unknown> = Promise.resolve();

  function noteDeployment(by: string): void {
    const at = new Date(clock.now()).toISOString();
    history.unshift({ id: `${name}-d${history.length + 1}`, version: spec.version, at, by });
  }
  async function carryOut(change: Change, before: Spec, deadline: AbortSignal): Promise<void> {
    if (change.kind === 'scale') await fleet.resize(spec.replicas, spec.version, deadline);
    else if (change.kind === 'restart' || before.version !== spec.version) {
      await fleet.replaceAll(spec.version, deadline);
    }
  }
  async function run(change: Change, operation: string): Promise<Answer> {
    const before = spec;
    const after = specAfter(before, change);
    if (after === undefined) return { status: 422, body: { error: 'unknown_version' } };
    if (change.expectGeneration !== undefined && change.expectGeneration !== generation) {
      return { status: 409, body: { error: 'generation', generation } };
    }
    if (change.dryRun === true) return { status: 200, body: { dryRun: true, generation, before, after } };
    const began = clock.mono();
    const same = before.version === after.version && before.replicas === after.replicas;
    if (change.kind === 'restart' || !same) generation += 1;
    spec = after;
    if (before.version !== after.version) noteDeployment(change.by ?? 'operator');
    const failure = await withinLimit(clock, (deadline) => carryOut(change, before, deadline));
    const took = Math.round(clock.mono() - began);
    if (failure) return { status: failure.status, body: { ...failure.body, operation, generation, took } };
    return { status: 200, body: { operation, generation, before, after, took } };
  }
  return {
    view: () => ({
      name,
      uid,
      generation,
      ...spec,
      maxReplicas: MAX_REPLICAS,
      address,
      instances: fleet.slots().map(viewOf),
    }),
    deployments: () => history,
    slots: () => fleet.slots(),
    begin: async (replicas) => {
      spec = { ...spec, replicas };
      generation = 1;
      noteDeployment('ci');
      await fleet.resize(replicas, spec.version, AbortSignal.timeout(LIMIT_MS));
    },
    change: (change, operation) => {
      const turn = last.then(() => run(change, operation));
      last = turn;
      return turn;
    },
    stop: () => fleet.stop(),
  };
}
