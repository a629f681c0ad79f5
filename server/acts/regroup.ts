import { isUnderWay } from '#approvals/approval.ts';
import type { ApprovalFold } from '#approvals/approval-fold.ts';
import type { EntryDraft } from '#audit/log.ts';
import { type Digest, IncidentId, ServiceId } from '#core/ids.ts';
import { countStream, type FactContext, fact, incidentStream } from '#incidents/entry.ts';
import type { Incident, IncidentAlert } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { worse } from '#incidents/vocabulary.ts';
import { type ActDeps, type Acted, act } from './act.ts';
import type { About } from './ownership.ts';

export type RegroupDeps = ActDeps & {
  readonly approvals: ApprovalFold;
  readonly inventory: Inventory;
  readonly defaultOwner: string;
};

/**
 * Everything of one incident goes on in another: its alerts join it, and it is resolved as a duplicate. Never across
 * environments, and not while a change of it is being carried out.
 */
export function merge(deps: RegroupDeps, about: About, into: IncidentId): Promise<Acted> {
  return act(deps, { ...about, what: 'merge' }, (incident, context) => {
    if (incident.id === into) return 'same_incident';
    const other = deps.incidents.get(into);
    if (other === undefined) return 'not_found';
    if (other.resolved !== null) return 'not_open';
    if (other.environment !== incident.environment) return 'other_environment';
    if (deps.approvals.of(incident.id).some(isUnderWay)) return 'change_under_way';
    const by = about.person.id;
    const there = { ...context, incident: into, streams: [incidentStream(into)] };
    return {
      expect: [incidentStream(into)],
      drafts: [
        fact('incident.merged', { by, into }, context),
        fact('incident.resolved', { resolution: 'duplicate', by }, context),
        ...newTo(other, incident.alerts).flatMap((alert) => joined(incident, alert, there)),
      ],
    };
  });
}

/** Alerts that the other has and that fire there too stay as they are. */
function newTo({ alerts }: Incident, from: readonly IncidentAlert[]): readonly IncidentAlert[] {
  return from.filter((alert) => {
    const known = alerts.find(({ fingerprint }) => fingerprint === alert.fingerprint);
    return known === undefined || (known.cleared && !alert.cleared);
  });
}

/** An alert as it is known from the incident that it leaves; its own words stay with the first delivery of it. */
function factsOf({ environment }: Pick<Incident, 'environment'>, alert: IncidentAlert) {
  const { cleared: _cleared, reason: _reason, ...rest } = alert;
  return { ...rest, status: 'firing', environment } as const;
}

function joined(from: Incident, alert: IncidentAlert, context: FactContext): EntryDraft[] {
  const reason = 'moved_by_person';
  const { fingerprint, source, cleared } = alert;
  return [
    fact('alert.joined', { alert: factsOf(from, alert), reason }, context),
    ...(cleared ? [fact('alert.cleared', { fingerprint, source }, context)] : []),
  ];
}

export type Split = { readonly acted: Acted; readonly opened: IncidentId | null };

/** These alerts leave the incident and open one of their own; at least one stays. */
export async function split(
  deps: RegroupDeps,
  about: About,
  fingerprints: readonly Digest[],
): Promise<Split> {
  let opened: IncidentId | null = null;
  const acted = await act(deps, { ...about, what: 'split' }, (incident, context) => {
    const leaving = incident.alerts.filter(({ fingerprint }) => fingerprints.includes(fingerprint));
    const [first, ...others] = leaving;
    if (first === undefined) return 'no_such_alert';
    if (leaving.length === incident.alerts.length) return 'last_alert';
    const into = IncidentId.parse(`INC-${deps.incidents.opened + 1}`);
    opened = into;
    const streams = [countStream('incident'), incidentStream(into)];
    const there = { ...context, incident: into, streams };
    const gone = leaving.map(({ fingerprint }) => fingerprint);
    const by = about.person.id;
    return {
      expect: [countStream('incident')],
      drafts: [
        fact('incident.split', { by, fingerprints: gone, into }, context),
        opening(deps, { incident, first, severity: leaving.map((one) => one.severity).reduce(worse) }, there),
        ...(first.cleared ? [fact('alert.cleared', sourceOf(first), there)] : []),
        ...others.flatMap((alert) => joined(incident, alert, there)),
      ],
    };
  });
  return { acted, opened: acted.kind === 'done' ? opened : null };
}

const sourceOf = ({ fingerprint, source }: IncidentAlert) => ({ fingerprint, source });

type Opening = { incident: Incident; first: IncidentAlert; severity: Incident['severity'] };

/** The new incident is about the service of its first alert, in the environment of the one that it leaves. */
function opening(
  { inventory, defaultOwner }: RegroupDeps,
  { incident, first, severity }: Opening,
  context: FactContext,
): EntryDraft {
  const { environment, group } = incident;
  const named = ServiceId.safeParse(first.service);
  const known = named.success ? inventory.services.get(named.data) : undefined;
  const service = known?.environment === environment ? known : undefined;
  const body = {
    alert: factsOf(incident, first),
    group,
    service: service?.id ?? null,
    environment,
    owner: service?.owner ?? defaultOwner,
    severity,
    mode: service?.mode ?? 'observe',
    reason: 'moved_by_person',
  } as const;
  return fact('incident.opened', body, context);
}
