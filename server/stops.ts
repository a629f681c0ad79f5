import { may, type Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { Log } from '#audit/log.ts';
import { fact, stopStream } from '#incidents/entry.ts';
import type { ApiAnswer, StopRequest } from './http-api.ts';

/** Any responder may stop; only an owner may let changes run again. */
export async function setStops(
  { log, offFile, trace }: { readonly log: Log; readonly offFile: () => boolean; readonly trace?: string },
  person: Person,
  { freeze, off }: StopRequest,
): Promise<ApiAnswer> {
  const releases = freeze === false || off === false;
  const isAllowed = may(person, releases ? 'own' : 'stop');
  if (!isAllowed) {
    const refused = { by: person.id, what: 'stop', reason: 'not_allowed', approval: null } as const;
    await recordRefused(log, refused, { trace });
    const words = releases ? 'only an owner lets changes run again' : `${person.id} may look, but not stop`;
    return no(403, words);
  }
  if (off === false && offFile())
    return no(409, 'the file OFF stands in the data directory; remove it first, then switch on');
  const context = {
    actor: { kind: 'person', id: person.id } as const,
    traceId: trace ?? 'stop',
    streams: [stopStream],
  };
  await log.append([
    ...(freeze === undefined ? [] : [fact('freeze.set', { on: freeze, by: person.id }, context)]),
    ...(off === undefined ? [] : [fact('off.set', { on: off, by: person.id }, context)]),
  ]);
  return {
    status: 200,
    body: { ...(freeze === undefined ? {} : { freeze }), ...(off === undefined ? {} : { off }) },
  };
}

function no(status: number, error: string): ApiAnswer {
  return { status, body: { error } };
}
