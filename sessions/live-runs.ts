import type { IncidentId, RunId } from '#core/ids.ts';
import { createStopper, type StopCause, type Stopper } from './stopper.ts';

/** The runs that this process carries, so that they can be stopped. */
export type LiveRuns = {
  has(run: RunId): boolean;
  isClosing(): boolean;
  /** Lets `work` be stopped while it lasts. */
  during<T>(incident: IncidentId, run: RunId, work: (stopper: Stopper) => Promise<T>): Promise<T>;
  /** Stops the runs of one incident. */
  stop(incident: IncidentId, cause: StopCause): void;
  /** Stops all runs; those that begin later are stopped at once. */
  close(): void;
};

export function createLiveRuns(): LiveRuns {
  const live = new Map<RunId, { incident: IncidentId; stopper: Stopper }>();
  let closing = false;
  return {
    has: (run) => live.has(run),
    isClosing: () => closing,
    during: async (incident, run, work) => {
      const stopper = createStopper();
      if (closing) stopper.stop('shutdown');
      live.set(run, { incident, stopper });
      try {
        return await work(stopper);
      } finally {
        live.delete(run);
      }
    },
    stop: (incident, cause) => {
      for (const run of live.values()) if (run.incident === incident) run.stopper.stop(cause);
    },
    close: () => {
      closing = true;
      for (const run of live.values()) run.stopper.stop('shutdown');
    },
  };
}
