import type { IncidentId, RunId } from '#core/ids.ts';
import type { Item } from '#llm/model.ts';
import { createStopper, type StopCause, type Stopper } from './stopper.ts';

export type LiveRun = { readonly incident: IncidentId; readonly run: RunId; readonly items: readonly Item[] };

/** The runs that this process carries, so that they can be stopped. */
export type LiveRuns = {
  has(run: RunId): boolean;
  isClosing(): boolean;
  /** Lets `work` be stopped, and its transcript be seen, while it lasts. */
  during<T>(run: LiveRun, work: (stopper: Stopper) => Promise<T>): Promise<T>;
  /** The transcript of a run that lasts. */
  items(run: RunId): readonly Item[] | undefined;
  /** Stops the runs of one incident. */
  stop(incident: IncidentId, cause: StopCause): void;
  /** Stops all runs; those that begin later are stopped at once. */
  close(): void;
};

export function createLiveRuns(): LiveRuns {
  const live = new Map<RunId, LiveRun & { stopper: Stopper }>();
  let closing = false;
  return {
    has: (run) => live.has(run),
    isClosing: () => closing,
    items: (run) => live.get(run)?.items,
    during: async (order, work) => {
      const stopper = createStopper();
      if (closing) stopper.stop('shutdown');
      live.set(order.run, { ...order, stopper });
      try {
        return await work(stopper);
      } finally {
        live.delete(order.run);
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
