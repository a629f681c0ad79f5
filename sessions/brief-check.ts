import { canonical } from '#core/canonical.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { actionCallOf } from '#incidents/operator-action.ts';
import { deployOf, type ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { Brief, DiagnosisBrief, RemediationBrief } from '#incidents/reports.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import type { EvidenceCall } from './agent-spec.ts';
import { type IncidentSessions, lastDiagnosis } from './session-state.ts';

export type BriefRefusal =
  | 'unknown_reference'
  | 'unknown_evidence'
  | 'later_than_page'
  | 'not_reported'
  | 'not_diagnosed';

/** Clocks of paging systems may be ahead by so much. */
const AHEAD_MS = 60_000;

export type BriefContext = {
  readonly incident: IncidentSessions;
  readonly evidence: readonly EvidenceCall[];
  readonly inventory: Inventory;
};

/**
 * What a brief says must be so: its services exist, its evidence was read in this incident, its findings are a monitor's,
 * and what remediation is told about the cause is what a diagnosis of this incident named. `null` when nothing is wrong with it.
 */
export function checkBrief(brief: Brief, context: BriefContext): BriefRefusal | null {
  const isKnown = (ref: ServiceRef) => context.inventory.services.has(serviceOf(ref));
  if (!isKnown(brief.service)) return 'unknown_reference';
  if (brief.role === 'remediation' && !brief.requested.every((one) => isKnownAction(one, context)))
    return 'unknown_reference';
  // A diagnosis wrote the name in this reference: any but the service's own would be free text.
  if (
    brief.role === 'remediation' &&
    brief.deploy !== null &&
    deployOf(brief.deploy).service !== serviceOf(brief.service)
  )
    return 'unknown_reference';
  const read = new Set<string>(context.evidence.map((one) => one.call));
  if (!evidenceOf(brief).every((call) => read.has(call))) return 'unknown_evidence';
  if (isLate(brief, context.incident)) return 'later_than_page';
  if (brief.role === 'diagnosis' && !isReported(brief, context.incident)) return 'not_reported';
  return brief.role === 'remediation' && !isDiagnosed(brief, context.incident) ? 'not_diagnosed' : null;
}

/** A node or an alert is known to the log alone: only what a person asked for is left of those. */
function isKnownAction({ tool, target }: RequestedAction, { inventory }: BriefContext): boolean {
  if (tool === 'node_cordon' || tool === 'alert_silence') return true;
  if (tool === 'operator_action') return actionCallOf(inventory.actions, target) !== undefined;
  return inventory.services.has(serviceOf(target));
}

/**
 * What was before the time in a brief is taken for normal: it may not lie after the page, where the fault would be part of
 * it, unless a monitor saw the trouble begin then.
 */
function isLate(brief: Brief, { openedAt, runs }: IncidentSessions): boolean {
  if (brief.role === 'remediation') return false;
  const began = brief.role === 'monitor' ? brief.startedAt : brief.since;
  if (began <= openedAt + AHEAD_MS) return false;
  const seen = runs.map(({ settled }) => (settled?.report?.role === 'monitor' ? settled.report.since : null));
  return brief.role === 'monitor' || !seen.includes(began);
}

/** Code reasons from findings, so they must be those that a monitor of this incident reported. */
function isReported({ findings }: DiagnosisBrief, { runs }: IncidentSessions): boolean {
  const reported = new Set(
    runs.flatMap((run) => {
      const report = run.settled?.report;
      return report?.role === 'monitor' ? report.findings.map((finding) => canonical(finding)) : [];
    }),
  );
  return findings.every((finding) => reported.has(canonical(finding)));
}

function evidenceOf(brief: Brief): readonly string[] {
  switch (brief.role) {
    case 'monitor':
      return [];
    case 'diagnosis':
      return brief.findings.flatMap((finding) => finding.evidence);
    case 'remediation':
      return brief.evidence;
  }
}

/** A brief without a diagnosis may only carry a person's request: it then claims no cause and no confidence. */
function isDiagnosed(brief: RemediationBrief, incident: IncidentSessions): boolean {
  if (brief.cause === 'unknown') return brief.confidence === 0 && brief.deploy === null;
  const report = lastDiagnosis(incident);
  if (report === null || (report.outcome !== 'likely' && report.outcome !== 'confirmed')) return false;
  const service = serviceOf(brief.service);
  const facts = ['deploy', 'pressure', 'replicas', 'maxReplicas'] as const;
  return (
    facts.every((name) => brief[name] === null || brief[name] === report[name]) &&
    report.hypotheses.some(
      (one) => one.cause === brief.cause && one.service === service && one.confidence === brief.confidence,
    )
  );
}
