import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { IncidentId } from '#core/ids.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import type { Duty } from './duty.ts';
import type { Jobs } from './jobs.ts';

export type RungsDeps = {
  readonly log: Log;
  readonly clock: Clock;
  readonly incidents: IncidentFold;
  readonly duty: Pick<Duty, 'next'>;
  readonly jobs: Jobs;
};

/**
 * Records that the next people are asked, when the log says that it is time. The entry is the decision: whoever tells
 * people follows it, and what tells that they were told is the receipt of that call. `tick` is cheap and safe to call
 * often; an answer that comes in at the same moment wins.
 */
export function createRungs(deps: RungsDeps): { tick(): void } {
  const busy = new Set<IncidentId>();
  return {
    tick: () => {
      for (const incident of deps.incidents.current()) {
        const { id } = incident;
        if (incident.resolved !== null || busy.has(id) || dueNow(deps, incident) === null) continue;
        busy.add(id);
        deps.jobs.run(`rung ${id}`, () => reach(deps, id).finally(() => busy.delete(id)));
      }
    },
  };
}

function dueNow({ duty, clock }: RungsDeps, incident: Incident): ReturnType<Duty['next']> {
  const next = duty.next(incident);
  return next !== null && next.at <= clock.now() ? next : null;
}

async function reach(deps: RungsDeps, id: IncidentId): Promise<void> {
  const [stream, own] = [incidentStream(id), `rung:${id}`];
  for (;;) {
    const expect = { [stream]: deps.log.version(stream), [own]: deps.log.version(own) };
    const incident = deps.incidents.get(id);
    const next = incident === undefined ? null : dueNow(deps, incident);
    if (incident === undefined || next === null) return;
    const { rung, reason, people } = next;
    const body = { rung, people: [...people], team: incident.owner, reason };
    const context = { actor: SYSTEM, traceId: id, incident: id, streams: [own] };
    const appended = await deps.log.append([fact('rung.reached', body, context)], { expect });
    if (appended.kind === 'appended') return;
  }
}
