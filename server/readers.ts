import type { Clock } from '#core/clock.ts';
import type { Probe, ReadSignal } from '#intake/watch.ts';
import type { World } from '#tools/drivers/ports.ts';
import type { Config } from './config-build.ts';

/** A watch looks at the last stretch of a signal. */
const LOOK_BACK_MS = 30_000;

/** What watches read with: the same drivers as the tools, no incident and so no log entry. */
export function createReaders({ config, world, clock }: { config: Config; world: World; clock: Clock }): {
  readSignal: ReadSignal;
  probe: Probe;
} {
  return {
    readSignal: async (id, signal, abort) => {
      const service = config.inventory.services.get(id);
      const source = service?.signals[signal];
      const driver = service?.telemetry === undefined ? undefined : world.metrics.get(service.telemetry);
      if (service === undefined || source === undefined || driver === undefined) return null;
      const now = clock.now();
      const seen = await driver.series(
        { service, signal, source, from: now - LOOK_BACK_MS, to: now, stepMs: 1000 },
        abort,
      );
      return seen.kind === 'seen' ? (seen.value.v.findLast((value) => value !== null) ?? null) : null;
    },
    probe: async (id, abort) => {
      const url = config.inventory.services.get(id)?.probe;
      if (url === undefined) return 'unseen';
      const seen = await world.probe.get(url, abort);
      if (seen.kind === 'seen') return seen.value.status < 500 ? 'up' : 'down';
      return seen.reason === 'not_configured' ? 'unseen' : 'down';
    },
  };
}
