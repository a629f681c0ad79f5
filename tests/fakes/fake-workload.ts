import type { Clock } from '#core/clock.ts';
import type { ServiceId } from '#core/ids.ts';
import type { Service } from '#incidents/inventory.ts';
import { deployOf } from '#incidents/refs.ts';
import type { ChangeOrder, ChangeOutcome, Gap, Seen, WorkloadDriver } from '#tools/drivers/ports.ts';
import type { Hands } from './fake-hands.ts';
import { MAX_REPLICAS, type ShopState, versionOf } from './fake-shop.ts';

type Order = ChangeOrder['change'];
export type Applied = { readonly service: ServiceId; readonly order: ChangeOrder; readonly at: number };
export type WorldPart = 'metrics' | 'logs' | 'workload' | 'probe';
/** `lost_answer`: done, but nobody hears of it; `lost_request`: not done, and nobody hears of that either. */
export type Mishap = 'lost_answer' | 'lost_request' | 'refused';

export const unseen: Gap = { kind: 'gap', reason: 'unreachable', detail: 'cannot be reached' };

type Workload = { driver: WorkloadDriver; applied: Applied[]; breakNext: (mishap: Mishap) => void };

/** The shop as a workload driver, with keys that make repeats harmless and mishaps on demand. */
export function createFakeWorkload(deps: {
  hands: Hands;
  clock: Clock;
  blind: ReadonlySet<WorldPart>;
  takesMs: number;
}): Workload {
  const { hands, clock, blind } = deps;
  const applied: Applied[] = [];
  const outcomes = new Map<string, ChangeOutcome & { kind: 'done' }>();
  let mishap: Mishap | undefined;
  const breakNext = (next: Mishap): void => {
    mishap = next;
  };
  const nameOf = (service: Service): string => service.workload?.name ?? service.id;

  async function apply(service: Service, order: ChangeOrder): Promise<ChangeOutcome> {
    const known = outcomes.get(order.key);
    if (known) return known;
    const meets = mishap;
    mishap = undefined;
    if (meets === 'refused') return { kind: 'refused', reason: 'invalid', detail: 'the backend says no' };
    if (meets === 'lost_request') return { kind: 'unknown', detail: 'no answer' };
    const target = hands.state(nameOf(service));
    if (order.expectGeneration !== target.generation)
      return { kind: 'refused', reason: 'generation', detail: `generation ${target.generation}` };
    const version = order.change.tool === 'service_rollback' ? versionAfter(target, order.change) : undefined;
    if (deps.takesMs > 0) await clock.sleep(deps.takesMs);
    if (order.change.tool === 'service_restart') hands.restart(target.id);
    else if (order.change.tool === 'service_scale') hands.scale(target.id, order.change.replicas);
    else if (version === undefined) return { kind: 'refused', reason: 'invalid', detail: 'unknown version' };
    else hands.deploy(target.id, version, 'firebreak');
    applied.push({ service: service.id, order, at: clock.now() });
    const outcome = { kind: 'done', generation: target.generation, tookMs: deps.takesMs } as const;
    outcomes.set(order.key, outcome);
    return meets === 'lost_answer' ? { kind: 'unknown', detail: 'no answer' } : outcome;
  }
  const see = <T>(value: T): Promise<Seen<T>> =>
    Promise.resolve(blind.has('workload') ? unseen : { kind: 'seen', value });
  const driver: WorkloadDriver = {
    describe: (service) => see(describe(hands.state(nameOf(service)))),
    deployments: (service) => see([...hands.state(nameOf(service)).deployments]),
    dryRun: (service, change) => {
      const preview = previewOf(hands.state(nameOf(service)), change);
      return preview
        ? see(preview)
        : Promise.resolve({ kind: 'gap', reason: 'no_data', detail: 'unknown version' });
    },
    apply,
    settle: (_, key) => Promise.resolve(outcomes.has(key) ? 'happened' : 'did_not_happen'),
    manual: (service, change) => `shopctl ${change.tool.replace('service_', '')} ${service.id}`,
  };
  return { driver, applied, breakNext };
}

function describe(target: ShopState) {
  const instances = target.instances.map((instance) => ({
    ...instance,
    exitCode: instance.state === 'exited' ? 137 : null,
  }));
  return {
    uid: target.uid,
    generation: target.generation,
    version: versionOf(target),
    replicas: target.replicas,
    maxReplicas: MAX_REPLICAS,
    instances,
  };
}

function versionAfter(target: ShopState, change: Order & { tool: 'service_rollback' }): string | undefined {
  return 'version' in change ? change.version : target.deployments[deployOf(change.to).back]?.version;
}

function previewOf(target: ShopState, change: Order) {
  const before = { version: versionOf(target), replicas: target.replicas };
  const version = change.tool === 'service_rollback' ? versionAfter(target, change) : before.version;
  if (version === undefined) return undefined;
  const after = { version, replicas: change.tool === 'service_scale' ? change.replicas : before.replicas };
  const instances =
    change.tool === 'service_scale' ? Math.abs(after.replicas - before.replicas) : before.replicas;
  return { preview: { before, after, instances }, uid: target.uid, generation: target.generation };
}
