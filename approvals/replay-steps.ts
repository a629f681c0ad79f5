import { z } from 'zod';
import type { Fact } from '#incidents/entry.ts';

/** What must hold of changes of something else than a service, beside what holds of every plan. */
export type StepRule =
  | 'silenced_unasked' // nobody of that incident asked for a silence of that alert
  | 'cordoned_undiagnosed' // no diagnosis of that incident named that node for that service
  | 'outcome_guessed' // only a person can say what became of an operator's command
  | 'silence_taken_for_cure'; // a silence repairs nothing, whatever the signal does

export type StepReplay = {
  /** Takes facts in order, and gives the rule that one breaks. */
  apply(fact: Fact): StepRule | undefined;
};

const Steps = z.looseObject({
  steps: z.array(
    z.looseObject({
      tool: z.string(),
      target: z.looseObject({ ref: z.string(), service: z.string() }),
    }),
  ),
});
type Step = z.infer<typeof Steps>['steps'][number];
const Named = z.looseObject({
  hypotheses: z.array(z.looseObject({ service: z.string(), object: z.string().nullish() })).min(1),
});
const OTHERS: ReadonlySet<string> = new Set(['alert_silence', 'node_cordon', 'operator_action']);

/** Nothing is asked for or named at the beginning of a log. Remembers plans that hold such a change, and no others. */
export function replaySteps(): StepReplay {
  const asked = new Set<string>();
  const named = new Set<string>();
  const plans = new Map<string, readonly Step[]>();
  return {
    apply: (fact) => {
      const incident = fact.entry.incidentId ?? '';
      switch (fact.kind) {
        case 'change.requested':
          asked.add(`${incident} ${fact.body.tool} ${fact.body.target}`);
          return undefined;
        case 'run.settled': {
          const [first] = Named.safeParse(fact.body.report).data?.hypotheses ?? [];
          if (fact.body.role === 'diagnosis' && first !== undefined)
            named.add(`${incident} ${first.service} ${first.object}`);
          return undefined;
        }
        case 'approval.requested': {
          const steps = Steps.safeParse(fact.body.plan).data?.steps ?? [];
          if (steps.some(({ tool }) => OTHERS.has(tool))) plans.set(fact.body.approval, steps);
          return steps
            .map((step) => ruleOf(step, { incident, asked, named }))
            .find((rule) => rule !== undefined);
        }
        case 'action.reconciled':
          return toolAt(plans, fact.body) === 'operator_action' ? 'outcome_guessed' : undefined;
        case 'action.verified': {
          const steps = plans.get(fact.body.approval) ?? [];
          return steps.some(({ tool }) => tool === 'alert_silence') ? 'silence_taken_for_cure' : undefined;
        }
        default:
          return undefined;
      }
    },
  };
}

type Known = {
  readonly incident: string;
  readonly asked: ReadonlySet<string>;
  readonly named: ReadonlySet<string>;
};

function ruleOf({ tool, target }: Step, { incident, asked, named }: Known): StepRule | undefined {
  if (tool === 'alert_silence' && !asked.has(`${incident} ${tool} ${target.ref}`)) return 'silenced_unasked';
  const isNamed = named.has(`${incident} ${target.service} ${target.ref}`);
  return tool === 'node_cordon' && !isNamed ? 'cordoned_undiagnosed' : undefined;
}

type At = { readonly approval: string; readonly step: number };

function toolAt(plans: ReadonlyMap<string, readonly Step[]>, { approval, step }: At): string | undefined {
  return plans.get(approval)?.[step]?.tool;
}
