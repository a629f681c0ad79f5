import { resolve } from 'node:path';
import { compareTerms, widerOnly } from '#approvals/policy-answers.ts';
import { FirebreakError } from '#core/errors.ts';
import { countTermsChange, renderTermsChange } from '#views/policy-changes.ts';
import { PolicyAnswer } from '../answers.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { saysYes } from '../says-yes.ts';

/** Lists whose answers, and whose say, differ between two config files; fails when the second allows anything more. */
export async function diffPolicy(
  files: { readonly before: string; readonly after: string },
  context: Context,
): Promise<Outcome> {
  const { readTerms } = await import('#server/config.ts');
  const read = (file: string) => {
    try {
      return readTerms(resolve(context.cwd, file));
    } catch (error) {
      // A file that cannot be compared is a mistake of whoever asks, not an answer.
      if (error instanceof FirebreakError) throw new FirebreakError('usage', error.message, { cause: error });
      throw error;
    }
  };
  const change = compareTerms(read(files.before), read(files.after));
  const wider = widerOnly(change);
  const isWider = wider.answers.length + wider.people.length > 0;
  const lines = [
    ...renderTermsChange(change),
    isWider
      ? `allows more: ${countTermsChange(wider)}; in all that differs: ${countTermsChange(change)}`
      : `allows nothing more; what differs: ${countTermsChange(change)}`,
  ];
  return { lines, json: { wider: isWider, ...change }, exit: isWider ? 1 : 0 };
}

export type AcceptOptions = Common & { readonly yes?: boolean };

/** Shows what the running server's config allows beyond what was accepted, asks, and takes it on in the owner's name. */
export async function acceptPolicy(options: AcceptOptions, context: Context): Promise<Outcome> {
  const server = findServer(options, context);
  const waiting = await ask(server, { method: 'GET', path: '/v1/policy' }, PolicyAnswer);
  if (waiting.answers.length + waiting.people.length === 0)
    return { lines: ['nothing waits: all that the config allows was accepted'], json: waiting };
  for (const line of renderTermsChange(waiting)) context.err(line);
  const to = 'accept what is printed above';
  if (!(await saysYes(options.yes, context, { question: 'Accept all of this?', to })))
    return { lines: ['not accepted; nothing was sent'], json: { kind: 'not_sent' }, exit: 1 };
  const body = { standing: waiting.standing };
  const accepted = await ask(server, { method: 'POST', path: '/v1/policy/accept', body }, PolicyAnswer);
  return { lines: [`accepted: ${countTermsChange(accepted)}; it counts from now on`], json: accepted };
}
