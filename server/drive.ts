import { type Approval, isUnderWay as isChanging } from '#approvals/approval.ts';
import { withdraw } from '#approvals/end.ts';
import type { Entry } from '#audit/log.ts';
import type { ApprovalId, IncidentId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Wake } from '#incidents/reports.ts';
import { type CarryOutDeps, carryOut, undo } from '#tools/carry-out.ts';
import type { Folds } from './folds.ts';
import type { Jobs } from './jobs.ts';
import { refute } from './refute.ts';

export type DriveDeps = {
  readonly folds: Folds;
  readonly carry: CarryOutDeps;
  readonly jobs: Jobs;
  readonly wake: (incident: IncidentId, wake: Wake) => void;
  /** Tells the coordinator what people wish. */
  readonly heed: (incident: IncidentId) => void;
  /** Stops the agents of an incident at their next step. */
  readonly cancel: (incident: IncidentId) => void;
  readonly openedWake: (incident: Incident) => Wake;
  /** Resolves when the log has been verified, to true, or when the server stops before, to false. */
  readonly mayChange: () => Promise<boolean>;
};

/** What starting a change needs. */
type Starting = Pick<DriveDeps, 'jobs' | 'carry' | 'mayChange'>;

export type ActionOutcome = Extract<Wake, { kind: 'action_settled' }>['outcome'];

/**
 * What happens next, fact by fact: each durable entry may wake the coordinator, withdraw what is pending, or start a
 * step that people approved. Nothing is decided here; the folds and the gate do that when the job runs.
 */
export function drive(deps: DriveDeps, entries: readonly Entry[]): void {
  for (const entry of entries) {
    const fact = readFact(entry);
    if (fact !== undefined && entry.incidentId !== undefined) react(deps, entry.incidentId, fact);
  }
}

function react(deps: DriveDeps, id: IncidentId, fact: Fact): void {
  const incident = deps.folds.incidents.get(id);
  switch (fact.kind) {
    case 'incident.opened':
    case 'incident.reopened':
      if (incident) deps.wake(id, deps.openedWake(incident));
      return;
    case 'incident.taken':
    case 'handover.accepted':
      return release(deps, id, 'taken');
    case 'incident.paused':
      if (fact.body.on) return release(deps, id, 'paused');
      return incident?.resolved === null ? deps.wake(id, deps.openedWake(incident)) : undefined;
    case 'verdict.given':
      if (!fact.body.right) deps.jobs.run(`refute ${id}`, () => refute(deps, id));
      return;
    case 'incident.steered':
    case 'change.requested':
      return deps.heed(id);
    case 'incident.resolved':
      return release(deps, id, 'resolved');
    case 'alert.joined':
      if (incident && isBack(incident, fact.body) && isIdle(deps, incident)) {
        deps.wake(id, deps.openedWake(incident));
      }
      return;
    case 'alert.cleared':
    case 'incident.split':
      if (incident?.alerts.every((alert) => alert.cleared) && !isUnderWay(deps, id))
        release(deps, id, 'alert_cleared');
      return;
    default:
      return reactToApproval(deps, id, fact);
  }
}

function reactToApproval(deps: DriveDeps, id: IncidentId, fact: Fact): void {
  switch (fact.kind) {
    case 'approval.requested':
      return fact.body.mode === 'act' ? undefined : settled(deps, id, 'recorded');
    case 'approval.approved':
      return fact.body.complete ? start(deps, fact.body.approval) : undefined;
    case 'approval.rejected':
      return settled(deps, id, 'rejected');
    case 'approval.revoked':
      return ended(deps, fact.body.approval, 'rejected');
    case 'approval.expired':
      return settled(deps, id, 'expired');
    case 'approval.withdrawn':
      return ended(deps, fact.body.approval, 'withdrawn');
    case 'approval.invalidated':
      return ended(deps, fact.body.approval, invalidatedAs(fact.body.reason));
    case 'approval.asked_again':
      return lookAgain(deps, id);
    case 'action.quarantined':
      return settled(deps, id, 'unknown');
    case 'action.reconciled':
      return reactToReconciled(deps, id, fact.body);
    case 'tool.finished':
      return fact.body.outcome === 'failed' && isStep(deps, id, fact.body.call)
        ? settled(deps, id, 'failed')
        : undefined;
    case 'action.verified':
      resolveRecovered(deps, id);
      return settled(deps, id, 'recovered');
    case 'action.unverified':
      return startUndo(deps, fact.body.approval);
    case 'action.undone':
      return settled(deps, id, fact.body.complete ? 'undone' : 'not_recovered');
    default:
      return;
  }
}

