import { sayAfterEnd } from '#approvals/after-end.ts';
import { decide } from '#approvals/decide.ts';
import { mayApprove, type Person } from '#approvals/people.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import { onlyYou } from '#slack/answers.ts';
import { countedLine, refusedLine, type Told } from '#slack/cards/decision.ts';
import { strangerLine } from '#slack/cards/home.ts';
import { type Stops, stopLine } from '#slack/cards/warnings.ts';
import { plain } from '#slack/inert.ts';
import type { Answer, Decided, Handlers } from '#slack/ports.ts';
import type { Admit } from './conversation/admit.ts';
import { decisionNeeds } from './conversation/rights.ts';
import { createStrangers } from './conversation/strangers.ts';
import { personOf } from './person-of.ts';
import type { Firebreak } from './wire.ts';

export type DecisionsDeps = {
  readonly firebreak: Pick<Firebreak, 'gate' | 'recovered'>;
  /** IANA name of the zone in which times read where Slack cannot write them. */
  readonly zone: string;
  readonly stops: Stops;
  /** Every decision goes through this, by the right that it takes. */
  readonly admit: Admit;
};

/**
 * Decisions of people in Slack: each goes to the gate as it comes, which looks up the roles now, takes it once and
 * records a no. The answer is the truth about the proposal at that moment, also for a click that comes too late or twice.
 * Throws only when the log cannot take it.
 */
export function createDecisions(deps: DecisionsDeps): Pick<Handlers, 'onDecision'> {
  const strangers = createStrangers(deps.firebreak.gate);
  return {
    onDecision: async (decided) => {
      const person = personOf(deps.firebreak.gate.people, decided.who);
      if (person !== undefined)
        return deps.admit(person, decisionNeeds[decided.decision], () => answerTo(deps, person, decided));
      await strangers.record(decided.who, decided.decision);
      return onlyYou([strangerLine(decided.who), 'Nothing was done now.']);
    },
  };
}

async function answerTo(deps: DecisionsDeps, person: Person, decided: Decided): Promise<Answer> {
  const { firebreak } = deps;
  await firebreak.recovered();
  const { approval, hash, decision, typed } = decided;
  const told = toldBy(deps);
  if (decision === 'again') {
    const said = await sayAfterEnd(firebreak.gate, { approval, person, wanted: { kind: 'again' } });
    if (said.kind === 'refused') return onlyYou([refusedLine(said.reason, said.approval, told)]);
    return onlyYou([countedLine(decision, said.approval, true)]);
  }
  const taken = await decide(firebreak.gate, { approval, hash, decision, person, via: 'slack', typed });
  if (taken.kind === 'refused') {
    const no = onlyYou([refusedLine(taken.reason, taken.approval, told)]);
    if (taken.reason !== 'target_not_typed' || taken.approval === null) return no;
    const names = targetsOf(taken.approval.plan).join(' ');
    return { ...no, retype: plain(`That is not what it changes. Type: ${names}`, 150) };
  }
  return onlyYou([countedLine(decision, taken.approval, taken.complete)]);
}

function toldBy({ firebreak, zone, stops }: DecisionsDeps): Told {
  const { people } = firebreak.gate;
  const deciders = [...people.values()].filter(mayApprove).map(({ name }) => name);
  return { zone, stopped: stopLine(stops, zone), nameOf: (id) => people.get(id)?.name ?? id, deciders };
}
