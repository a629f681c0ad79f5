import type { ApprovalState } from '#approvals/approval.ts';
import { planHash } from '#approvals/plan.ts';
import { ApprovalId } from '#core/ids.ts';
import { type ApprovalDrawn, approvalMessage } from '#slack/cards/approval.ts';
import { approvalCard } from '#views/approval-card.ts';
import type { ApprovalStanding } from '#views/approval-standing.ts';
import { aPlan, T0 } from '../../views/a-plan.ts';

const drawn: ApprovalDrawn = {
  zone: 'UTC',
  reminded: false,
  seq: 58,
  canAskAgain: true,
  mentions: [],
  warnings: [],
};

function standing(state: ApprovalState, over: Partial<ApprovalStanding> = {}): ApprovalStanding {
  const hash = planHash(aPlan());
  return {
    ...{ id: ApprovalId.parse('A-3'), hash, state, reason: null, mode: 'act' as const },
    ...{ requestedAt: T0 + 20_000, at: T0 + 120_000, decisions: [] },
    ...over,
  };
}

/** The card of a plan in a state, as it is posted. */
export function draw(
  state: ApprovalState,
  {
    plan = aPlan(),
    over = {},
    facts = {},
  }: {
    plan?: ReturnType<typeof aPlan>;
    over?: Partial<ApprovalStanding>;
    facts?: Partial<ApprovalDrawn>;
  } = {},
) {
  const card = approvalCard(plan, planHash(plan));
  return approvalMessage(card, standing(state, over), { ...drawn, ...facts });
}
