import type { Entry } from '#audit/log.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import { changeTools } from './policy-standing.ts';
import { type Holds, replayHolds } from './replay-holds.ts';
import { type PlanReplay, type PlanRule, replayPlan } from './replay-plan.ts';
import { type PolicyRule, replayPolicy } from './replay-policy.ts';
import { replaySteps, type StepReplay, type StepRule } from './replay-steps.ts';

/** What must hold of a log that only this program wrote; each is a reason why something happened that was not allowed. */
export type ReplayRule =
  | PlanRule
  | PolicyRule
  | StepRule
  | 'outcome_without_intent' // or a second outcome
  | 'call_repeated' // an intent whose number was given before
  | 'change_without_approval'
  | 'approval_repeated'
  | 'approval_over_or_unknown'
  | 'approval_of_another_incident'
  | 'claimed_while_stopped'
  | 'started_while_stopped'
  | 'claimed_while_held' // people had taken the incident over, or paused it
  | 'started_while_held';

export type ReplayProblem = { readonly entry: number; readonly rule: ReplayRule };

/** Checks entries in order; see `createReplay`. */
export type Replay = {
  apply(entry: Entry): void;
  /** The first ones found, in order. */
  problems(): readonly ReplayProblem[];
  /** What was looked at. `unread`: entries of a kind or form that this version does not know. */
  counts(): { readonly intents: number; readonly approvals: number; readonly unread: number };
};

const KEPT_PROBLEMS = 20;
const changes: ReadonlySet<string> = new Set(changeTools);

type OpenCall = { approval: string | null; step: number; undo: boolean };
type State = {
  frozen: boolean;
  off: boolean;
  holds: Holds;
  steps: StepReplay;
  /** Calls without an outcome, and the last number given, per incident. */
  open: Map<string, OpenCall>;
  numbers: Map<string, number>;
  plans: Map<string, PlanReplay>;
  lastApproval: number;
  acceptPolicy: ReturnType<typeof replayPolicy>;
};

/**
 * Replays a log for its meaning, after its bytes were verified: every outcome has exactly one earlier intent; every
 * change has a plan whose hash is right, that enough people approved in time, that was claimed once, step by step, while
 * nothing was stopped and no person kept agents out; an undo comes only after the change was found not to help; a silence was asked for
 * by a person, a cordon named by a diagnosis, and nobody but a person said what became of an operator's command; who may
 * change what got wider by an owner only. Pure; memory for what is open only.
 */
export function createReplay(): Replay {
  const state: State = {
    frozen: false,
    off: false,
    holds: replayHolds(),
    steps: replaySteps(),
    open: new Map(),
    numbers: new Map(),
    plans: new Map(),
    lastApproval: 0,
    acceptPolicy: replayPolicy(),
  };
  const problems: ReplayProblem[] = [];
  const counts = { intents: 0, approvals: 0, unread: 0 };
  return {
    apply: (entry) => {
      const fact = readFact(entry);
      if (fact === undefined) {
        counts.unread += 1;
        return;
      }
      if (fact.kind === 'tool.intended') counts.intents += 1;
      if (fact.kind === 'approval.requested') counts.approvals += 1;
      state.holds.apply(fact);
      const ofStep = state.steps.apply(fact);
      const rule = step(state, fact) ?? ofStep;
      if (rule !== undefined && problems.length < KEPT_PROBLEMS) problems.push({ entry: entry.seq, rule });
    },
    problems: () => problems,
    counts: () => counts,
  };
}

function step(state: State, fact: Fact): ReplayRule | undefined {
  switch (fact.kind) {
    case 'freeze.set':
      state.frozen = fact.body.on;
      return undefined;
    case 'off.set':
      state.off = fact.body.on;
      return undefined;
    case 'policy.accepted':
      return state.acceptPolicy(fact);
    case 'tool.intended':
      return intend(state, fact.entry, fact.body);
    case 'tool.finished':
      return finish(state, fact.entry, fact.body);
    case 'approval.requested':
      return request(state, fact.body);
    case 'approval.approved':
      return withPlan(state, fact, (plan) => plan.approve(fact.entry, fact.body));
    case 'approval.claimed':
      return withPlan(state, fact, (plan) => {
        const rule = plan.claim(fact.entry, fact.body);
        if (rule !== undefined) return rule;
        if (state.holds.isHeld(fact.entry.incidentId)) return 'claimed_while_held';
        return state.off || state.frozen ? 'claimed_while_stopped' : undefined;
      });
    default:
      return moveOn(state, fact);
  }
}

