import { sayAfterEnd } from '#approvals/after-end.ts';
import { decide } from '#approvals/decide.ts';
import type { Person } from '#approvals/people.ts';
import { onlyYou } from '#slack/answers.ts';
import { countedLine, refusedLine, type Told } from '#slack/cards/decision.ts';
import { strangerLine } from '#slack/cards/home.ts';
import type { Answer, Decided, Handlers, Speaker } from '#slack/ports.ts';
import { recordStranger } from './conversation/record.ts';
import type { Firebreak } from './wire.ts';

export type DecisionsDeps = {
  readonly firebreak: Pick<Firebreak, 'gate' | 'recovered'>;
  /** IANA name of the zone in which times read where Slack cannot write them. */
  readonly zone: string;
};

/**
 * Decisions of people in Slack: each goes to the gate as it comes, which looks up the roles now, takes it once and
 * records a no. The answer is the truth about the proposal at that moment, also for a click that comes too late or twice.
 * Throws only when the log cannot take it.
 */
export function createDecisions(deps: DecisionsDeps): Pick<Handlers, 'onDecision'> {
  return {
    onDecision: async (decided) => {
      const person = personOf(deps, decided.who);
      if (person !== undefined) return answerTo(deps, person, decided);
      await recordStranger(deps.firebreak.gate, decided.who, decided.decision);
      return onlyYou([strangerLine(decided.who), 'Nothing was done now.']);
    },
  };
}

function personOf({ firebreak }: DecisionsDeps, { person }: Speaker): Person | undefined {
  return person === null ? undefined : firebreak.gate.people.get(person);
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
  if (taken.kind === 'refused') return onlyYou([refusedLine(taken.reason, taken.approval, told)]);
  return onlyYou([countedLine(decision, taken.approval, taken.complete)]);
}

function toldBy({ firebreak, zone }: DecisionsDeps): Told {
  return { zone, nameOf: (id) => firebreak.gate.people.get(id)?.name ?? id };
}
