import type { Approval } from '#approvals/approval.ts';
import type { Person } from '#approvals/people.ts';
import { type Plan, planHash, type Step } from '#approvals/plan.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import type { View } from '#approvals/view.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, type PersonId, RunId, ServiceId, SessionKey } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Service } from '#incidents/inventory.ts';
import { aGate, aPerson, aStep, INCIDENT } from '../a-gate.ts';
import type { State } from './state.ts';

/** The instants there are: the second is within a permit's life of the first, the last is the plan's end. */
export const TIMES = [0, 20_000, 890_000, 900_000] as const;
export const timeOf = (step: number): number => TIMES[step] ?? 900_000;

/** Alice owns checkout, bob owns payments; both approve. */
export const alice = aPerson('alice', ['approver', 'responder', 'owner'], ['team-shop']);
export const bob = aPerson('bob', ['approver', 'responder', 'owner'], ['team-pay']);
const demotedAlice = { ...alice, roles: ['viewer'] } as const;

const checkout = aStep();
const again = aStep({
  tool: 'service_restart',
  change: { tool: 'service_restart', target: 'service:checkout' },
});
const PAYMENTS = ServiceId.parse('payments');
const payments = aStep({
  change: { tool: 'service_rollback', target: 'service:payments', to: 'deploy:payments@-1' },
  target: { ...checkout.target, ref: 'service:payments', service: PAYMENTS },
});

export type Scenario = {
  readonly name: string;
  readonly plan: Plan;
  readonly effect: 'keyed' | 'opaque';
  /** How many things the outside world may do in one run, and how many of them are changes by hand. */
  readonly fate: number;
  readonly drifts: number;
};

export const R2 = planOf('R2', [checkout, again]);
export const WIDE = planOf('R3', [checkout, payments]);
export const WIDE_OF_BOB = planOf('R3', [checkout, payments], [bob.id]);
export const OF_ALICE = planOf('R2', [checkout], [alice.id]);

function planOf(tier: 'R2' | 'R3', steps: Step[], requestedBy: PersonId[] = []): Plan {
  return {
    v: 1,
    approval: ApprovalId.parse('A-1'),
    incident: INCIDENT,
    session: SessionKey.parse('agent:remediation:subagent:00000000-0000-4000-8000-000000000001'),
    run: RunId.parse('run-1'),
    requestedBy,
    service: checkout.target.service,
    environment: 'prod',
    cause: 'bad_deploy',
    confidence: 86,
    evidence: [],
    tier,
    steps,
    verification: {
      service: checkout.target.service,
      signal: 'error_ratio',
      low: '0',
      high: '0.02',
      samples: 1,
      everyMs: 1,
      windowMs: 1,
    },
    policyVersion: sha256('policy'),
    inventoryVersion: sha256('inventory'),
    createdAt: 0,
    expiresAt: 900_000,
    nonce: '0'.repeat(32),
  };
}

export function firstState({ plan, fate, drifts }: Scenario): State {
  const approval: Approval = {
    id: plan.approval,
    plan,
    hash: planHash(plan),
    cardDigest: sha256('card'),
    mode: 'act',
    state: 'pending',
    reason: null,
    requestedAt: 0,
    at: 0,
    seq: 0,
    decisions: [],
    calls: [],
    inBand: 0,
    samples: 0,
    reminded: false,
    undo: 'none',
  };
  const target = { generation: 7, expected: 7 };
  return {
    ...{ now: 0, off: false, frozen: false, demoted: false, taken: false, cleared: false },
    ...{ approval, targets: targetsOf(plan).map(() => target) },
    ...{ workers: [{ pc: 'idle' }, { pc: 'idle' }], boot: 0, orphans: [], used: [], effects: {} },
    ...{ over: false, bad: false, fate, drifts },
  };
}

/** Which target a step changes. */
export function targetAt(plan: Plan, index: number): number {
  return targetsOf(plan).indexOf(plan.steps[index]?.target.service ?? '');
}

const noFlags = { off: false, frozen: false, unverified: false, clockJumped: false, unreadLog: false };
const service = (id: Service['id'], owner: string): Service => ({
  ...{ id, owner, environment: 'prod', mode: 'act', maxReplicas: 4, dependsOn: [], signals: {} },
});
const base: Omit<View, 'now' | 'flags' | 'people' | 'approvals' | 'incidentOf'> = {
  policy: {
    version: sha256('policy'),
    caps: 'all',
    rules: [
      {
        tools: ['service_rollback', 'service_restart'],
        environments: ['prod'],
        services: ['*'],
        answer: 'ask',
      },
    ],
  },
  inventory: {
    version: sha256('inventory'),
    services: new Map([
      [checkout.target.service, service(checkout.target.service, 'team-shop')],
      [PAYMENTS, service(PAYMENTS, 'team-pay')],
    ]),
  },
  changes: 5,
};
const people = (...all: Person[]) => new Map(all.map((person) => [person.id, person]));
const everybody = people(alice, bob);
const withoutAlice = people(demotedAlice, bob);

/** What the gate sees of a state. */
export function see(state: State): View {
  const incident = incidentOf(state);
  return {
    ...base,
    now: timeOf(state.now),
    flags: { ...noFlags, tampered: false, off: state.off, frozen: state.frozen },
    people: state.demoted ? withoutAlice : everybody,
    approvals: [state.approval],
    incidentOf: () => incident,
  };
}

export const personNow = (state: State, person: Person): Person =>
  state.demoted && person.id === alice.id ? demotedAlice : person;

/** An incident whose cause is known, in the four ways that matter here. */
const { incidents } = await aGate();
const known = incidents.get(INCIDENT);
if (known === undefined) throw new Error('no incident');
const variants = [false, true].flatMap((taken) =>
  [false, true].map(
    (cleared): Incident => ({
      ...known,
      takenBy: taken ? bob.id : null,
      alerts: known.alerts.map((alert) => ({ ...alert, cleared })),
    }),
  ),
);

function incidentOf({ taken, cleared }: State): Incident | undefined {
  return variants[(taken ? 2 : 0) + (cleared ? 1 : 0)];
}
