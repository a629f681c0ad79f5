import type { Approval } from '#approvals/approval.ts';
import { ApprovalFold } from '#approvals/approval-fold.ts';
import { inert } from '#core/inert.ts';
import { readFact } from '#incidents/entry.ts';
import type { Incident, IncidentState } from '#incidents/incident.ts';
import { outcomeOf, titleOf } from '#incidents/incident.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { type IncidentSpend, SpendFold } from '#incidents/spend-fold.ts';
import type { Mode, Severity } from '#incidents/vocabulary.ts';
import { alertWords } from './alert-words.ts';
import { approvalCard } from './approval-card.ts';
import { type Before, beforeWords } from './before-words.ts';
import { looksElsewhere } from './look-words.ts';
import { type ModelUse, modelUse } from './model-use.ts';
import { verdictBeside } from './narrate-people.ts';
import { findingFigure, gapWords, ruledOutWords, rulesWords } from './narrate-reports.ts';
import { type Asks, nextStep } from './next-step.ts';
import { confidence } from './numbers.ts';
import { saidByPeople } from './said-by-people.ts';
import type { StoryLine } from './story.ts';
import { type Entry, timelineOf } from './timeline.ts';
import {
  actorWords,
  approvalWords,
  causeWords,
  escalationWords,
  plainReason,
  resolutionWords,
  signalWords,
} from './words.ts';

/** A sentence with the evidence behind it. */
export type Cited = { readonly text: string; readonly evidence: readonly string[] };
/** A change that was proposed, and what became of it. */
export type CardChange = {
  readonly approval: string;
  readonly title: string;
  readonly became: string;
  readonly by: readonly string[];
  readonly at: number;
};

/** One incident as people see it, on every surface. Foreign text is inert. */
export type IncidentCard = {
  readonly id: string;
  readonly title: string;
  readonly severity: Severity;
  readonly state: IncidentState;
  /** One word for how it stands: the state, `escalated`, `denied`, or how it was resolved. */
  readonly outcome: string;
  readonly service: string | null;
  readonly environment: string;
  readonly owner: string;
  readonly mode: Mode;
  /** Who stopped the agents, until somebody lets them go on. */
  readonly paused: string | null;
  readonly openedAt: number;
  /** When the trouble began, where that was seen. */
  readonly since: number | null;
  /** The alerts it is made of and why each belongs to it; empty where it is one that opened it. */
  readonly alerts: readonly string[];
  readonly wrong: readonly Cited[];
  /** What monitors saw of services that the page is not about. */
  readonly elsewhere: readonly Cited[];
  readonly cause: {
    readonly word: string;
    readonly text: string;
    readonly for: readonly string[];
    readonly against: readonly string[];
    /** What a person says of it: `wrong, says alice: overload of inventory`. */
    readonly verdict: string | null;
  } | null;
  /** The newest earlier incident of what the cause is at, and what helped then. */
  readonly before: Before | null;
  /** What the rules would have named, where the diagnosis does not. */
  readonly rules: string | null;
  /** Claims of agents that their evidence does not show. */
  readonly droppedClaims: number;
  readonly ruledOut: readonly string[];
  readonly notSeen: readonly string[];
  readonly changes: readonly CardChange[];
  readonly takenBy: string | null;
  /** What people said of it that still counts, a short sentence each. */
  readonly said: readonly string[];
  readonly escalated: {
    readonly why: string;
    readonly missing: readonly string[];
    readonly at: number;
  } | null;
  readonly resolved: { readonly how: string; readonly by: string; readonly at: number } | null;
  readonly models: ModelUse;
  /** What happens now; `until` is when that ends by itself. */
  readonly next: { readonly text: string; readonly until: number | null };
  /** Who is asked next if nobody answers; null when nobody more is, or where that is not known. */
  readonly asks: Asks | null;
  readonly timeline: readonly StoryLine[];
};

/** A card without what only a reader of all its entries knows. */
export type CardFace = Omit<IncidentCard, 'timeline' | 'droppedClaims'>;

/**
 * The card of one incident from its own entries, in log order; undefined when they do not open one. Pure, and the same
 * for an incident of long ago. `zone` is the IANA name in which times inside a sentence are written.
 */
