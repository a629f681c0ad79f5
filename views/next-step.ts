import type { Approval } from '#approvals/approval.ts';
import { unreachable } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import type { Incident } from '#incidents/incident.ts';
import { escalationWords } from './words.ts';

/** What happens now with an incident, and until when; people's hands come before anything that runs by itself. */
export type NextStep = { readonly text: string; readonly until: number | null };

/** Who is asked next if nobody answers, by name, and when. */
export type Asks = { readonly people: readonly string[]; readonly at: number };

/** `nobody answers -> ask Bob`, after which the surface writes the time. Names are inert. */
export function asksWords({ people }: Asks): string {
  const [first = 'people', ...others] = people.map(inert);
  const who = others.length === 0 ? first : `${first} and ${others.length} more`;
  return `nobody answers -> ask ${who}`;
}

export function nextStep(incident: Incident, approvals: readonly Approval[]): NextStep {
  if (incident.resolved !== null)
    return { text: 'nothing, unless the same alert fires again within 30 min', until: null };
  if (incident.takenBy !== null)
    return { text: `${incident.takenBy} works on it, Firebreak only records`, until: null };
  if (incident.paused !== null)
    return { text: `nothing: ${incident.paused.by} paused it, until somebody resumes it`, until: null };
  const pending = approvals.find((one) => one.state === 'pending');
  if (pending !== undefined) {
    return {
      text: `waits for a decision on ${pending.id}; nobody answers -> nothing is done and people are asked`,
      until: pending.plan.expiresAt,
    };
  }
  if (incident.escalated !== null)
    return { text: `people must take it: ${escalationWords(incident.escalated.reason)}`, until: null };
  return { text: working(incident), until: null };
}

function working({ state }: Incident): string {
  switch (state) {
    case 'open':
      return 'a monitor looks at the signals';
    case 'investigating':
      return 'agents look for the cause';
    case 'identified':
      return 'a change that fits the cause is prepared';
    case 'mitigating':
      return 'an approved change is running';
    case 'monitoring':
      return 'the signal is watched; if it does not come back, the undo runs or people are asked';
    case 'resolved':
      return 'nothing';
    default:
      return unreachable(state);
  }
}
