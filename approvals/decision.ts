import type { Approval } from './approval.ts';
import { may, type Person, suffice } from './people.ts';
import { ownersOf, targetsOf } from './plan-targets.ts';
import type { View } from './view.ts';

/** What a person says to a plan. */
export type Said = {
  /** The hash of what the person saw; another one means that they decided on something else. */
  readonly hash: string;
  readonly decision: 'approve' | 'deny' | 'revoke';
  readonly person: Person;
  /** The targets' names, typed by the person, where that is asked for. */
  readonly typed: string | null;
};
export type DecisionRefusal =
  | 'not_found'
  | 'not_pending'
  | 'other_plan'
  | 'not_allowed'
  | 'expired'
  | 'already_decided'
  | 'requester'
  | 'target_not_typed'
  | 'stopped';
export type DecisionMove =
  | { readonly kind: 'go'; readonly complete: boolean }
  | { readonly kind: 'refuse'; readonly reason: DecisionRefusal };

/** Whether a person's decision counts now, and whether with it enough different people agree. Pure. */
export function decisionMove(view: View, approval: Approval, said: Said): DecisionMove {
  const reason = refusalOf(view, approval, said);
  if (reason !== undefined) return { kind: 'refuse', reason };
  return { kind: 'go', complete: said.decision !== 'approve' || isComplete(view, approval, said.person) };
}

function refusalOf(view: View, approval: Approval, said: Said): DecisionRefusal | undefined {
  const { person, decision } = said;
  if (!may(person, decision === 'revoke' ? 'stop' : 'decide')) return 'not_allowed';
  if (said.hash !== approval.hash) return 'other_plan';
  if (decision === 'revoke') return approval.state === 'approved' ? undefined : 'not_pending';
  if (approval.state !== 'pending') return 'not_pending';
  if (view.now >= approval.plan.expiresAt) return 'expired';
  return decision === 'deny' ? undefined : refusedYes(view, approval, said);
}

function refusedYes(view: View, { plan, decisions }: Approval, said: Said): DecisionRefusal | undefined {
  if (view.flags.off || view.flags.frozen) return 'stopped';
  if (decisions.some((one) => one.by === said.person.id)) return 'already_decided';
  const asked = plan.requestedBy.includes(said.person.id);
  if (asked && plan.tier === 'R3') return 'requester';
  return (asked || plan.tier === 'R3') && !isTyped(said.typed, targetsOf(plan))
    ? 'target_not_typed'
    : undefined;
}

/** Every target, in any order, with commas or spaces between them. */
function isTyped(typed: string | null, targets: readonly string[]): boolean {
  const words = (typed ?? '').split(/[\s,]+/).filter((word) => word !== '');
  return words.toSorted().join(' ') === targets.toSorted().join(' ');
}

function isComplete(view: View, { plan, decisions }: Approval, person: Person): boolean {
  const voters = [...decisions.flatMap((one) => view.people.get(one.by) ?? []), person];
  const { tier, requestedBy } = plan;
  return suffice(voters, { tier, requestedBy, owners: ownersOf(view.inventory, plan) });
}
