import { may, type Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { Log } from '#audit/log.ts';
import { onlyYou } from '#slack/answers.ts';
import type { Answer } from '#slack/ports.ts';
import type { RequestLimits } from '../http-limits.ts';
import type { Need } from './rights.ts';

/** Answers a known person, unless they ask too often; who lacks the right is told so by what answers. */
export type Admit = (person: Person, need: Need, answer: () => Promise<Answer>) => Promise<Answer>;

/**
 * The same limits as over HTTP, counted together with what was asked for there. A request too many is not looked at; the
 * first in a minute is recorded. Throws only when the log cannot take it.
 */
export function createAdmit({ limits, log }: { limits: RequestLimits; log: Log }): Admit {
  return async (person, { right, tier }, answer) => {
    // A no is written down, so it counts too.
    const counts = may(person, right) ? tier : 'note';
    const taken = limits.take(person.id, counts, 'slack');
    if (taken.kind === 'wait') {
      const refused = { by: person.id, what: 'too_often', reason: counts, approval: null } as const;
      if (taken.isFirst) await recordRefused(log, refused);
      return onlyYou([`That is ${taken.line}. Nothing was done now.`]);
    }
    try {
      return await answer();
    } finally {
      taken.done();
    }
  };
}
