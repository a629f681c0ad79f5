import type { EntryDraft } from '#audit/log.ts';
import { ApprovalId } from '#core/ids.ts';
import type { AgentCaller } from '#incidents/caller.ts';
import { approvalStream, countStream, fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import { causeOf, type Incident } from '#incidents/incident.ts';
import type { GateDeps } from './gate-deps.ts';
import { type Plan, planHash, type Step, type Verification } from './plan.ts';
import { type Asked, type ProposeRefusal, proposable, supersededBy, tierOf } from './proposal.ts';
import { isRefuted } from './refuted.ts';
import { requestersOf } from './requesters.ts';
import { viewOf } from './view.ts';

export type Proposed =
  | { kind: 'requested'; approval: ApprovalId; pending: boolean }
  | { kind: 'refused'; reason: ProposeRefusal };
export type ProposeRequest = { readonly caller: AgentCaller; readonly steps: readonly Step[] };

/** Puts one plan before people, or records it where the mode is not `act`; every refusal has a reason. */
export async function propose(deps: GateDeps, request: ProposeRequest): Promise<Proposed> {
  const { signal, budget } = request.caller;
  for (;;) {
    // Whoever was stopped meanwhile puts nothing before people.
    if (signal.aborted || deps.clock.now() >= budget.deadline)
      return { kind: 'refused', reason: 'run_ended' };
    const incident = deps.incidents.get(request.caller.incident);
    if (incident === undefined) return { kind: 'refused', reason: 'incident_closed' };
    const about = aboutOf(incident, request.steps);
    const move = proposable(viewOf(deps), incident, { steps: request.steps, cause: about.cause });
    if (move.kind === 'refuse') return { kind: 'refused', reason: move.reason };
    const plan = planOf(deps, incident, { ...request, about });
    if (plan === undefined) return { kind: 'refused', reason: 'no_verification' };
    if (isRefuted(incident, plan)) return { kind: 'refused', reason: 'cause_refuted' };
    const expect = {
      [countStream('approval')]: deps.log.version(countStream('approval')),
      [incidentStream(incident.id)]: deps.log.version(incidentStream(incident.id)),
    };
    const appended = await deps.log.append(draftsOf(deps, incident, { plan, verdict: move.verdict }), {
      expect,
    });
    if (appended.kind === 'appended')
      return { kind: 'requested', approval: plan.approval, pending: move.verdict.kind === 'ask' };
  }
}

type About = Pick<Plan, 'cause' | 'confidence' | 'evidence'>;

/** The card must not lend the diagnosed cause to a service that it does not speak of. */
function aboutOf(incident: Incident, steps: readonly Step[]): About {
  const first = steps[0]?.target.service;
  const known = incident.diagnosis?.hypotheses.find(({ service }) => service === first);
  return {
    cause: known?.cause ?? 'unknown',
    confidence: known?.confidence ?? 0,
    evidence: [...(known?.for ?? [])],
  };
}

/** Undefined when no signal is known that could tell whether the plan helped. */
function planOf(
  deps: GateDeps,
  incident: Incident,
  { caller, steps, about }: ProposeRequest & { about: About },
): Plan | undefined {
  const first = steps[0];
  const verification = first && verificationOf(deps, incident, first);
  if (verification === undefined || first === undefined) return undefined;
  // Without a cause only what a person asked for is put before people.
  if (causeOf(incident) === null && !steps.every((step) => requestersOf(incident, [step]).length > 0))
    return undefined;
  const now = deps.clock.now();
  return {
    v: 1,
    approval: ApprovalId.parse(`A-${deps.approvals.requested + 1}`),
    incident: incident.id,
    session: caller.session,
    run: caller.run,
    requestedBy: requestersOf(incident, steps),
    service: first.target.service,
    environment: first.target.environment,
    ...about,
    tier: tierOf(steps),
    steps: [...steps],
    verification,
    policyVersion: deps.policy.version,
    inventoryVersion: deps.inventory.version,
    createdAt: now,
    expiresAt: now + deps.timing.approvalMs,
    nonce: deps.random.bytes(16).toString('hex'),
  };
}

/** By what it is judged; a silence brings no signal back. */
function verificationOf(
  { timing: { verify } }: GateDeps,
  { monitor }: Incident,
  { tool, change }: Step,
): Verification | undefined {
  const { everyMs, windowMs } = verify;
  if (tool === 'alert_silence') return { inEffect: change.target, everyMs, windowMs };
  if (monitor?.signal == null) return undefined;
  const { service, name, low, high } = monitor.signal;
  return { service, signal: name, low, high, ...verify };
}

function draftsOf(
  deps: GateDeps,
  incident: Incident,
  { plan, verdict }: { plan: Plan; verdict: Asked },
): EntryDraft[] {
  const context = { actor: SYSTEM, traceId: plan.run, incident: plan.incident, session: plan.session };
  const hash = planHash(plan);
  const mode = verdict.kind === 'ask' ? 'act' : verdict.mode;
  const requested = fact(
    'approval.requested',
    { approval: plan.approval, hash, cardDigest: deps.cardDigest(plan, hash), mode, plan },
    {
      ...context,
      streams: [countStream('approval'), incidentStream(plan.incident), approvalStream(plan.approval)],
    },
  );
  const superseded = supersededBy(viewOf(deps), incident, plan.steps).map((old) =>
    fact(
      'approval.superseded',
      { approval: old.id, by: plan.approval },
      { ...context, streams: [approvalStream(old.id)] },
    ),
  );
  return [...superseded, requested];
}
