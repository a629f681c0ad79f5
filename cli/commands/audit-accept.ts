import type { Damage } from '#audit/set-aside.ts';
import { inert } from '#core/inert.ts';
import { count } from '#views/numbers.ts';
import { DamageAnswer } from '../answers.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { saysYes } from '../says-yes.ts';

export type AcceptOptions = Common & { readonly yes?: boolean };

/** Shows what was wrong with the log that was moved aside, asks, and lets changes run again in the owner's name. */
export async function acceptAudit(options: AcceptOptions, context: Context): Promise<Outcome> {
  const server = findServer(options, context);
  const waiting = await ask(server, { method: 'GET', path: '/v1/log/damage' }, DamageAnswer);
  const { damage, old } = waiting;
  if (damage === null || old === null)
    return { lines: ['nothing waits: no log was moved aside that an owner has not accepted'], json: waiting };
  for (const line of damageLines(damage)) context.err(line);
  const to = 'accept what is printed above';
  if (
    !(await saysYes(options.yes, context, {
      question: 'Have you looked at it, and may changes run again?',
      to,
    }))
  )
    return { lines: ['not accepted; nothing was sent'], json: { kind: 'not_sent' }, exit: 1 };
  const accepted = await ask(server, { method: 'POST', path: '/v1/log/accept', body: { old } }, DamageAnswer);
  return { lines: ['accepted: changes that people approve can start again'], json: accepted };
}

function damageLines({ folder, size, segment, line, entry, reason }: Damage): string[] {
  return [
    `the log in ${inert(folder)} was tampered with: ${inert(reason)}, at entry ${entry} (${inert(segment)} line ${line})`,
    `${count(size, 'entry', 'entries')} before that ${size === 1 ? 'is' : 'are'} proved; what was approved in it is void`,
  ];
}
