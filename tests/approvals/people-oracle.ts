import type { Role } from '#approvals/rights.ts';

/** Who may decide, and when it is enough: the design's words as tables, read from the top, the first fitting row decides. */

/** What a role lets a person do with a change. */
export const rights: Readonly<Record<Role, { readonly stops: boolean; readonly decides: boolean }>> = {
  viewer: { stops: false, decides: false },
  responder: { stops: true, decides: false },
  approver: { stops: true, decides: true },
  owner: { stops: true, decides: true },
  admin: { stops: true, decides: false },
};

/** A decision that somebody tries to take. */
export type Try = {
  readonly decision: 'approve' | 'deny' | 'revoke';
  /** Some role of theirs stops, some decides. */
  readonly stops: boolean;
  readonly decides: boolean;
  readonly state: 'pending' | 'approved';
  readonly sameCard: boolean;
  readonly late: boolean;
  readonly stopped: boolean;
  readonly saidYesBefore: boolean;
  readonly tier: 'R2' | 'R3';
  readonly isRequester: boolean;
  readonly typedAll: boolean;
  /** With this yes: two different people who did not ask for it, among them an owner of each target. */
  readonly twoWithOwners: boolean;
};

type Row = { readonly when: Partial<Try>; readonly answer: string };

export const decisionOracle: readonly Row[] = [
  { when: { decision: 'revoke', stops: false }, answer: 'refuse not_allowed' },
  { when: { decision: 'approve', decides: false }, answer: 'refuse not_allowed' },
  { when: { decision: 'deny', decides: false }, answer: 'refuse not_allowed' },
  { when: { sameCard: false }, answer: 'refuse other_plan' },
  { when: { decision: 'revoke', state: 'approved' }, answer: 'ends it' },
  { when: { decision: 'revoke' }, answer: 'refuse not_pending' },
  { when: { state: 'approved' }, answer: 'refuse not_pending' },
  { when: { late: true }, answer: 'refuse expired' },
  { when: { decision: 'deny' }, answer: 'ends it' },
  { when: { stopped: true }, answer: 'refuse stopped' },
  { when: { saidYesBefore: true }, answer: 'refuse already_decided' },
  { when: { tier: 'R3', isRequester: true }, answer: 'refuse requester' },
  { when: { tier: 'R3', typedAll: false }, answer: 'refuse target_not_typed' },
  { when: { isRequester: true, typedAll: false }, answer: 'refuse target_not_typed' },
  { when: { tier: 'R2' }, answer: 'enough' },
  { when: { twoWithOwners: true }, answer: 'enough' },
  { when: {}, answer: 'one more is needed' },
];

const columns = decisionOracle.map(({ when, answer }) => ({ when: Object.entries(when), answer }));

export function expectedDecision(attempt: Try): string {
  const cells: Readonly<Record<string, unknown>> = attempt;
  for (const { when, answer } of columns)
    if (when.every(([column, value]) => cells[column] === value)) return answer;
  throw new Error('no row of the table fits');
}