export function incidentCard(entries: readonly Entry[], zone: string): IncidentCard | undefined {
  const incidents = new IncidentFold();
  const approvals = new ApprovalFold();
  const spend = new SpendFold();
  for (const entry of entries) {
    incidents.apply(entry);
    approvals.apply(entry);
    spend.apply(entry);
  }
  const incident = incidents.current()[0];
  if (incident === undefined) return undefined;
  return {
    ...cardFace(incident, { approvals: approvals.all(), spend: spend.incident(incident.id) }),
    timeline: timelineOf(entries, zone),
    droppedClaims: droppedIn(entries),
  };
}

function droppedIn(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => {
    const fact = entry.kind === 'run.settled' ? readFact(entry) : undefined;
    return fact?.kind === 'run.settled' ? sum + fact.body.droppedClaims : sum;
  }, 0);
}

/** The card as the folds know it now, for whoever draws it again and again. Pure; foreign text is inert. */
export function cardFace(
  incident: Incident,
  {
    approvals,
    spend,
    asks = null,
  }: { approvals: readonly Approval[]; spend: IncidentSpend | undefined; asks?: Asks | null },
): CardFace {
  const { id, severity, state, service, environment, owner, mode, openedAt, takenBy, monitor, diagnosis } =
    incident;
  return {
    id,
    title: inert(titleOf(incident)),
    severity,
    state,
    outcome: plainReason(outcomeOf(incident)),
    service,
    environment: inert(environment),
    owner: inert(owner),
    mode,
    paused: incident.paused?.by ?? null,
    openedAt,
    since: monitor?.since ?? null,
    alerts: alertWords(incident),
    wrong: wrongOf(incident),
    elsewhere: looksElsewhere(incident),
    cause: causeText(incident),
    before: beforeWords(incident.before),
    rules: diagnosis === null ? null : rulesWords(diagnosis),
    ruledOut: diagnosis === null ? [] : ruledOutWords(diagnosis),
    notSeen: [...unseenFindings(incident), ...(diagnosis === null ? [] : gapWords(diagnosis))],
    changes: approvals.map(changeOf),
    takenBy,
    said: saidByPeople(incident),
    escalated: incident.escalated && {
      why: escalationWords(incident.escalated.reason),
      missing: incident.escalated.missing.map(inert),
      at: incident.escalated.at,
    },
    resolved: incident.resolved && {
      how: resolutionWords(incident.resolved.resolution),
      by: actorWords(incident.resolved.by),
      at: incident.resolved.at,
    },
    models: modelUse(incident, spend),
    next: nextStep(incident, approvals),
    asks,
  };
}

function wrongOf({ monitor }: Incident): Cited[] {
  const findings = monitor?.findings ?? [];
  return findings
    .filter((finding) => finding.state === 'high' || finding.state === 'low')
    .map((finding) => ({
      text: `${signalWords(finding.signal)} of ${finding.service} ${findingFigure(finding)}`,
      evidence: [...finding.evidence],
    }));
}

/** A monitor that was answered by nothing at all saw nothing: that is said too. */
function unseenFindings({ monitor, service }: Incident): string[] {
  if (monitor !== null && monitor.findings.length === 0)
    return [`any signal of ${service ?? 'it'} (nothing is configured that shows one, or nothing answered)`];
  const unseen = (monitor?.findings ?? []).filter((finding) => finding.state === 'unseen');
  return unseen.map((finding) => `${signalWords(finding.signal)} of ${finding.service}`);
}

function causeText({ diagnosis, verdict }: Incident): IncidentCard['cause'] {
  const top = diagnosis?.hypotheses[0];
  if (diagnosis === null || top === undefined) return null;
  return {
    word: diagnosis.outcome === 'inconclusive' ? 'not clear' : diagnosis.outcome,
    text: `${causeWords(top.cause, top.service, top.object)} (${confidence(top.confidence)})`,
    for: [...top.for],
    against: [...top.against],
    verdict: verdict === null ? null : verdictBeside(verdict),
  };
}

function changeOf(approval: Approval): CardChange {
  const { title } = approvalCard(approval.plan, approval.hash);
  const reason = approval.reason === null ? '' : ` (${plainReason(approval.reason)})`;
  return {
    approval: approval.id,
    title,
    became: `${approvalWords(approval.state)}${inert(reason)}`,
    by: approval.decisions.map((decision) => decision.by),
    at: approval.at,
  };
}
