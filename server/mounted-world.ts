import { createMounts, type Mounts } from './mounts.ts';
import { record, type Start } from './start.ts';
import type { RunningWorld } from './world.ts';

/** The mounted servers of a start: what they say goes to the operational log, what is refused also to the log itself. */
export function mountsOf({
  config,
  clock,
  logger,
  log,
}: Pick<Start, 'config' | 'clock' | 'logger' | 'log'>): Mounts {
  return createMounts(config.mcp.servers, {
    clock,
    onLine: (server, line) => logger.info({ mcp: server }, line),
    onRefused: (refused) => void record(log, 'mount.refused', refused).catch(() => undefined),
  });
}

/** The same world with the mounted servers in it. */
export function withMounts(running: RunningWorld, mounts: Mounts): RunningWorld {
  return {
    world: { ...running.world, mounts: mounts.drivers },
    start: () => {
      running.start();
      mounts.start();
    },
    stop: async () => {
      await Promise.all([running.stop(), mounts.stop()]);
    },
  };
}
