import { z } from 'zod';
import type { Entry } from '#audit/log.ts';
import { canonical, type JsonValue } from '#core/canonical.ts';
import { taggedHash } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { BodyOf } from '#incidents/entry.ts';
import { Tier } from '#incidents/vocabulary.ts';

/** What must hold of entries about one plan; the first one broken is named. */
export type PlanRule =
  | 'tier_too_low' // a plan that asks for fewer people than its steps do
  | 'hash_of_another_plan' // the hash is not that of the plan, or what was approved, or the arguments, is not it
  | 'not_decided_by_a_person'
  | 'decided_when_not_pending'
  | 'decided_after_expiry'
  | 'decided_twice_by_one'
  | 'too_few_approvers'
  | 'claimed_without_approval' // or not once: a claim is used up by its step
  | 'claimed_after_expiry'
  | 'step_out_of_order'
  | 'started_without_claim'
  | 'started_after_expiry'
  | 'other_change_than_approved'
  | 'undo_before_unverified'
  | 'undo_of_nothing';

const CommandShape = z.looseObject({ argv: z.json(), program: z.json(), env: z.json() });

/** The part of a plan that decides who may do what; the hash is over all of it. */
const PlanShape = z.looseObject({
  incident: z.string(),
  tier: Tier,
  requestedBy: z.array(z.string()),
  expiresAt: z.int(),
  steps: z.array(
    z.looseObject({
      tool: z.string(),
      tier: Tier,
      change: z.looseObject({}),
      preview: z.looseObject({
        after: z.looseObject({ version: z.string() }).exactOptional(),
        ...CommandShape.partial().shape,
        back: CommandShape.nullable().exactOptional(),
      }),
      undo: z.looseObject({ tool: z.string() }).nullable(),
      target: z.looseObject({ ref: z.string() }),
    }),
  ),
});

/**
 * A plan as entries tell of it, for checking and for nothing else (the gate has its own state, on purpose).
 * pending -> approved (enough people) -> claimed -> started -> approved (a step is left) or over. Anything that ends a
 * plan, and the outcome of its last step, make it over: no step runs any more. What ran may be undone once it is
 * unverified. It can be forgotten when nothing that ran stands, or it was verified, undone or released.
 */
export type PlanReplay = {
  readonly incident: string;
  /** Each takes one entry and gives the rule that it breaks. */
  approve(entry: Entry, body: BodyOf<'approval.approved'>): PlanRule | undefined;
  claim(entry: Entry, body: BodyOf<'approval.claimed'>): PlanRule | undefined;
  start(entry: Entry, body: BodyOf<'tool.intended'>): PlanRule | undefined;
  undo(body: BodyOf<'tool.intended'>): PlanRule | undefined;
  /** The outcome of a step that was started, or of its undo. */
  finish(step: number, how: { undo: boolean; outcome: 'ok' | 'failed' | 'unknown' }): void;
  end(): void;
  unverified(): void;
  isForgotten(): boolean;
};

/** Entries are timed when they are written, a moment after what they tell was decided. */
const SLACK_MS = 1000;

/** A plan from its request on; or the rule that the request breaks; undefined for a plan of a shape not known here. */
export function replayPlan(body: BodyOf<'approval.requested'>): PlanReplay | PlanRule | undefined {
  if (taggedHash('firebreak/plan/v1', body.plan) !== body.hash) return 'hash_of_another_plan';
  const parsed = PlanShape.safeParse(body.plan);
  if (!parsed.success) return undefined;
  return isTooLow(parsed.data) ? 'tier_too_low' : replayOf(parsed.data, body);
}

type Shape = z.infer<typeof PlanShape>;

