import type { Approval, Decision } from '#approvals/approval.ts';
import type { decisionMove } from '#approvals/decision.ts';
import type { Person, suffice } from '#approvals/people.ts';
import type { Plan } from '#approvals/plan.ts';
import { type Role, roles } from '#approvals/rights.ts';
import type { View } from '#approvals/view.ts';
import { PersonId, ServiceId } from '#core/ids.ts';
import { aPerson, aStep } from './a-gate.ts';
import { expectedDecision, rights } from './people-oracle.ts';

/** `undefined` when nothing was answered wrong. */
export type Found = { readonly cells: number; readonly wrong: string | undefined };

const ann = PersonId.parse('ann');
const sam = PersonId.parse('sam');
const PAYMENTS = ServiceId.parse('payments');
const OWNERS: Readonly<Record<string, string>> = { checkout: 'team-shop', payments: 'team-pay' };
const other = aStep({ target: { ...aStep().target, ref: 'service:payments', service: PAYMENTS } });
const flagSets = ['none', 'off', 'frozen'] as const;

/** Every set of roles with every set of teams. */
const persons: readonly Person[] = Array.from({ length: 2 ** roles.length }, (_, bits) =>
  roles.filter((_role, at) => (bits >> at) % 2 === 1),
).flatMap((held) =>
  [[], ['team-shop'], ['team-pay'], ['team-shop', 'team-pay']].map((teams) => aPerson('sam', held, teams)),
);

/** What is asked about: the plan, who asked for it, and who said yes before. */
const plans = [
  { tier: 'R2', steps: [aStep()] },
  { tier: 'R3', steps: [aStep()] },
  { tier: 'R3', steps: [aStep(), other] },
] as const;
const zoe = PersonId.parse('zoe');
const requesters: readonly (readonly PersonId[])[] = [[], [sam], [ann], [zoe], [ann, sam], [sam, zoe]];
const earlier: readonly (readonly Person[])[] = [
  [],
  [aPerson('ann', ['approver'])],
  [aPerson('ann', ['viewer'])],
  [aPerson('ann', ['owner'], ['team-shop'])],
  [aPerson('ann', ['approver']), aPerson('olga', ['owner'], ['team-pay'])],
  [aPerson('sam', ['approver'])],
];
const typings = [null, ' checkout,', 'payments, checkout', 'nothing'];

export type Decide = typeof decisionMove;

/** Every decision there is by every kind of person; stops at the first that is answered otherwise than the table says. */
export function enumerateDecisions(decide: Decide, limit = Number.POSITIVE_INFINITY): Found {
  const all = situations();
  let cells = 0;
  for (let at = 0; at < all.length && cells < limit; at += 1) {
    const situation = all[(at * STRIDE) % all.length];
    if (situation === undefined) throw new Error('no such situation');
    for (const person of persons) {
      cells += 1;
      const { should, said } = ask(decide, situation, person);
      if (should !== said)
        return { cells, wrong: `${tell(situation, person)}: said ${said}, expected ${should}` };
    }
  }
  return { cells, wrong: undefined };
}

/** No divisor of the number of situations. */
const STRIDE = 1009;

type Situation = {
  readonly plan: (typeof plans)[number];
  readonly requestedBy: readonly PersonId[];
  readonly before: readonly Person[];
  readonly typed: string | null;
  readonly flags: (typeof flagSets)[number];
  readonly state: 'pending' | 'approved';
  readonly late: boolean;
  readonly hash: 'same' | 'other';
  readonly decision: 'approve' | 'deny' | 'revoke';
};

function situations(): readonly Situation[] {
  const people = plans.flatMap((plan) =>
    requesters.flatMap((requestedBy) => earlier.map((before) => ({ plan, requestedBy, before }))),
  );
  const moments = flagSets.flatMap((flags) =>
    (['pending', 'approved'] as const).flatMap((state) =>
      [false, true].map((late) => ({ flags, state, late })),
    ),
  );
  const words = typings.flatMap((typed) =>
    (['same', 'other'] as const).flatMap((hash) =>
      (['approve', 'deny', 'revoke'] as const).map((decision) => ({ typed, hash, decision })),
    ),
  );
  return people.flatMap((one) =>
    moments.flatMap((moment) => words.map((word) => ({ ...one, ...moment, ...word }))),
  );
}

function ask(decide: Decide, situation: Situation, person: Person) {
  const { plan, requestedBy, before, typed, decision, hash, state } = situation;
  const decisions: Decision[] = before.map(({ id }) => ({ by: id, at: 0, via: 'cli', roles: [] }));
  const held = {
    plan: { ...plan, requestedBy, expiresAt: 100 } as unknown as Plan,
    hash: 'same',
    state,
    decisions,
  } as unknown as Approval;
  const people = new Map([...before, person].map((one) => [one.id, one]));
  const said = sayOf(decide(viewOf(situation, people), held, { hash, decision, person, typed }), decision);
  return { said, should: expectedDecision(attemptOf(situation, person)) };
}

