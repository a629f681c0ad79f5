import { type Approval, isExpired, needsReminder } from '#approvals/approval.ts';
import { expireDue, remindDue, withdraw } from '#approvals/end.ts';
import type { Incident } from '#incidents/incident.ts';
import { DeploymentsSeen, SignalSeen } from '#incidents/observations.ts';
import { targetNow } from '#tools/recheck.ts';
import { watch } from '#tools/watch-change.ts';
import { type DriveDeps, isIdle, isUnderWay } from './drive.ts';
import { ownChange } from './own-change.ts';
import { refute, restsOnRefuted } from './refute.ts';

/** How often the target of a pending plan is looked at, to see whether somebody changed it by hand. */
const DRIFT_EVERY_MS = 5_000;
/** A cleared incident whose signal is not back in its band after this goes to people. */
const CLEARED_MS = 120_000;
/** It is then looked at more rarely, so that one which never comes back does not fill the log. */
const RARELY_MS = 5 * 60_000;

/** A page that was accepted is always answered: an incident that nobody works on goes to people after this. */
const FORSAKEN_MS = 60_000;

type Due = { at: number; inBand: number; since: number };

/**
 * Fires what the folds say is due: expiry, the next verification sample, a look at a pending plan's target, the calm
 * after the alert cleared. `tick` is cheap and safe to call often; only the pace of sampling is held here, so a restart
 * loses nothing but that.
 */
export function createDeadlines(deps: DriveDeps): { tick(): void } {
  const due = new Map<string, Due>();
  const busy = new Set<string>();
  const every = (key: string, ms: number, work: (state: Due) => Promise<void>) => {
    const now = deps.carry.gate.clock.now();
    const state = due.get(key) ?? { at: now + ms, inBand: 0, since: now };
    due.set(key, state);
    if (now < state.at || busy.has(key)) return;
    state.at = now + ms;
    busy.add(key);
    deps.jobs.run(key, () => work(state).finally(() => busy.delete(key)));
  };
  return {
    tick: () => {
      const live = new Set<string>();
      const keep: Every = (key, ms, work) => {
        live.add(key);
        every(key, ms, work);
      };
      tickApprovals(deps, keep);
      tickIncidents(deps, keep);
      for (const key of due.keys()) if (!live.has(key)) due.delete(key);
    },
  };
}

type Every = (key: string, ms: number, work: (state: Due) => Promise<void>) => void;

function tickApprovals(deps: DriveDeps, every: Every): void {
  const { folds, carry } = deps;
  const { gate } = carry;
  const now = gate.clock.now();
  const all = folds.approvals.all();
  if (all.some((one) => isExpired(one, now))) every('expire', 0, async () => void (await expireDue(gate)));
  if (all.some((one) => needsReminder(one, now)))
    every('remind', 0, async () => void (await remindDue(gate)));
  for (const approval of all) {
    const key = `${approval.state} ${approval.id}`;
    if (approval.state === 'succeeded' || approval.state === 'halted')
      every(key, approval.plan.verification.everyMs, () => watch(carry, approval));
    else if (approval.state === 'pending')
      every(key, DRIFT_EVERY_MS, () => withdrawIfChanged(deps, approval));
  }
}

function tickIncidents(deps: DriveDeps, every: Every): void {
  const { everyMs } = deps.carry.gate.timing.verify;
  for (const incident of deps.folds.incidents.current()) {
    if (isForsaken(deps, incident))
      every(`forsaken ${incident.id}`, FORSAKEN_MS, () => callPeople(deps, incident));
    if (isCalm(deps, incident))
      every(`calm ${incident.id}`, everyMs, (state) => settleCleared(deps, incident, state));
  }
}

/** All its alerts have cleared, and no change of ours is being judged. */
function isCalm(deps: DriveDeps, incident: Incident): boolean {
  return (
    incident.resolved === null &&
    incident.alerts.every((alert) => alert.cleared) &&
    !isUnderWay(deps, incident.id)
  );
}

/** An alert fires and nobody is on it, neither agent nor person, whatever the reason. */
function isForsaken(deps: DriveDeps, incident: Incident): boolean {
  return isIdle(deps, incident) && incident.alerts.some((alert) => !alert.cleared);
}