function replayOf(plan: Shape, requested: BodyOf<'approval.requested'>): PlanReplay {
  const voters = new Map<string, readonly string[]>();
  /** Steps that ran, or may have, and were not taken back. */
  const standing: number[] = [];
  let state: 'pending' | 'approved' | 'claimed' | 'started' | 'over' =
    requested.mode === 'act' ? 'pending' : 'over';
  let [next, mayUndo] = [0, false];
  const isLate = ({ ts }: Entry): boolean => ts > plan.expiresAt + SLACK_MS;
  return {
    incident: plan.incident,
    approve: (entry, body) => {
      if (body.hash !== requested.hash || body.cardDigest !== requested.cardDigest)
        return 'hash_of_another_plan';
      if (entry.actor.kind !== 'person' || entry.actor.id !== body.by) return 'not_decided_by_a_person';
      if (state !== 'pending') return 'decided_when_not_pending';
      if (isLate(entry)) return 'decided_after_expiry';
      if (voters.has(body.by)) return 'decided_twice_by_one';
      voters.set(body.by, body.roles);
      if (!body.complete) return undefined;
      state = 'approved';
      return suffice(voters, plan) ? undefined : 'too_few_approvers';
    },
    claim: (entry, body) => {
      if (state !== 'approved') return 'claimed_without_approval';
      if (isLate(entry)) return 'claimed_after_expiry';
      if (body.step !== next) return 'step_out_of_order';
      state = 'claimed';
      return undefined;
    },
    start: (entry, { step, tool, tier, args, argsHash }) => {
      if (state !== 'claimed' || step !== next) return 'started_without_claim';
      state = 'started';
      standing.push(step);
      if (isLate(entry)) return 'started_after_expiry';
      const approved = plan.steps[step];
      if (approved === undefined) return 'other_change_than_approved';
      if (taggedHash('firebreak/args/v1', args) !== argsHash) return 'hash_of_another_plan';
      const isSame =
        tool === approved.tool && tier === approved.tier && sameJson(args, exactChange(approved));
      return isSame ? undefined : 'other_change_than_approved';
    },
    undo: ({ step, tool, args }) => {
      if (!mayUndo) return 'undo_before_unverified';
      const last = standing.pop();
      if (last === undefined || step !== last) return 'undo_of_nothing';
      const taken = plan.steps[last];
      const isSame = taken !== undefined && tool === taken.undo?.tool && sameJson(args, exactUndo(taken));
      return isSame ? undefined : 'other_change_than_approved';
    },
    finish: (step, { undo, outcome }) => {
      if (undo || step !== next || state !== 'started') return;
      if (outcome === 'unknown') return;
      if (outcome === 'failed') standing.pop();
      next += 1;
      state = outcome === 'ok' && next < plan.steps.length ? 'approved' : 'over';
    },
    end: () => {
      state = 'over';
    },
    unverified: () => {
      mayUndo = true;
    },
    isForgotten: () => state === 'over' && standing.length === 0,
  };
}

/** As the entries tell who they were then: one approver; for a wide change two who did not ask for it, one an owner. */
function suffice(voters: ReadonlyMap<string, readonly string[]>, { tier, requestedBy }: Shape): boolean {
  const approvers = [...voters].filter(([, roles]) => roles.includes('approver') || roles.includes('owner'));
  if (tier !== 'R3') return approvers.length >= 1 && approvers.length === voters.size;
  const others = approvers.filter(([by]) => !requestedBy.includes(by));
  return others.length >= 2 && others.some(([, roles]) => roles.includes('owner'));
}

/** Several targets, or a step that is wide by itself, make a plan wide. */
function isTooLow({ tier, steps }: Shape): boolean {
  const isWide =
    new Set(steps.map(({ target }) => target.ref)).size > 1 || steps.some((step) => step.tier === 'R3');
  return isWide && tier !== 'R3';
}

/** A rollback is to the version that the preview showed, and an action runs the command there: no place, no name. */
function exactChange({ tool, change, preview }: Shape['steps'][number]): object {
  const { to: _, ...rest } = change;
  if (tool === 'operator_action') return { ...rest, command: commandOf(preview) };
  return tool === 'service_rollback' ? { ...rest, version: preview.after?.version } : change;
}

function exactUndo({ tool, undo, target, preview: { back } }: Shape['steps'][number]): object {
  const command = tool === 'operator_action' && back != null ? { command: commandOf(back) } : {};
  return { target: target.ref, ...undo, ...command };
}

type CommandLike = {
  argv?: JsonValue | undefined;
  program?: JsonValue | undefined;
  env?: JsonValue | undefined;
};

function commandOf({ argv, program, env }: CommandLike): Digest {
  return taggedHash('firebreak/command/v1', {
    argv: argv ?? null,
    program: program ?? null,
    env: env ?? null,
  });
}

/** Both came out of entries, so both can be written canonically. */
function sameJson(one: object, other: object): boolean {
  return canonical(Json.parse(one)) === canonical(Json.parse(other));
}

const Json = z.record(z.string(), z.json());
