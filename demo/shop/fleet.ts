import { z } from 'zod';
import { realClock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { type Child, startChild } from './child.ts';
import { call } from './http.ts';
import { MEMORY_LIMIT_BYTES, type ServiceName } from './plan.ts';
import type { Version } from './versions.ts';

/**
 * One place for a process of a service; its id stays when the process is replaced.
 * starting -> running -> exited; a restart, deploy or scale puts a fresh running process into the place.
 */
export type Slot = {
  readonly id: string;
  child: Child | undefined;
  pid: number;
  port: number;
  state: 'starting' | 'running' | 'exited';
  version: Version;
  startedAt: string;
  exitCode: number | undefined;
};
/** The places of one service, in order, and the version new processes get. */
export type Fleet = {
  slots(): readonly Slot[];
  /** Replaces every process by one of `version`, one at a time: the new one is healthy before the old one is stopped. */
  replaceAll(version: Version, deadline: AbortSignal): Promise<void>;
  /** Adds or removes places at the end until there are `replicas`. */
  resize(replicas: number, version: Version, deadline: AbortSignal): Promise<void>;
  /** Ends everything at once. */
  stop(): Promise<void>;
};

const Ready = z.object({ port: z.number().int() });
type Started = { child: Child; port: number };

export type FleetSettings = {
  service: ServiceName;
  logs: string;
  ports: Promise<{ storePort: number; nextPort: number | null }>;
};

async function startInstance(settings: FleetSettings, id: string, version: Version): Promise<Started> {
  const { service, logs } = settings;
  const ready = Promise.withResolvers<Started>();
  const about = { service, instance: id, version, logs, memoryLimitBytes: MEMORY_LIMIT_BYTES };
  const child = startChild({
    entry: 'shop/service.ts',
    settings: settings.ports.then((ports) => ({ ...about, ...ports })),
    onLine: (value) => ready.resolve({ child, port: Ready.parse(value).port }),
  });
  void child.exited.then(() =>
    ready.reject(new FirebreakError('driver_failed', `${id} ended while starting`)),
  );
  const started = await ready.promise;
  const health = await call({ port: started.port, path: '/healthz', timeoutMs: 1000 });
  if (health.kind === 'answer' && health.code === 200) return started;
  child.kill();
  throw new FirebreakError('driver_failed', `${id} is not healthy`);
}

const DRAIN_MS = 700;

function emptySlot(id: string, version: Version): Slot {
  const startedAt = new Date(realClock.now()).toISOString();
  return {
    id,
    child: undefined,
    pid: 0,
    port: 0,
    state: 'starting',
    version,
    startedAt,
    exitCode: undefined,
  };
}

/** Puts a started process into a place and watches for its end; a process that ends stays ended. */
function occupy(slot: Slot, { child, port }: Started, version: Version): void {
  Object.assign(slot, emptySlot(slot.id, version), { child, port, pid: child.pid, state: 'running' });
  void child.exited.then((code) => {
    if (slot.child !== child) return;
    slot.state = 'exited';
    slot.exitCode = code;
  });
}

/** Makes the (still empty) fleet of one service. */
export function createFleet(settings: FleetSettings): Fleet {
  let slots: Slot[] = [];
  const fill = async (slot: Slot, version: Version, deadline: AbortSignal): Promise<void> => {
    deadline.throwIfAborted();
    const old = slot.child;
    const started = await startInstance(settings, slot.id, version);
    if (deadline.aborted) {
      started.child.kill();
      deadline.throwIfAborted();
    }
    occupy(slot, started, version);
    await old?.end(DRAIN_MS);
  };
  return {
    slots: () => slots,
    replaceAll: async (version, deadline) => {
      for (const slot of slots) await fill(slot, version, deadline);
    },
    resize: async (replicas, version, deadline) => {
      const gone = slots.slice(replicas);
      slots = slots.slice(0, replicas);
      const added: Slot[] = [];
      for (let n = slots.length + 1; n <= replicas; n += 1) {
        added.push(emptySlot(`${settings.service}-${n}`, version));
      }
      slots = [...slots, ...added];
      await Promise.all([
        ...added.map((slot) => fill(slot, version, deadline)),
        ...gone.map((slot) => slot.child?.end(DRAIN_MS)),
      ]);
    },
    stop: async () => {
      await Promise.all(slots.map((slot) => slot.child?.close(500)));
    },
  };
}
