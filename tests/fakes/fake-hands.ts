import type { Clock } from '#core/clock.ts';
import {
  BAD_VERSION,
  type Fault,
  PER_REPLICA,
  renew,
  resize,
  running,
  type Shop,
  type ShopService,
  type ShopState,
  shopServices,
  versionOf,
} from './fake-shop.ts';

export type Hands = ReturnType<typeof createHands>;

/** What can be done to the shop; each first lets it run up to now. */
export function createHands(shop: Shop, clock: Clock) {
  const state = (name: string): ShopState => {
    shop.runTo(clock.now());
    for (const [id, found] of shop.states) if (id === name) return found;
    throw new Error(`no service ${name} in the shop`);
  };
  const deploy = (name: string, version: string, by = 'carol'): void => {
    const target = state(name);
    target.generation += 1;
    target.deployments.unshift({ version, at: clock.now(), by });
    renew(target, clock.now());
  };
  const restart = (name: string): void => {
    const target = state(name);
    target.generation += 1;
    renew(target, clock.now());
  };
  const scale = (name: string, replicas: number): void => {
    const target = state(name);
    target.generation += 1;
    resize(target, replicas, clock.now());
  };
  return {
    state,
    deploy,
    restart,
    scale,
    inject: injector(shop, state, deploy),
    repairByHand: () => repair(shop, { state, deploy, restart }),
  };
}

function injector(
  shop: Shop,
  state: (name: string) => ShopState,
  deploy: (name: string, version: string, by: string) => void,
) {
  return (fault: Fault, name: ShopService): void => {
    const target = state(name);
    const demand = target.arrival * 3;
    switch (fault) {
      case 'none':
        return;
      case 'bad-deploy':
        return deploy(name, BAD_VERSION, 'ci');
      case 'memory-leak':
        target.leaking = true;
        return;
      case 'stuck-pool':
        target.stuck = true;
        return;
      case 'dead-dependency':
        for (const instance of target.instances) instance.state = 'exited';
        return;
      case 'overload':
        shop.load = 3;
        target.perReplica = demand / 1.3 / target.replicas;
        return;
      case 'wrong-fix':
        shop.load = 3;
        target.sharedLimit = demand / 1.3;
        return;
      case 'unknown-bad-record':
      case 'unknown-expired-credential':
      case 'unknown-slow-disk':
        target.ailment = fault;
        return;
    }
  };
}

function repair(shop: Shop, hands: Pick<Hands, 'state' | 'deploy' | 'restart'>): void {
  shop.load = 1;
  for (const name of shopServices) {
    const target = hands.state(name);
    target.perReplica = PER_REPLICA[name];
    target.sharedLimit = null;
    target.ailment = 'none';
    const before = target.deployments.find(({ version }) => version !== BAD_VERSION);
    if (versionOf(target) === BAD_VERSION && before) hands.deploy(name, before.version);
    else if (target.stuck || target.leaking || running(target) < target.replicas) hands.restart(name);
  }
}