async function callPeople(deps: DriveDeps, incident: Incident): Promise<void> {
  if (!isForsaken(deps, incident)) return;
  const args = { reason: 'agent_failed', missing: ['somebody at work on it'] };
  await deps.carry.invoke.one({ kind: 'system', incident: incident.id }, 'incident_escalate', args);
}

async function withdrawIfChanged(deps: DriveDeps, approval: Approval): Promise<void> {
  // Where a process died between the verdict and this.
  if (restsOnRefuted(deps, approval.plan.incident)) return refute(deps, approval.plan.incident);
  for (const { target } of approval.plan.steps) {
    const now = await targetNow(deps.carry.invoke, approval.plan.incident, target.ref);
    if (now === null || isAs(target, now)) continue;
    const own = ownChange(deps.folds.approvals.all(), { ref: target.ref, ...now });
    const why = own === undefined ? { reason: 'changed_outside' } : { reason: 'done_by', by: own.id };
    await withdraw(deps.carry.gate, approval.plan.incident, why);
    return;
  }
}

type Pinned = { uid: string; generation: number };

/** Firebreak itself made it what it is, perhaps for another incident. */
function isOurs({ folds }: DriveDeps, ref: string, now: Pinned): boolean {
  return ownChange(folds.approvals.all(), { ref, ...now }) !== undefined;
}

function isAs(one: Pinned, other: Pinned): boolean {
  return one.uid === other.uid && one.generation === other.generation;
}

/** After the alert cleared: resolved once the signal stayed in its band, saying whether somebody repaired it by hand. */
async function settleCleared(deps: DriveDeps, incident: Incident, state: Due): Promise<void> {
  const signal = incident.monitor?.signal ?? null;
  const { invoke, gate } = deps.carry;
  const caller = { kind: 'system', incident: incident.id } as const;
  if (signal !== null) {
    const args = { service: `service:${signal.service}`, signal: signal.name, at: incident.openedAt };
    const result = await invoke.one(caller, 'metrics_query', args);
    const seen = result.outcome.kind === 'ok' ? SignalSeen.safeParse(result.outcome.value) : undefined;
    const now = seen?.success ? seen.data.now : null;
    const inBand = now !== null && now >= Number(signal.low) && now <= Number(signal.high);
    state.inBand = inBand ? state.inBand + 1 : 0;
    if (state.inBand < gate.timing.verify.samples) {
      if (!inBand && gate.clock.now() - state.since > CLEARED_MS) await leaveToPeople(deps, incident, state);
      return;
    }
  }
  if (!isCalm(deps, incident)) return;
  const resolution =
    incident.takenBy !== null || (await changedByHand(deps, incident)) ? 'by_hand' : 'recovered';
  await invoke.one(caller, 'incident_resolve', { resolution });
}

async function leaveToPeople(
  { carry: { invoke, gate } }: DriveDeps,
  incident: Incident,
  state: Due,
): Promise<void> {
  state.at = gate.clock.now() + RARELY_MS;
  if (incident.escalated !== null) return;
  const args = { reason: 'inconclusive', missing: ['signal in its band'] };
  await invoke.one({ kind: 'system', incident: incident.id }, 'incident_escalate', args);
}

/** Whether a target of a withdrawn plan, or the alerting service, was changed by somebody else since the incident opened. */
async function changedByHand(deps: DriveDeps, incident: Incident): Promise<boolean> {
  for (const approval of deps.folds.approvals.of(incident.id)) {
    for (const { target } of approval.plan.steps) {
      const now = await targetNow(deps.carry.invoke, incident.id, target.ref);
      if (now !== null && !isAs(target, now) && !isOurs(deps, target.ref, now)) return true;
    }
  }
  if (incident.service === null) return false;
  const service = `service:${incident.service}`;
  if (!(await deployedSince(deps, incident, service))) return false;
  const now = await targetNow(deps.carry.invoke, incident.id, service);
  return now === null || !isOurs(deps, service, now);
}

async function deployedSince(deps: DriveDeps, { id, openedAt }: Incident, service: string): Promise<boolean> {
  const result = await deps.carry.invoke.one({ kind: 'system', incident: id }, 'deployments_list', {
    service,
  });
  const seen = result.outcome.kind === 'ok' ? DeploymentsSeen.safeParse(result.outcome.value) : undefined;
  return seen?.success === true && (seen.data.deployments[0]?.at ?? 0) > openedAt;
}
