import type { Right } from '#approvals/rights.ts';
import type { Decided, Pressed } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import type { Tier } from '../http-limits.ts';
import { TIERS } from '../http-wish.ts';

/** What something that people can want in Slack takes, and what it counts as. */
export type Need = { readonly right: Right; readonly tier: Tier };

const takes = (right: Right, tier: Tier = TIERS[right]): Need => ({ right, tier });

/** Questions, slips that are asked back, and what only shows. */
export const READING = takes('read');
/** Words of a person that are kept. */
export const NOTING = takes('note');

/** Sentences, and the buttons that stand for them. */
export const actNeeds: Readonly<Record<Act['verb'], Need>> = {
  ack: NOTING,
  take: NOTING,
  pause: NOTING,
  resume: NOTING,
  accept: NOTING,
  hand_over: NOTING,
  resolve: NOTING,
  right_cause: NOTING,
  wrong_cause: NOTING,
  look: NOTING,
  merge: NOTING,
  split: NOTING,
  move: NOTING,
  postmortem: READING,
  // Only asked back: the press of its button asks for it.
  change: takes('propose', 'read'),
};

/** Buttons that are no sentence by themselves. */
export const pressNeeds: Readonly<Record<Extract<Pressed['verb'], 'propose'>, Need>> = {
  propose: takes('propose'),
};

/** Buttons of a proposal; a no and a stop are never what there is too much of. */
export const decisionNeeds: Readonly<Record<Decided['decision'], Need>> = {
  approve: takes('decide'),
  deny: takes('decide', 'note'),
  revoke: takes('stop'),
  again: takes('propose'),
};

/** `/firebreak ...`; whatever begins otherwise is answered with help. */
const commandNeeds: ReadonlyMap<string, Need> = new Map([
  ['freeze', takes('stop')],
  ['freeze on', takes('stop')],
  ['freeze off', takes('own', 'free')],
  ['off', takes('stop')],
  ['on', takes('own', 'free')],
  ['maintenance add', NOTING],
  ['maintenance end', NOTING],
]);

/** What a command takes, by its first two words. */
export function commandNeed(first: string, second: string | undefined): Need {
  const both = `${first} ${second ?? ''}`.trim().toLowerCase();
  return commandNeeds.get(both) ?? commandNeeds.get(first.toLowerCase()) ?? READING;
}
