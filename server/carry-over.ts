import { isUnderWay } from '#approvals/approval.ts';
import { acceptDrafts } from '#approvals/policy-fold.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import type { Damage } from '#audit/set-aside.ts';
import { type FactContext, fact, incidentStream, SYSTEM, stopStream } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Folds } from './folds.ts';
import { readWarnings } from './unproven-warnings.ts';

/** So many incidents or approvals at most count as lost with the bad part of a log. */
const LOST = 1000;

/**
 * With what a new log takes over from a damaged one whose good part is in the folds: numbers that go on, so that no name
 * means two things; what owners had accepted that may be changed, and no more; what was switched off, which stays off;
 * a freeze, as the part that is lost may have held one; and every open incident, handed to people. Of `unproven`, what
 * can still be read behind the good part, only what warns or stops counts. Approvals are not taken over: nothing that
 * was approved in a log that was tampered with is ever done. Throws if `unproven` does.
 */
export async function carryOver(
  folds: Folds,
  damage: Damage,
  unproven: AsyncIterable<Entry> | Iterable<Entry> = [],
): Promise<readonly EntryDraft[]> {
  const context: FactContext = { actor: SYSTEM, traceId: damage.folder };
  const { incidents, approvals, stops, policy } = folds;
  const by = (stops.off || stops.frozen ? stops.by : null) ?? 'firebreak';
  const stopped = { ...context, streams: [stopStream] };
  const warnings = await readWarnings(folds, unproven);
  const open = incidents.current().filter(({ resolved }) => resolved === null);
  const known = new Set(open.map(({ id }) => id));
  const more = warnings.open.filter(({ id }) => !known.has(id)).slice(-LOST);
  return [
    fact(
      'log.carried',
      {
        incidents: farBehind(Math.max(incidents.opened, warnings.incidents)),
        approvals: farBehind(Math.max(approvals.requested, warnings.approvals)),
      },
      context,
    ),
    ...(policy.accepted === null ? [] : acceptDrafts(policy.accepted, { by: null, why: 'first' })),
    ...(stops.off || warnings.off ? [fact('off.set', { on: true, by }, stopped)] : []),
    fact('freeze.set', { on: true, by }, stopped),
    ...[...open, ...more].flatMap((incident) => handOver(folds, incident, context)),
  ];
}

/** Behind every number that the part which is lost can have given out. */
function farBehind(number: number): number {
  return (Math.floor(number / LOST) + 1) * LOST;
}

function handOver(folds: Folds, incident: Incident, context: FactContext): EntryDraft[] {
  const { id, group, service, environment, owner, severity, mode, alerts, takenBy, paused } = incident;
  const about = { ...context, incident: id, streams: [incidentStream(id)] };
  const firing = alerts.filter((alert) => !alert.cleared);
  const [first, ...others] = (firing.length > 0 ? firing : alerts.slice(0, 1)).map(
    ({ fingerprint, name, severity: worst, source, startsAt }) =>
      ({
        source,
        status: 'firing',
        fingerprint,
        name,
        severity: worst,
        service,
        environment,
        startsAt,
      }) as const,
  );
  if (first === undefined) return [];
  const reason = 'log_damaged';
  const missing = folds.approvals
    .of(id)
    .filter(isUnderWay)
    .map((one) => `what became of ${one.id}`)
    .slice(0, 12);
  const { fingerprint, source } = first;
  return [
    fact(
      'incident.opened',
      { alert: first, group, service, environment, owner, severity, mode, reason },
      about,
    ),
    ...others.map((alert) => fact('alert.joined', { alert, reason }, about)),
    ...(firing.length > 0 ? [] : [fact('alert.cleared', { fingerprint, source }, about)]),
    ...(takenBy === null ? [] : [fact('incident.taken', { by: takenBy }, about)]),
    ...(paused === null ? [] : [fact('incident.paused', { on: true, by: paused.by }, about)]),
    fact('incident.escalated', { reason, missing }, about),
  ];
}
