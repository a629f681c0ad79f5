import type { Incident } from '#incidents/incident.ts';

/** Why agents take no wish about it: somebody has it, or stopped them. */
export function agentsOut({ takenBy, paused }: Incident): 'taken' | 'paused' | undefined {
  if (takenBy !== null) return 'taken';
  return paused === null ? undefined : 'paused';
}
