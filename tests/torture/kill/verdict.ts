import type { Effect } from './effects.ts';
import type { LifeEnd } from './live.ts';
import { BAD, type EffectClass, GOOD, type Story } from './world.ts';

/** What is known of a run when its last life ended. */
export type Evidence = {
  readonly kind: EffectClass;
  readonly story: Story;
  readonly effects: readonly Effect[];
  /** Undefined when the last life did not get to its end. */
  readonly end: LifeEnd | undefined;
  /** What is wrong with the log: its bytes, or what they mean. */
  readonly log: readonly string[];
};
export type Finding = 'double' | 'lost' | 'quarantined' | 'log' | 'broken';
export type Verdict = { readonly findings: readonly Finding[]; readonly end: string };

type Done = { readonly made: number; readonly takenBack: number };

/** The ends that may be, and how each shows in the world: changes made, and taken back. */
const FINAL: Readonly<Record<string, (done: Done) => boolean>> = {
  verified: ({ made, takenBack }) => made === 1 && takenBack === 0,
  undone: ({ made, takenBack }) => made === 1 && takenBack <= 1,
  quarantined: ({ made, takenBack }) => made <= 1 && takenBack <= made,
};

/**
 * Judges one run by what the world wrote down itself. Double: something was done twice, or done again without having been
 * taken back. Lost: no end that people know of, or one that the world contradicts.
 */
export function verdictOf(evidence: Evidence): Verdict {
  const { kind, end, log } = evidence;
  const findings: Finding[] = [];
  const last = end?.plans.at(-1) ?? 'nothing';
  if (isDouble(evidence)) findings.push('double');
  if (end === undefined || end.errors.length > 0) findings.push('broken');
  else if (FINAL[last]?.(doneIn(evidence)) !== true || !isKnown(end, last) || isUntrue(evidence, end))
    findings.push('lost');
  if (kind !== 'opaque' && end?.plans.includes('quarantined') === true) findings.push('quarantined');
  if (log.length > 0) findings.push('log');
  return { findings, end: last };
}

function isDouble({ story, effects }: Evidence): boolean {
  if (story === 'restarted') return effects.length > 1;
  const keys = effects.map(({ key }) => key);
  const again = effects.some(({ version }, at) => version === (effects[at - 1]?.version ?? BAD));
  return again || new Set(keys).size !== keys.length;
}

function doneIn({ story, effects }: Evidence): Done {
  const made =
    story === 'restarted' ? effects.length : effects.filter(({ version }) => version === GOOD).length;
  return { made, takenBack: effects.length - made };
}

/** What worked closes the incident; of anything else a coordinator was told after the last start. */
function isKnown({ resolved, told }: LifeEnd, last: string): boolean {
  return last === 'verified' ? resolved === 'recovered' : told.some((one) => OUTCOMES.has(one));
}

/** People who are told that it was taken back must be able to rely on it. */
function isUntrue(evidence: Evidence, { told }: LifeEnd): boolean {
  return told.includes('undone') && doneIn(evidence).takenBack !== 1;
}

const OUTCOMES: ReadonlySet<string> = new Set(['undone', 'not_recovered', 'unknown']);
