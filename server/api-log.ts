import { damageDigest } from '#approvals/damage-fold.ts';
import { may, type Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { Log } from '#audit/log.ts';
import type { IncidentId, PersonId } from '#core/ids.ts';
import { fact, stopStream } from '#incidents/entry.ts';
import type { Erased } from './erase.ts';
import type { Folds } from './folds.ts';
import type { AcceptLogRequest, ApiAnswer } from './http-api.ts';

/** The damaged log that this one took over from, and the digest to accept it by. */
export function damageAnswer({ damage }: Folds): ApiAnswer {
  const found = damage.damage;
  return { status: 200, body: { damage: found, old: found === null ? null : damageDigest(found) } };
}

/** Lets changes run again on the log that took over from a damaged one: owners only, and only what they were shown. */
export async function acceptLog(
  { log, folds, trace }: { log: Log; folds: Folds; trace?: string },
  person: Person,
  { old }: AcceptLogRequest,
): Promise<ApiAnswer> {
  const { id } = person;
  if (!may(person, 'own')) {
    const refused = { by: id, what: 'accept_log', reason: 'not_allowed', approval: null } as const;
    await recordRefused(log, refused, { trace });
    return { status: 403, body: { error: 'only an owner accepts that a log was tampered with' } };
  }
  for (;;) {
    const { damage } = folds.damage;
    if (damage === null || damageDigest(damage) !== old)
      return { status: 409, body: { error: 'that is not what waits to be accepted; look again' } };
    const context = {
      actor: { kind: 'person', id } as const,
      traceId: trace ?? damage.folder,
      streams: [stopStream],
    };
    const expect = { [stopStream]: log.version(stopStream) };
    const appended = await log.append([fact('log.accepted', { by: id, old }, context)], { expect });
    if (appended.kind === 'appended') return { status: 200, body: { damage, old } };
  }
}

/** Handed in: destroys the key of a closed incident's content. */
export type Erase = (id: IncidentId, by: PersonId, trace?: string) => Promise<Erased>;

/** Destroys the key of a closed incident's content; owners only. */
export async function eraseContent(
  { log, erase, trace }: { readonly log: Log; readonly erase: Erase; readonly trace?: string },
  person: Person,
  id: IncidentId,
): Promise<ApiAnswer> {
  const by = person.id;
  if (!may(person, 'own')) {
    const refused = { by, what: 'erase', reason: 'not_allowed', approval: null } as const;
    await recordRefused(log, refused, { trace });
    return { status: 403, body: { error: 'only an owner erases what an incident holds' } };
  }
  const erased = await erase(id, by, trace);
  if (erased.kind === 'erased') return { status: 200, body: { erased: id } };
  const refusals = {
    not_found: { status: 404, body: { error: `there is no ${id}` } },
    not_closed: {
      status: 409,
      body: { error: `${id} is not closed for good yet: it can re-open for 30 minutes` },
    },
    already_erased: { status: 409, body: { error: `the content of ${id} is erased already` } },
  };
  return refusals[erased.reason];
}
