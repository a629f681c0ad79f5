import { isAnswered } from '#incidents/escalation.ts';
import type { Incident } from '#incidents/incident.ts';
import type { RungState } from '#incidents/rung-fold.ts';
import type { PostedOf } from './posted-fold.ts';

/** What people are called for now. `rung` null: people must take it, and no rung was reached since. */
export type Call = { readonly about: string; readonly rung: RungState['reached'][number] | null };

/** The last call for help that the log asks for; undefined where somebody has answered, or nobody was to be asked. */
export function callNow(incident: Incident, state: RungState): Call | undefined {
  if (isAnswered(incident, state)) return undefined;
  const { escalated } = incident;
  const rung = state.reached.at(-1);
  if (rung === undefined || rung.at < (escalated?.at ?? 0))
    return escalated === null ? undefined : { about: `people-${escalated.at}`, rung: null };
  // Whoever is on duty is asked because people are needed: that is one call, not two.
  if (rung.reason === 'people_needed' && escalated !== null) return { about: `people-${escalated.at}`, rung };
  return { about: `rung-${rung.rung}-${rung.at}`, rung };
}

/** Whether its message stands in the thread, or the card called the same people. */
export function isShown(posted: PostedOf, call: Call): boolean {
  if (isOnCard(posted, call)) return true;
  const { notice, noticed } = posted;
  return notice?.about === call.about ? notice.content !== null : noticed.includes(call.about);
}

/** Whether somebody was called by name for it in Slack, as a receipt says. */
export function isCalled(posted: PostedOf, call: Call): boolean {
  return isOnCard(posted, call) || posted.called.includes(call.about);
}

/** Whoever is on duty is called by the first post of the card of a critical incident. */
function isOnCard({ called }: PostedOf, { rung }: Call): boolean {
  return rung?.rung === 0 && rung.reason === 'critical' && called.includes('card');
}
