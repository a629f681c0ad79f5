import { expect, test } from 'vitest';
import { planHash } from '#approvals/plan.ts';
import { PersonId } from '#core/ids.ts';
import { approvalCard } from '#views/approval-card.ts';
import {
  type ApprovalStanding,
  decisionLines,
  renderApprovalList,
  standingLine,
} from '#views/approval-standing.ts';
import { painter } from '#views/table.ts';
import { aPlan, T0 } from './a-plan.ts';

const plan = aPlan();
const bob = { by: PersonId.parse('bob'), at: T0 + 120_000, via: 'cli', roles: [] };
const asked = { id: 'A-3', wanted: 'approve', zone: 'UTC' } as const;

function standing(over: Partial<ApprovalStanding> = {}): ApprovalStanding {
  return {
    id: plan.approval,
    hash: planHash(plan),
    state: 'pending',
    reason: null,
    mode: 'act',
    requestedAt: T0,
    at: T0,
    decisions: [],
    ...over,
  };
}

test.each([
  [{}, 'A-3 waits for a decision'],
  [{ decisions: [bob] }, 'A-3 was approved by bob at 03:14; one more person is needed'],
  [{ state: 'verified', decisions: [bob] }, 'A-3 was approved by bob at 03:14; done and verified'],
  [{ state: 'rejected', reason: 'carol', at: T0 + 60_000 }, 'A-3 was denied by carol at 03:13'],
  [{ state: 'withdrawn', reason: 'alert_cleared' }, 'A-3: withdrawn (alert cleared)'],
  [
    { state: 'recorded', mode: 'propose' },
    'A-3 is recorded only (mode propose): nobody is asked; the card has the command to run by hand',
  ],
] satisfies [Partial<ApprovalStanding>, string][])('%j stands as: %s', (over, text) => {
  expect(standingLine(standing(over), 'UTC')).toBe(text);
});

test('a late yes is told who decided and that nothing was done', () => {
  const approval = standing({ state: 'approved', decisions: [bob] });
  expect(decisionLines({ kind: 'refused', reason: 'not_pending', approval }, asked)).toEqual([
    'A-3 was already approved by bob at 03:14. Nothing was done now.',
  ]);
});

test('a decision that counted says what comes next', () => {
  const decided = { kind: 'decided', approval: standing(), complete: true } as const;
  expect(decisionLines(decided, asked)).toEqual(['approved A-3; it starts now']);
  expect(decisionLines({ ...decided, complete: false }, asked)).toEqual([
    'your yes to A-3 counts; one more person is needed',
  ]);
  expect(decisionLines(decided, { ...asked, wanted: 'deny' })).toEqual(['denied A-3; nothing is done']);
});

test.each([
  'not_found',
  'other_plan',
  'not_allowed',
  'expired',
  'already_decided',
  'requester',
  'target_not_typed',
  'stopped',
] as const)('a refusal for %s says that nothing was done', (reason) => {
  const [line] = decisionLines({ kind: 'refused', reason, approval: standing() }, asked);
  expect(line).toMatch(/\. Nothing was done now\.$/);
  expect(line).not.toContain('_');
});

test('the list puts what waits first and says what silence means', () => {
  const card = approvalCard(plan, planHash(plan));
  const done = { approval: standing({ state: 'verified' }), card: { ...card, approval: 'A-2' } };
  const lines = renderApprovalList([done, { approval: standing(), card }], {
    now: T0,
    zone: 'UTC',
    paint: painter(false),
  });
  expect(lines[1]).toContain('pending');
  expect(lines.at(-1)).toBe('If nobody answers in time, nothing is done.');
});
