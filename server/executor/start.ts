import type { Clock } from '#core/clock.ts';
import { actTools } from '#tools/act/tools.ts';
import type { Execute } from '#tools/carry-out.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { Config } from '../config-build.ts';
import { startExecutorChild } from './child.ts';
import { type ExecutorHealth, keepExecutor } from './keeper.ts';
import { createSettle } from './settle.ts';

export type StartExecutorDeps = {
  readonly config: Config;
  /** Reads with the credentials for reading: what became of an order is asked here. */
  readonly world: World;
  readonly clock: Clock;
  readonly boot: string;
  /** Of the key that the gate signs permits with. */
  readonly publicKey: string;
  readonly onHealth: (health: ExecutorHealth) => void;
};

export type Executor = {
  readonly execute: Execute;
  /** Null where the config has no credential for changes: then there is no such process. */
  health(): ExecutorHealth | null;
  /** Lets nobody wait any longer, as the first step of a stop; what is under way goes on. */
  release(): void;
  /** Ends the process. Call it when nothing is under way. */
  close(): Promise<void>;
};

/** Whether the config has anything that could be changed by that process. */
export function mayChange({ workloads, silencers, inventory }: Config): boolean {
  const hasWorkload = [...workloads.values()].some((one) => one.actTokenFile !== null);
  return hasWorkload || silencers.size > 0 || inventory.actions !== undefined;
}

/** Starts the process that makes changes, unless the config has no credential for it to use. Does not wait for it. */
export function startExecutor(deps: StartExecutorDeps): Executor {
  const { config, world, clock, boot, publicKey, onHealth } = deps;
  const closing = new AbortController();
  const { inventory, file, digest } = config;
  const settle = createSettle({ tools: actTools, world, inventory, clock, closing: closing.signal });
  if (!mayChange(config)) return noExecutor({ settle, clock, closing });
  const programs = inventory.actions === undefined ? {} : ({ programs: true } as const);
  const hello = { kind: 'hello', boot, publicKey, config: file, digest, ...programs } as const;
  const keeper = keepExecutor({
    clock,
    onHealth,
    start: (events) => startExecutorChild(hello, clock, events),
  });
  return {
    execute: { change: keeper.change, ready: keeper.ready, settle },
    health: keeper.health,
    release: () => {
      closing.abort();
      keeper.release();
    },
    close: keeper.close,
  };
}

type None = Pick<StartExecutorDeps, 'clock'> & {
  readonly settle: Execute['settle'];
  readonly closing: AbortController;
};

/** Nothing can be changed; that no service is in mode `act` then is checked with the config. */
function noExecutor({ settle, clock, closing }: None): Executor {
  return {
    execute: {
      change: async () => ({
        kind: 'refused',
        reason: 'executor_down',
        detail: 'the config has no credential for changes',
      }),
      // An approval of an earlier config waits like for one that is down: nothing is claimed.
      ready: (limitMs) =>
        clock.sleep(limitMs, closing.signal).then(
          () => 'down' as const,
          () => 'closed' as const,
        ),
      settle,
    },
    health: () => null,
    release: () => closing.abort(),
    close: async () => {},
  };
}
