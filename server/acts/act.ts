import { mayRespond, type Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { EntryDraft, Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import { type BodyOf, type FactContext, incidentStream } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';

/** Why a person's word about an incident was not taken. */
export type ActRefusal =
  | 'not_allowed' // the role may look only
  | 'not_found'
  | 'not_open'
  | 'taken' // somebody has it; agents stay out
  | 'already_yours'
  | 'already_paused'
  | 'not_paused'
  | 'paused'
  | 'already_seen'
  | 'not_yours' // only who has it hands it over
  | 'unknown_person'
  | 'unknown_action' // the config has none of that name, or not with these values
  | 'nothing_offered'
  | 'own_offer'
  | 'offered_to_other'
  | 'no_cause' // there is none that could be right or wrong
  | 'unknown_service'
  | 'already_proposed' // that change waits for people
  | 'already_asked' // it is being prepared
  | 'resolution_refused'
  | 'same_incident'
  | 'other_environment'
  | 'change_under_way'
  | 'no_such_alert'
  | 'last_alert';

/** `incident` as it was before; null for one of long ago. */
export type Acted =
  | { readonly kind: 'done'; readonly incident: Incident | null }
  | { readonly kind: 'refused'; readonly reason: ActRefusal; readonly incident: Incident | null };

export type ActDeps = { readonly log: Log; readonly incidents: IncidentFold };

/** What a person wants with which incident; `what` names it in the log where it is refused. */
export type Wanted = {
  readonly person: Person;
  readonly incident: IncidentId;
  readonly what: BodyOf<'request.refused'>['what'];
  /** The request that carried it; left out = what is written belongs to the incident. */
  readonly trace?: string;
};

/** What is to be written down, or why not; asked again when somebody else was faster. `expect`: more that must not have changed. */
export type Judged =
  | { readonly drafts: readonly EntryDraft[]; readonly expect?: readonly string[] }
  | ActRefusal;

/**
 * Takes a responder's word about an open incident: judged on what the log says at that instant, and judged again when the
 * incident moved meanwhile. A no is recorded. Throws only when the log cannot take it.
 */
export async function act(
  deps: ActDeps,
  wanted: Wanted,
  judge: (incident: Incident, context: FactContext) => Judged,
): Promise<Acted> {
  for (;;) {
    const incident = deps.incidents.get(wanted.incident);
    const judged = judgeOf(incident, wanted, judge);
    if (typeof judged === 'string') return refuse(deps, wanted, judged);
    if (incident === undefined) return refuse(deps, wanted, 'not_found');
    const streams = [incidentStream(incident.id), ...(judged.expect ?? [])];
    const expect = Object.fromEntries(streams.map((stream) => [stream, deps.log.version(stream)]));
    const appended = await deps.log.append(judged.drafts, { expect });
    if (appended.kind === 'appended') return { kind: 'done', incident };
  }
}

function judgeOf(
  incident: Incident | undefined,
  { person, trace }: Wanted,
  judge: (incident: Incident, context: FactContext) => Judged,
): Judged {
  if (!mayRespond(person)) return 'not_allowed';
  if (incident === undefined) return 'not_found';
  if (incident.resolved !== null) return 'not_open';
  return judge(incident, contextFor(person, incident.id, trace));
}

/** Entries of a person about an incident; whoever read it before must not miss them. */
export function contextFor({ id }: Person, incident: IncidentId, trace: string = incident): FactContext {
  return {
    actor: { kind: 'person', id },
    traceId: trace,
    incident,
    streams: [incidentStream(incident)],
  };
}

/** Records a no, and answers with it. */
export async function refuse(
  { log, incidents }: ActDeps,
  { person, what, incident: id, trace }: Wanted,
  reason: ActRefusal,
): Promise<Acted> {
  const incident = incidents.get(id);
  const refused = { by: person.id, what, reason, approval: null };
  await recordRefused(log, refused, { incident: incident?.id, trace });
  return { kind: 'refused', reason, incident: incident ?? null };
}
