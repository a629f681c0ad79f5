import type { CallId } from '#core/ids.ts';
import type { CauseAt, PastIncident } from '#incidents/observations-history.ts';
import { type Assessment, CONFIRMED, LIKELY } from './assessment.ts';
import type { Evidence } from './evidence.ts';

/** Most that what people said of earlier incidents adds or takes. */
export const MOST_LEANING = 5;
/** One mistake is no habit: so often a cause must have been called wrong before that takes anything. */
const REPEATED = 2;

/**
 * Confidence after what people said of the same cause at the same thing before: up to 5 points more where they only ever
 * confirmed it, 5 less where they only ever, and repeatedly, called it wrong. What was earned by evidence stays what it
 * is worth: nothing is lifted over the threshold at which a cause is named or called confirmed, and nothing grows out of 0. Pure.
 */
export function leaned(confidence: number, said: { confirmed: number; refuted: number }): number {
  if (confidence <= 0) return confidence;
  if (said.confirmed > 0 && said.refuted === 0) {
    const ceiling = confidence < LIKELY ? LIKELY - 1 : confidence < CONFIRMED ? CONFIRMED - 1 : confidence;
    return Math.min(ceiling, confidence + Math.min(MOST_LEANING, 2 + said.confirmed));
  }
  if (said.refuted >= REPEATED && said.confirmed === 0) return Math.max(1, confidence - MOST_LEANING);
  return confidence;
}

/**
 * The causes with what earlier incidents make of the confidence of each, and the look that says so. Who leads by evidence still
 * stands first: what was does not choose it.
 */
export function withHistory(seen: readonly Assessment[], evidence: Evidence): Assessment[] {
  const all = seen.map((one) => lean(one, evidence));
  const leader = all.find(({ cause }) => cause !== 'unknown');
  const rest = all.filter((one) => one !== leader).sort((a, b) => b.confidence - a.confidence);
  return leader === undefined ? rest : [leader, ...rest];
}

function lean(one: Assessment, { histories }: Evidence): Assessment {
  // What no look speaks for cannot be carried by what was.
  if (one.for.length === 0 || one.cause === 'unknown') return one;
  const seen = [...histories.values()];
  const count = (of: (past: PastIncident) => CauseAt | null) => {
    const told = seen.flatMap(({ calls, value }) =>
      value.incidents.filter((past) => isSame(of(past), one)).map(({ incident }) => ({ calls, incident })),
    );
    return {
      calls: told.flatMap(({ calls }) => calls),
      number: new Set(told.map((each) => each.incident)).size,
    };
  };
  const confirmed = count((past) => past.confirmed);
  const refuted = count((past) => past.refuted);
  const confidence = leaned(one.confidence, { confirmed: confirmed.number, refuted: refuted.number });
  if (confidence === one.confidence) return one;
  return confidence > one.confidence
    ? { ...one, confidence, for: withCalls(one.for, confirmed.calls) }
    : { ...one, confidence, against: withCalls(one.against, refuted.calls) };
}

function isSame(said: CauseAt | null, { cause, service, object }: Assessment): boolean {
  if (said === null || said.cause !== cause || said.service !== service) return false;
  return said.object === null || said.object === (object ?? null);
}

/** A report cites at most so many looks; that which moved the confidence is among them. */
const MOST_CITED = 8;

function withCalls(calls: readonly CallId[], more: readonly CallId[]): CallId[] {
  const told = [...new Set(more)].slice(0, 2);
  return [...calls.slice(0, MOST_CITED - told.length), ...told];
}
