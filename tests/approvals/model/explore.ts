import { breachOfRest } from './oracle.ts';
import { keyOf, type State } from './state.ts';
import { type Model, outsideSteps, peopleSteps, type Step, systemSteps } from './steps.ts';
import { crashSteps, workerSteps } from './worker-steps.ts';
import { firstState } from './world.ts';

export type Explored =
  | { readonly kind: 'held'; readonly states: number; readonly steps: number }
  | { readonly kind: 'broken'; readonly breach: string; readonly trace: readonly string[] };

type Seen = { readonly from: string | null; readonly label: string };

/** Visits every state that can be reached, nearest first, so that the first breach has a shortest trace. */
export function explore(model: Model): Explored {
  const first = firstState(model.scenario);
  const start = keyOf(first);
  const seen = new Map<string, Seen>([[start, { from: null, label: 'start' }]]);
  let steps = 0;
  let edge: [string, State][] = [[start, first]];
  while (edge.length > 0) {
    const next: [string, State][] = [];
    for (const [from, state] of edge) {
      let moves = false;
      for (const step of stepsOf(model, state)) {
        steps += 1;
        moves ||= step.free;
        if (step.breach !== undefined)
          return { kind: 'broken', breach: step.breach, trace: [...traceOf(seen, from), step.label] };
        const key = keyOf(step.next);
        if (seen.has(key)) continue;
        seen.set(key, { from, label: step.label });
        next.push([key, step.next]);
      }
      const breach = moves ? undefined : breachOfRest(state, model.scenario);
      if (breach !== undefined) return { kind: 'broken', breach, trace: traceOf(seen, from) };
    }
    edge = next;
  }
  return { kind: 'held', states: seen.size, steps };
}

function* stepsOf(model: Model, state: State): Generator<Step> {
  yield* peopleSteps(model, state);
  yield* systemSteps(model, state);
  yield* workerSteps(model, state, 0);
  yield* workerSteps(model, state, 1);
  yield* outsideSteps(state);
  yield* crashSteps(model, state);
}

function traceOf(seen: ReadonlyMap<string, Seen>, last: string): string[] {
  const labels: string[] = [];
  for (let key: string | null = last; key !== null; ) {
    const step = seen.get(key);
    if (step === undefined) break;
    labels.unshift(step.label);
    key = step.from;
  }
  return labels.slice(1);
}