/** Facts that cannot be wrong by themselves: they end a plan, or say how it went. */
function moveOn(state: State, fact: Fact): undefined {
  if (!('approval' in fact.body) || typeof fact.body.approval !== 'string') return;
  const plan = state.plans.get(fact.body.approval);
  if (plan === undefined) return;
  switch (fact.kind) {
    case 'approval.rejected':
    case 'approval.expired':
    case 'approval.withdrawn':
    case 'approval.superseded':
    case 'approval.revoked':
    case 'approval.invalidated':
    case 'action.quarantined':
      plan.end();
      break;
    case 'action.reconciled': {
      const outcome = fact.body.effect === 'happened' ? 'ok' : 'failed';
      plan.finish(fact.body.step, { undo: false, outcome });
      break;
    }
    case 'action.unverified':
      plan.unverified();
      break;
    case 'action.verified':
    case 'action.in_effect':
    case 'action.undone':
    case 'action.released':
      state.plans.delete(fact.body.approval);
      return;
    default:
      return;
  }
  if (plan.isForgotten()) state.plans.delete(fact.body.approval);
}

function request(state: State, body: BodyOf<'approval.requested'>): ReplayRule | undefined {
  const number = Number(body.approval.slice(2));
  if (number <= state.lastApproval) return 'approval_repeated';
  state.lastApproval = number;
  const plan = replayPlan(body);
  if (typeof plan === 'string') return plan;
  if (plan !== undefined && !plan.isForgotten()) state.plans.set(body.approval, plan);
  return undefined;
}

function withPlan(
  state: State,
  { entry, body }: { entry: Entry; body: { approval: string } },
  check: (plan: PlanReplay) => ReplayRule | undefined,
): ReplayRule | undefined {
  const plan = state.plans.get(body.approval);
  if (plan === undefined) return 'approval_over_or_unknown';
  return entry.incidentId === plan.incident ? check(plan) : 'approval_of_another_incident';
}

function intend(state: State, entry: Entry, body: BodyOf<'tool.intended'>): ReplayRule | undefined {
  const incident = entry.incidentId ?? '';
  const number = Number(body.call.slice(1));
  if (number <= (state.numbers.get(incident) ?? 0)) return 'call_repeated';
  state.numbers.set(incident, number);
  const { approval, step: at } = body;
  const undo = body.phase === 'undo';
  state.open.set(`${incident} ${body.call}`, { approval, step: at ?? 0, undo });
  if (body.phase !== 'run' && !undo) return undefined;
  const isChange = body.tier === 'R2' || body.tier === 'R3' || changes.has(body.tool);
  if (approval === null) return isChange ? 'change_without_approval' : undefined;
  return withPlan(state, { entry, body: { approval } }, (plan) => {
    const rule = undo ? plan.undo(body) : plan.start(entry, body);
    if (rule !== undefined) return rule;
    if (!undo && state.holds.isHeld(entry.incidentId)) return 'started_while_held';
    return state.off || (state.frozen && !undo) ? 'started_while_stopped' : undefined;
  });
}

function finish(state: State, entry: Entry, body: BodyOf<'tool.finished'>): ReplayRule | undefined {
  const key = `${entry.incidentId ?? ''} ${body.call}`;
  const call = state.open.get(key);
  if (call === undefined || !state.open.delete(key)) return 'outcome_without_intent';
  if (call.approval === null) return undefined;
  const plan = state.plans.get(call.approval);
  const outcome = body.outcome === 'ok' || body.outcome === 'unknown' ? body.outcome : 'failed';
  plan?.finish(call.step, { undo: call.undo, outcome });
  if (plan?.isForgotten()) state.plans.delete(call.approval);
  return undefined;
}
