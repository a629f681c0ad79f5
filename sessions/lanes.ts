import PQueue from 'p-queue';
import type { IncidentId } from '#core/ids.ts';

/** Jobs that wait in one lane; more means that something wakes an incident faster than it can be handled. */
export const MAX_WAITING = 20;

/** One serial queue per incident: its coordinator never runs twice at once, and no incident waits for another. */
export type Lanes = {
  /** `busy` when the lane is full; the job is then not taken. What a job rejects with goes to `onError`. */
  enqueue(incident: IncidentId, job: () => Promise<void>): 'queued' | 'busy';
  /** Incidents with a job that runs or waits. */
  size(): number;
  /** Resolves when no job runs or waits. */
  drain(): Promise<void>;
};

export function createLanes(onError: (error: unknown) => void): Lanes {
  const lanes = new Map<IncidentId, PQueue>();

  const open = (incident: IncidentId): PQueue => {
    const lane = new PQueue({ concurrency: 1 });
    lane.addEventListener('idle', () => {
      if (lanes.get(incident) === lane) lanes.delete(incident);
    });
    lanes.set(incident, lane);
    return lane;
  };

  return {
    enqueue: (incident, job) => {
      const lane = lanes.get(incident) ?? open(incident);
      if (lane.size >= MAX_WAITING) return 'busy';
      lane.add(job).catch(onError);
      return 'queued';
    },
    size: () => lanes.size,
    drain: async () => {
      while (lanes.size > 0) await Promise.all([...lanes.values()].map((lane) => lane.onIdle()));
    },
  };
}
