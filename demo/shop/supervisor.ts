import { z } from 'zod';
import { realClock, realRandom } from '#core/clock.ts';
import { messageOf, unreachable } from '#core/errors.ts';
import type { Chaos } from './api-types.ts';
import { startBalancer } from './balancer.ts';
import { type Child, startChild } from './child.ts';
import { createFleet, type Slot } from './fleet.ts';
import { listen } from './http.ts';
import { runProcess, sayLine } from './lines.ts';
import { createManagedService, type ManagedService } from './managed-service.ts';
import { createOperations } from './operations.ts';
import { PLAN, SERVICES, type ServiceName } from './plan.ts';
import { supervisorApi } from './supervisor-api.ts';

const Settings = z.strictObject({
  logs: z.string(),
  readerToken: z.string().min(16),
  operatorToken: z.string().min(16),
  chaosToken: z.string().min(16),
  replicas: z.number().int().min(1),
});
type Settings = z.infer<typeof Settings>;
const Ready = z.object({ port: z.number().int() });

type Owned = { services: Map<ServiceName, ManagedService>; stores: Child };
type Ports = { stores: Promise<number>; services: ReadonlyMap<ServiceName, number> };

function runningPorts(slots: readonly Slot[]): number[] {
  return slots.filter(({ state }) => state === 'running').map(({ port }) => port);
}

function service(name: ServiceName, settings: Settings, ports: Ports): ManagedService {
  const next = PLAN[name].next;
  const nextPort = next ? (ports.services.get(next.service) ?? null) : null;
  const fleet = createFleet({
    service: name,
    logs: settings.logs,
    ports: ports.stores.then((storePort) => ({ storePort, nextPort })),
  });
  const address = `http://127.0.0.1:${ports.services.get(name) ?? 0}`;
  return createManagedService({ name, address, fleet, clock: realClock, random: realRandom });
}

function applyChaos(owned: Owned, target: ManagedService, chaos: Chaos): void {
  switch (chaos.do) {
    case 'kill':
      for (const slot of target.slots()) slot.child?.kill();
      return;
    case 'retain':
    case 'jam':
      for (const slot of target.slots()) slot.child?.send({ do: chaos.do });
      return;
    case 'condition':
      owned.stores.send({ service: target.view().name, condition: chaos.condition });
      return;
    default:
      unreachable(chaos);
  }
}

async function start(settings: Settings): Promise<Owned> {
  const services = new Map<ServiceName, ManagedService>();
  const balancers = new Map<ServiceName, number>();
  for (const name of SERVICES) {
    const targets = (): number[] => runningPorts(services.get(name)?.slots() ?? []);
    balancers.set(name, (await startBalancer(targets)).port);
  }
  const storesReady = Promise.withResolvers<number>();
  const stores = startChild({
    entry: 'shop/stores.ts',
    settings: {},
    onLine: (value) => storesReady.resolve(Ready.parse(value).port),
  });
  const owned: Owned = { services, stores };
  for (const name of SERVICES) {
    services.set(name, service(name, settings, { stores: storesReady.promise, services: balancers }));
  }
  await Promise.all([...services.values()].map((one) => one.begin(settings.replicas)));
  const api = supervisorApi({
    services,
    operations: createOperations(),
    readerToken: settings.readerToken,
    operatorToken: settings.operatorToken,
    chaosToken: settings.chaosToken,
    onChaos: (target, chaos) => applyChaos(owned, target, chaos),
  });
  const { port } = await listen(api);
  sayLine({
    port,
    storesPid: stores.pid,
    addresses: Object.fromEntries([...services].map(([name, one]) => [name, one.view().address])),
  });
  return owned;
}

let running: Owned | undefined;

/** Waits for every process it started, unless it is still starting them: those end by themselves when it is gone. */
async function stop(): Promise<void> {
  if (running) {
    const { services, stores } = running;
    await Promise.all([...[...services.values()].map((one) => one.stop()), stores.close(500)]);
  }
  process.exit(0);
}

runProcess({
  onSettings: (value) => {
    start(Settings.parse(value)).then(
      (owned) => {
        running = owned;
      },
      (error: unknown) => {
        process.stderr.write(`supervisor: ${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  },
  onEnd: () => void stop(),
});
