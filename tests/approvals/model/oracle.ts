import type { Said } from '#approvals/decision.ts';
import { effectKey, type Order, type State } from './state.ts';
import { alice, bob, type Scenario, targetAt, timeOf } from './world.ts';

// What must hold, said without the gate's own functions. A breach is one sentence; undefined is none.

/** Who may say yes, to what, and when (A2, A4, A5, A6). */
export function breachOfYes(state: State, { person, hash }: Said, complete: boolean): string | undefined {
  const { plan, decisions } = state.approval;
  if (hash !== state.approval.hash) return 'A2: a yes to another plan counted';
  if (state.over) return 'A6: a yes counted after the plan had ended';
  if (timeOf(state.now) >= plan.expiresAt) return 'A6: a yes counted after the plan had expired';
  if (state.off || state.frozen) return 'A6: a yes counted while changes are stopped';
  if (state.demoted && person.id === alice.id) return 'A5: a yes of somebody without the role counted';
  const voters = [...decisions.map(({ by }) => by), person.id];
  return complete && !isEnough(state, voters) ? 'A5: too few different people were enough' : undefined;
}

/** For a wide change both, each owns one of the two targets; nobody else exists. Who asked does not count there. */
function isEnough({ approval: { plan }, demoted }: State, voters: readonly string[]): boolean {
  const said = new Set(voters);
  if (demoted) said.delete(alice.id);
  if (plan.tier !== 'R3') return said.size >= 1;
  for (const asker of plan.requestedBy) said.delete(asker);
  return said.has(alice.id) && said.has(bob.id);
}

/** What may start, and when (A1, A3, A5, A6, A7). */
export function breachOfIntent(
  state: State,
  { index, undo, drift }: { index: number; undo: boolean; drift: boolean },
): string | undefined {
  const { calls, plan, decisions } = state.approval;
  if (drift) return 'A7: a target that had changed was gone on with';
  if (calls.some((call) => call.step === index && call.undo === undo)) return 'A3: one step started twice';
  const ran = (step: number) =>
    calls.some((call) => call.step === step && !call.undo && call.outcome === 'ok') &&
    !calls.some((call) => call.step === step && call.undo);
  if (undo) {
    if (!state.bad) return 'A1: an undo started of a change that was not judged bad';
    if (!ran(index)) return 'A1: an undo started of a step that did not run';
    return plan.steps.some((_, later) => later > index && ran(later))
      ? 'A1: an undo started before that of a later step'
      : undefined;
  }
  if (state.over) return 'A6: a step started after the plan had ended';
  if (timeOf(state.now) >= plan.expiresAt) return 'A6: a step started after the plan had expired';
  if (state.frozen) return 'A6: a step started in a freeze';
  if (state.taken) return 'A6: a step started after somebody had taken the incident';
  const done = calls.filter((call) => !call.undo && call.outcome === 'ok').length;
  if (done !== index) return 'A1: the steps did not run in their order';
  return isEnough(
    state,
    decisions.map(({ by }) => by),
  )
    ? undefined
    : 'A1: a step started without enough people who may say yes';
}

/** What may be sent to the executor (A6). */
export function breachOfSending({ off }: State): string | undefined {
  return off ? 'A6: an order was sent while everything is off' : undefined;
}

/** What an effect may meet, with the state after it (A7, A9). */
export function breachOfEffect(before: State, after: State, order: Order): string | undefined {
  const target = before.targets[targetAt(before.approval.plan, order.index)];
  if (target?.generation !== target?.expected)
    return 'A7: a target that somebody else had changed was changed';
  if ((after.effects[effectKey(order)] ?? 0) > 1) return 'A9: one step had its effect twice';
  return undefined;
}

/** What must be so when nothing moves by itself any more (A9). */
export function breachOfRest({ approval, effects }: State, { effect }: Scenario): string | undefined {
  const { state, calls } = approval;
  const people = state === 'quarantined' || state === 'released';
  const waits = ['claimed', 'approved', 'started', 'unknown', 'succeeded', 'halted', 'unverified'];
  if (waits.includes(state)) return `A9: it stays ${state} for ever`;
  if (people)
    return effect === 'keyed' ? 'A9: people must look, though the backend could be asked' : undefined;
  for (const { step, undo, outcome } of calls) {
    const times = effects[effectKey({ index: step, undo })] ?? 0;
    if (outcome === 'open' || outcome === 'unknown') return 'A9: a call without an outcome was forgotten';
    if (times !== (outcome === 'ok' ? 1 : 0)) return `A9: a call is called ${outcome}, and was not`;
  }
  const back = (step: number) =>
    calls.some((call) => call.undo && call.step === step && call.outcome === 'ok');
  const stands = calls.some((call) => !call.undo && call.outcome === 'ok' && !back(call.step));
  if (state === 'undone' && (approval.undo === 'done') === stands)
    return `A9: the undo is called ${approval.undo}, and was not`;
  return stands && state !== 'verified' && state !== 'undone'
    ? 'A9: what ran is neither judged nor taken back'
    : undefined;
}
