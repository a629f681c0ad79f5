import type { Clock } from '#core/clock.ts';
import { isAnswered } from '#incidents/escalation.ts';
import { type Incident, titleOf } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import { isTold } from '#incidents/notices.ts';
import type { RungFold, RungState } from '#incidents/rung-fold.ts';
import type { Invoke } from '#tools/call-result.ts';
import type { ToolName } from '#tools/tool.ts';
import type { Jobs } from './jobs.ts';

const RETRY_MS = 30_000;
const MOST_TRIES = 10;

export type RungPagesDeps = {
  readonly incidents: IncidentFold;
  readonly rungs: RungFold;
  readonly invoke: Pick<Invoke, 'one'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly jobs: Jobs;
  /** Whether people can be paged about an incident that the paging system does not know. */
  readonly canTrigger: boolean;
};

type Call = { readonly tool: ToolName; readonly args: { readonly [name: string]: string | number } };

/**
 * Lets the paging system ask the people of each rung that was reached after the first: the next level of the page's own
 * policy, else a page of our own. Whoever answered meanwhile is not asked; what is told is known by its receipt in the
 * log, and what failed is tried again a few times. `tick` is cheap.
 */
export function createRungPages(deps: RungPagesDeps): { tick(): void } {
  const busy = new Set<string>();
  return {
    tick: () => {
      for (const incident of deps.incidents.current()) {
        const { id } = incident;
        const call = busy.has(id) ? undefined : owed(deps, incident, deps.rungs.get(id));
        if (call === undefined) continue;
        busy.add(id);
        deps.jobs.run(`ask ${id}`, async () => {
          await deps.invoke
            .one({ kind: 'system', incident: id }, call.tool, call.args)
            .finally(() => busy.delete(id));
        });
      }
    },
  };
}

/** The call that tells of the last rung and was not made yet. */
function owed({ clock, canTrigger }: RungPagesDeps, incident: Incident, state: RungState): Call | undefined {
  const { notices } = incident;
  if (isAnswered(incident, state)) return undefined;
  const last = state.reached.at(-1);
  if (last === undefined || last.rung === 0) return undefined;
  return callsFor(incident, last.rung, canTrigger).find(({ tool, args }) => {
    const tries = notices.filter(
      (one) =>
        one.tool === tool &&
        one.begunAt >= last.at &&
        (tool === 'page_trigger' ? one.about === 'people' : one.page === args.page && one.rung === args.rung),
    );
    if (tries.some((one) => isTold(one) || one.reason === 'held_back') || tries.length >= MOST_TRIES)
      return false;
    return clock.now() - (tries.at(-1)?.begunAt ?? 0) >= RETRY_MS;
  });
}

function callsFor(incident: Incident, rung: number, canTrigger: boolean): Call[] {
  const { id, severity } = incident;
  const pages = incident.alerts.flatMap(({ page, cleared }) => (page === undefined || cleared ? [] : [page]));
  if (pages.length > 0)
    return [...new Set(pages)].map((page) => ({ tool: 'page_escalate', args: { page, rung } }));
  const text = `${severity}: ${titleOf(incident)} (${id}), and nobody has answered. firebreak incidents show ${id}`;
  return canTrigger ? [{ tool: 'page_trigger', args: { about: 'people', severity, text } }] : [];
}
