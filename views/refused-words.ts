import type { BodyOf } from '#incidents/entry.ts';
import { plainReason } from './words.ts';

const wanted: Readonly<Record<BodyOf<'request.refused'>['what'], string>> = {
  approve: 'approve',
  deny: 'deny',
  revoke: 'take an approval back',
  take: 'take it',
  stop: 'stop changes',
  release: 'let changes run again',
  ask_again: 'have a new proposal',
  accept_policy: 'accept the policy',
  accept_log: 'accept the log',
  erase: 'erase something',
  acknowledge: 'say that they have seen it',
  pause: 'stop the agents or let them go on',
  hand_over: 'hand it over or take it over',
  resolve: 'close it',
  verdict: 'say what the cause was',
  steer: 'have a service looked at',
  change: 'ask for a change',
  note: 'add a note',
  merge: 'merge it',
  split: 'split it',
  move: 'move it to another channel',
  maintenance: 'leave pages alone',
  use_right: 'do what their role or token is not for',
  too_often: 'ask more often than is taken',
};

/** `alice wanted to take it: already yours`; only where a right is missing `vera may not take it`. */
export function refusedWords({ by, what, reason }: BodyOf<'request.refused'>): string {
  if (reason === 'not_allowed') return `${by} may not ${wanted[what]}`;
  return `${by} wanted to ${wanted[what]}: ${plainReason(reason)}`;
}
