import type { Approval } from '#approvals/approval.ts';
import type { Clock } from '#core/clock.ts';
import { unreachable } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { PersonId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import { heldBackUntil, type Notice, type NoticeTopic } from '#incidents/notices.ts';
import { mayResolvePage } from '#tools/act/pages.ts';
import type { Invoke } from '#tools/call-result.ts';
import type { Folds } from './folds.ts';
import type { Jobs } from './jobs.ts';
import { approvalNote, causeNote, outcomeNote, peopleNote } from './page-notes.ts';

export type PagesDeps = {
  readonly folds: Pick<Folds, 'incidents' | 'approvals'>;
  readonly invoke: Pick<Invoke, 'one'>;
  readonly clock: Clock;
  readonly jobs: Jobs;
};

type Note = {
  readonly kind: 'note';
  readonly page: string;
  readonly about: NoticeTopic;
  readonly ref: string | null;
  readonly text: string;
};
/** What a page should be told and was not yet. */
type Owed =
  | Note
  | { readonly kind: 'acknowledge'; readonly page: string; readonly by: PersonId }
  /** Null: the page that we made ourselves. */
  | { readonly kind: 'resolve'; readonly page: string | null };

/** The paging system is tried again after 5 s, then twice as long each time, at most after 5 min. */
const RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;
const MOST_TRIES = 12;

/**
 * Keeps the pages of each incident in the paging system as the log says they are: acknowledged once a person has seen
 * or taken it, with a note on the cause, on what waits for people, on why people have it and on how it ended, and closed
 * after a verified recovery or by a person. What is owed is worked out from the log alone, so a restart forgets nothing
 * and tells nothing twice. `tick` is cheap; one call at a time is under way for each incident.
 */
export function createPages(deps: PagesDeps): { tick(): void } {
  const busy = new Set<string>();
  return {
    tick: () => {
      for (const incident of deps.folds.incidents.current()) {
        if (busy.has(incident.id)) continue;
        const next = owedBy(incident, deps.folds.approvals.of(incident.id), deps.clock.now());
        if (next === undefined) continue;
        busy.add(incident.id);
        deps.jobs.run(`page ${incident.id}`, () =>
          tell(deps, incident, next).finally(() => busy.delete(incident.id)),
        );
      }
    },
  };
}

async function tell({ invoke }: PagesDeps, { id, severity }: Incident, owed: Owed): Promise<void> {
  const system = { kind: 'system', incident: id } as const;
  const { page } = owed;
  switch (owed.kind) {
    case 'acknowledge':
      await invoke.one({ kind: 'person', id: owed.by, incident: id }, 'page_acknowledge', { page });
      return;
    case 'resolve':
      await invoke.one(system, 'page_resolve', { page });
      return;
    case 'note': {
      const { about, ref, text } = owed;
      await invoke.one(system, 'page_note', { page, about, ref, severity, text });
      return;
    }
    default:
      return unreachable(owed);
  }
}

/** The first thing that is owed and may be tried now. Pure. */
function owedBy(incident: Incident, approvals: readonly Approval[], now: number): Owed | undefined {
  const pages = new Map(incident.alerts.flatMap((one) => (one.page === undefined ? [] : [[one.page, one]])));
  for (const [page, { cleared }] of pages)
    for (const one of wanted(incident, approvals, { page, cleared }))
      if (isDue(incident, one, now)) return one;
  const own = { kind: 'resolve', page: null } as const;
  return hasOwnPage(incident) && isDue(incident, own, now) ? own : undefined;
}

/** It is over, and people were paged by us. */
function hasOwnPage({ resolved, notices }: Incident): boolean {
  return (
    resolved !== null && notices.some(({ tool, outcome }) => tool === 'page_trigger' && outcome === 'ok')
  );
}

/** Everything that this page should have been told by now, in the order in which it is told. */
function wanted(
  incident: Incident,
  approvals: readonly Approval[],
  { page, cleared }: { page: string; cleared: boolean },
): Owed[] {
  const owed: Owed[] = [];
  const note = (about: NoticeTopic, text: string | undefined, ref: string | null = null): void => {
    if (text !== undefined) owed.push({ kind: 'note', page, about, ref, text });
  };
  const by = incident.takenBy ?? incident.acknowledgedBy;
  if (by !== null && !cleared && incident.resolved === null) owed.push({ kind: 'acknowledge', page, by });
  if (incident.resolved === null) {
    for (const one of approvals) if (one.state === 'pending') note('approval', approvalNote(one), one.id);
    note('people', peopleNote(incident));
    note('cause', causeNote(incident));
  } else note('outcome', outcomeNote(incident, incident.resolved));
  if (!cleared && mayResolvePage(incident)) owed.push({ kind: 'resolve', page });
  return owed;
}

/** Not told yet, not under way, not held back, and not tried just now. */
function isDue(incident: Incident, owed: Owed, now: number): boolean {
  const tries = incident.notices.filter(
    (one) => isAbout(one, owed) && one.begunAt >= sinceOf(incident, owed),
  );
  if (tries.some(({ outcome }) => outcome === 'ok' || outcome === null)) return false;
  const failed = tries.filter(({ reason }) => reason !== 'held_back');
  if (failed.length >= MOST_TRIES) return false;
  if (tries.length > failed.length && owed.kind === 'note' && isHeld(incident, owed, now)) return false;
  const last = failed.at(-1);
  const waitMs = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (failed.length - 1));
  return last === undefined || now >= (last.endedAt ?? last.begunAt) + waitMs;
}

/** What was told of an earlier round of the incident does not count. */
function sinceOf({ resolved, escalated }: Incident, owed: Owed): number {
  if (owed.kind === 'resolve' || (owed.kind === 'note' && owed.about === 'outcome')) return resolved?.at ?? 0;
  return owed.kind === 'note' && owed.about === 'people' ? (escalated?.at ?? 0) : 0;
}

/** It was held back before, and would be again: that is in the log once. */
function isHeld({ notices, severity }: Incident, { page, about }: Note, now: number): boolean {
  return heldBackUntil(notices, { page, about, severity, call: null, tool: 'page_note' }, now) !== null;
}

function isAbout(notice: Notice, owed: Owed): boolean {
  if (notice.page !== owed.page || notice.tool !== `page_${owed.kind}`) return false;
  if (owed.kind !== 'note') return true;
  return notice.about === owed.about && notice.ref === owed.ref && notice.sha256 === sha256(owed.text);
}
