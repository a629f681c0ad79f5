import type { Clock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import type { MetricsDriver, WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { createHands } from './fake-hands.ts';
import {
  createFakeShop,
  type Fault,
  MAX_REPLICAS,
  running,
  type ShopService,
  type ShopState,
  STEP_MS,
  shopServices,
} from './fake-shop.ts';
import { type Applied, createFakeWorkload, type Mishap, unseen, type WorldPart } from './fake-workload.ts';

export type FakeWorld = {
  readonly world: World;
  readonly inventory: Inventory;
  inject(fault: Fault, service: ShopService): void;
  /** What a person would do about everything that was injected. */
  repairByHand(): void;
  deployByHand(service: ShopService, version: string, by?: string): void;
  /** The next change meets this mishap. */
  breakNextChange(mishap: Mishap): void;
  /** Parts that cannot be seen while they are in this set. */
  readonly blind: Set<WorldPart>;
  readonly applied: readonly Applied[];
  /** The shop as it is now. */
  state(service: ShopService): ShopState;
};
type Options = { clock: Clock; seed: number; historyMs?: number; takesMs?: number; mode?: Mode };

/**
 * The shop behind the ports that tools use, without processes: time is the clock's, noise the seed's. It has run for
 * `historyMs` (2 min) when it is made; a change takes `takesMs` (0) of the clock's time.
 */
export function createFakeWorld(options: Options): FakeWorld {
  const { clock, seed, historyMs = 120_000 } = options;
  const shop = createFakeShop({ seed, from: clock.now() - historyMs });
  const blind = new Set<WorldPart>();
  const hands = createHands(shop, clock);
  const workload = createFakeWorkload({ hands, clock, blind, takesMs: options.takesMs ?? 0 });
  return {
    world: worldOf(hands.state, blind, workload.driver),
    inventory: inventoryOf(options.mode ?? 'act'),
    inject: hands.inject,
    repairByHand: hands.repairByHand,
    deployByHand: hands.deploy,
    breakNextChange: workload.breakNext,
    blind,
    applied: workload.applied,
    state: hands.state,
  };
}

function inventoryOf(mode: Mode): Inventory {
  const needs: Record<ShopService, ShopService[]> = {
    gateway: ['checkout'],
    checkout: ['inventory'],
    inventory: [],
  };
  const services = shopServices.map(
    (name): Service => ({
      id: ServiceId.parse(name),
      environment: 'demo',
      owner: 'team-shop',
      mode,
      dependsOn: needs[name].map((id) => ServiceId.parse(id)),
      maxReplicas: MAX_REPLICAS,
      signals: standardSignals,
      telemetry: 'fake',
      logs: [`/logs/${name}.log`],
      probe: `http://fake/${name}/healthz`,
      workload: { driver: 'fake', name },
    }),
  );
  return {
    version: sha256(`fake shop ${mode}`),
    services: new Map(services.map((service) => [service.id, service])),
  };
}

function metricsOf(state: (name: string) => ShopState, blind: ReadonlySet<WorldPart>): MetricsDriver {
  return {
    series: ({ service, signal, from, to, stepMs }) => {
      if (blind.has('metrics')) return Promise.resolve(unseen);
      const step = Math.max(stepMs, STEP_MS);
      const samples = state(service.id).samples.filter(({ t }) => t >= from && t <= to);
      const first = samples[0]?.t ?? to;
      const t = Array.from(
        { length: Math.floor((to - first) / step) + 1 },
        (_, i) => to - i * step,
      ).reverse();
      const v = t.map((at) => samples[Math.floor((at - first) / STEP_MS)]?.signals[signal] ?? null);
      return Promise.resolve({ kind: 'seen', value: { t, v } });
    },
  };
}

function worldOf(
  state: (name: string) => ShopState,
  blind: ReadonlySet<WorldPart>,
  driver: WorkloadDriver,
): World {
  return {
    metrics: new Map([['fake', metricsOf(state, blind)]]),
    workloads: new Map([['fake', driver]]),
    logs: {
      search: ({ service, level, from, limit }) => {
        if (blind.has('logs')) return Promise.resolve(unseen);
        const wanted = { error: ['error'], warn: ['warn', 'error'], any: ['info', 'warn', 'error'] }[level];
        const found = state(service.id).lines.filter(
          (line) => line.at >= from && wanted.includes(line.level),
        );
        const lines = found.slice(-limit);
        return Promise.resolve({
          kind: 'seen',
          value: { lines, total: found.length, truncated: lines.length < found.length },
        });
      },
    },
    probe: {
      get: (url) => {
        const target = state(new URL(url).pathname.split('/')[1] ?? '');
        if (blind.has('probe')) return Promise.resolve(unseen);
        // As a balancer answers for a service whose instances are gone; a health check needs no worker.
        const status = running(target) === 0 ? 503 : 200;
        return Promise.resolve({ kind: 'seen', value: { status, ms: 3 } });
      },
    },
  };
}
