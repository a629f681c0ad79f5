import { z } from 'zod';
import { FirebreakError } from '#core/errors.ts';
import { IncidentId } from '#core/ids.ts';
import { ask, findServer } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { saysYes } from '../says-yes.ts';

export type EraseFlags = Common & { readonly yes?: boolean };

/** Has the running server destroy the key of a closed incident's content; asks first. Cannot be taken back. */
export async function eraseIncident(text: string, options: EraseFlags, context: Context): Promise<Outcome> {
  const id = IncidentId.safeParse(text.toUpperCase());
  if (!id.success) throw new FirebreakError('usage', 'an incident is named like INC-12');
  const server = findServer(options, context);
  const question = `Destroy the content of ${id.data} for ever?`;
  if (!(await saysYes(options.yes, context, { question, to: `erase the content of ${id.data}` })))
    return { lines: ['not erased; nothing was sent'], json: { kind: 'not_sent' }, exit: 1 };
  const path = `/v1/incidents/${id.data}/erase`;
  const answer = await ask(server, { method: 'POST', path }, z.object({ erased: IncidentId }));
  const line = `erased: messages, prompts and results of ${id.data} can never be read again; its entries stay, and still verify`;
  return { lines: [line], json: answer };
}