/** How a plan ended; one of which something ran already is half done, and people are told that. */
function ended(deps: DriveDeps, approval: ApprovalId, outcome: ActionOutcome): void {
  const known = deps.folds.approvals.get(approval);
  if (known === undefined) return;
  if (known.state !== 'halted') return settled(deps, known.plan.incident, outcome);
  // Withdrawn means that all is over, and this is not: what the watch of what ran comes to is told then.
  if (outcome !== 'withdrawn') settled(deps, known.plan.incident, 'failed');
}

/** What became of an undo is told by whoever runs it. */
function reactToReconciled(deps: DriveDeps, id: IncidentId, body: BodyOf<'action.reconciled'>): void {
  if (!isStep(deps, id, body.call)) return;
  if (body.effect === 'happened') start(deps, body.approval);
  else settled(deps, id, 'failed');
}

/** A person wants everything read anew: the coordinator begins as on the first page. */
function lookAgain(deps: DriveDeps, id: IncidentId): void {
  const incident = deps.folds.incidents.get(id);
  if (incident !== undefined) deps.wake(id, deps.openedWake(incident));
}

/** People or the world took over: nothing pending stays pending, agents stop at their next step. */
function release(deps: DriveDeps, id: IncidentId, reason: string): void {
  deps.cancel(id);
  deps.jobs.run(`withdraw ${id}`, async () => {
    await withdraw(deps.carry.gate, id, { reason });
  });
}

/**
 * Carries out an approved plan from its next step on; a plan with no step left is left alone. Right after a start the log
 * is not verified yet: what people approved waits for that instead of being refused, and a stop leaves it as it is.
 */
export function start({ jobs, carry, mayChange }: Starting, approval: ApprovalId): void {
  jobs.run(`carry out ${approval}`, async () => {
    if (await mayChange()) await carryOut(carry, approval);
  });
}

/** Runs the pre-approved undo of a change that did not help; it waits in the same way. */
export function startUndo({ jobs, carry, mayChange }: Starting, approval: ApprovalId): void {
  jobs.run(`undo ${approval}`, async () => {
    if (await mayChange()) await undo(carry, approval);
  });
}

/** Closes an incident whose signal was verified to be back. */
function resolveRecovered(deps: DriveDeps, id: IncidentId): void {
  deps.jobs.run(`resolve ${id}`, async () => {
    await deps.carry.invoke.one({ kind: 'system', incident: id }, 'incident_resolve', {
      resolution: 'recovered',
    });
  });
}

/** After a restart: closes an incident that was verified to be back, unless that was done and it came back since. */
export function resumeResolve(deps: DriveDeps, { seq, plan: { incident: id } }: Approval): void {
  if (deps.folds.incidents.get(id)?.resolved !== null) return;
  deps.jobs.run(`resolve ${id}`, async () => {
    for await (const entry of deps.carry.gate.log.read(seq))
      if (entry.kind === 'incident.resolved' && entry.incidentId === id) return;
    resolveRecovered(deps, id);
  });
}

function settled(deps: DriveDeps, id: IncidentId, outcome: ActionOutcome): void {
  deps.wake(id, { kind: 'action_settled', outcome });
}

/** Whether a change of this incident was started and is not yet judged. */
export function isUnderWay({ folds }: Pick<DriveDeps, 'folds'>, id: IncidentId): boolean {
  return folds.approvals.of(id).some((one) => isChanging(one));
}

/** After all was calm, an alert fires (again): whoever had stopped must look again. A re-opening wakes by itself. */
function isBack(incident: Incident, { alert, reason }: BodyOf<'alert.joined'>): boolean {
  if (reason === 'reopened') return false;
  const others = incident.alerts.filter((one) => one.fingerprint !== alert.fingerprint);
  return others.every((one) => one.cleared) && (others.length > 0 || reason === 'fired_again');
}

/** Nobody, neither agent nor person, is on it or is asked about it. */
export function isIdle(deps: DriveDeps, incident: Incident): boolean {
  const { resolved, escalated, takenBy, paused } = incident;
  if (resolved !== null || escalated !== null || takenBy !== null || paused !== null) return false;
  const working =
    deps.folds.sessions.incident(incident.id)?.runs.some((run) => run.settled === null) === true;
  const waiting = deps.folds.approvals
    .of(incident.id)
    .some((one) => one.state === 'pending' || one.state === 'approved');
  return !working && !waiting && !isUnderWay(deps, incident.id);
}

/** A plan that is not needed any more is over like one that was withdrawn; any other void one is for people. */
export function invalidatedAs(reason: string | null): ActionOutcome {
  return reason === 'recovered' || reason === 'alert_cleared' || reason === 'cause_refuted'
    ? 'withdrawn'
    : 'invalidated';
}

function isStep({ folds }: DriveDeps, id: IncidentId, call: string): boolean {
  return folds.approvals.of(id).some((one) => one.calls.some((made) => made.call === call && !made.undo));
}