function sayOf(move: ReturnType<Decide>, decision: Situation['decision']): string {
  if (move.kind === 'refuse') return `refuse ${move.reason}`;
  if (move.kind !== 'go') return 'nothing that is known';
  if (!move.complete) return 'one more is needed';
  return decision === 'approve' ? 'enough' : 'ends it';
}

function viewOf({ flags, late }: Situation, people: ReadonlyMap<PersonId, Person>): View {
  const services = new Map(Object.entries(OWNERS).map(([id, owner]) => [id, { id, owner }]));
  const view = {
    now: late ? 100 : 99,
    people,
    inventory: { services },
    flags: { off: flags === 'off', frozen: flags === 'frozen' },
  };
  return view as unknown as View;
}

function attemptOf(situation: Situation, person: Person) {
  const { plan, requestedBy, before, typed } = situation;
  const may = (one: Person, what: 'stops' | 'decides') => one.roles.some((role) => rights[role][what]);
  const counted = [...before, person].filter((one) => may(one, 'decides') && !requestedBy.includes(one.id));
  const targets = plan.steps.map(({ target }) => String(target.service));
  const isOwned = (target: string) =>
    counted.some(({ roles: held, teams }) => held.includes('owner') && teams.includes(OWNERS[target] ?? ''));
  const needed: string = targets.length === 1 ? ' checkout,' : 'payments, checkout';
  return {
    decision: situation.decision,
    stops: may(person, 'stops'),
    decides: may(person, 'decides'),
    state: situation.state,
    sameCard: situation.hash === 'same',
    late: situation.late,
    stopped: situation.flags !== 'none',
    saidYesBefore: before.some(({ id }) => id === person.id),
    tier: plan.tier,
    isRequester: requestedBy.includes(person.id),
    typedAll: typed === needed,
    twoWithOwners: new Set(counted.map(({ id }) => id)).size >= 2 && targets.every(isOwned),
  };
}

function tell(situation: Situation, { roles: held, teams }: Person): string {
  const { plan, before, ...rest } = situation;
  const voters = before.map(({ id, roles: had }) => `${id} ${had.join('+')}`).join(', ');
  return `${plan.tier} of ${plan.steps.length}, ${JSON.stringify(rest)}, after [${voters}], by ${held.join('+')} of ${teams.join('+')}`;
}

/** One person of each kind that matters, and two accounts of one. */
const voterKinds: readonly Person[] = [
  aPerson('v', ['viewer', 'responder', 'admin'], ['team-shop']),
  aPerson('a', ['approver'], ['team-shop', 'team-pay']),
  aPerson('b', ['approver']),
  aPerson('o', ['owner'], ['team-shop']),
  aPerson('o', ['owner', 'approver'], ['team-shop']),
  aPerson('p', ['owner'], ['team-pay']),
  aPerson('q', ['owner', 'responder'], ['team-shop', 'team-pay']),
  aPerson('e', ['owner'], ['']),
];

/** Every group of up to three voters, at the claim: who said yes is counted again as they are now. */
export function enumerateVoters(enough: typeof suffice): Found {
  let cells = 0;
  for (const voters of groups())
    for (const tier of ['R0', 'R1', 'R2', 'R3'] as const)
      for (const owners of [['team-shop'], ['team-pay'], ['team-shop', 'team-pay'], ['']])
        for (const requestedBy of askersAmong(voters)) {
          cells += 1;
          const said = enough(voters, { tier, owners, requestedBy });
          if (said !== isEnough(voters, { tier, owners, requestedBy }))
            return {
              cells,
              wrong: `${tier} ${owners.join('+')} by ${voters.map(({ id }) => id).join(' ')}, asked by ${requestedBy.join(' ')}: ${said}`,
            };
        }
  return { cells, wrong: undefined };
}

/** Nobody, each of them, and the first with each of them. */
function askersAmong(voters: readonly Person[]): readonly (readonly PersonId[])[] {
  const ids = voters.map(({ id }) => id);
  return [[], ...ids.map((id) => [id]), ...ids.slice(1).map((id) => [...ids.slice(0, 1), id])];
}

function groups(): readonly (readonly Person[])[] {
  const pairs = voterKinds.flatMap((one) => voterKinds.map((two) => [one, two]));
  return [
    [],
    ...voterKinds.map((one) => [one]),
    ...pairs,
    ...pairs.flatMap((pair) => voterKinds.map((one) => [...pair, one])),
  ];
}

type Asked = { tier: string; owners: readonly string[]; requestedBy: readonly PersonId[] };
const decides = new Set<Role>(['approver', 'owner']);

/** By counting on fingers: strike out who has no say, then look at who is left. */
function isEnough(voters: readonly Person[], { tier, owners, requestedBy }: Asked): boolean {
  const left = voters.filter(({ roles: held }) => held.some((role) => decides.has(role)));
  if (tier !== 'R3') return left.length > 0;
  const strangers = left.filter(({ id }) => !requestedBy.some((asker) => asker === id));
  const names = new Set(strangers.map(({ id }) => id));
  if (names.size < 2) return false;
  for (const team of owners) {
    const owner = strangers.find((one) => one.roles.indexOf('owner') >= 0 && one.teams.indexOf(team) >= 0);
    if (owner === undefined || team === '') return false;
  }
  return true;
}
