import type { Approval } from '#approvals/approval.ts';
import { suffice } from '#approvals/people.ts';
import { ownersOf } from '#approvals/plan-targets.ts';
import type { View } from '#approvals/view.ts';
import { type Machine, machine } from './machine.ts';
import { alice, bob, OF_ALICE, R2, type Scenario, WIDE, WIDE_OF_BOB } from './world.ts';

/** A gate with one mistake; the model must find what it lets through. `breach`: the invariant that it breaks. */
export type Bug = {
  readonly name: string;
  readonly breach: string;
  readonly machine: Machine;
  readonly scenario: Scenario;
};

const keyed = (plan: Scenario['plan'], fate = 1): Scenario => ({
  name: 'seeded',
  plan,
  effect: 'keyed',
  fate,
  drifts: 1,
});
const opaque: Scenario = { name: 'seeded', plan: OF_ALICE, effect: 'opaque', fate: 1, drifts: 0 };

/** The gate looks at a changed view when it claims and when it starts. */
function blind(change: (view: View) => View): Machine {
  return {
    ...machine,
    claimMove: (view, approval) => machine.claimMove(change(view), approval),
    startMove: (view, approval, ready) => machine.startMove(change(view), approval, ready),
  };
}
const unheard =
  (kind: string): Machine['advance'] =>
  (approval, fact) =>
    fact.kind === kind ? approval : machine.advance(approval, fact);
/** As if nobody had taken it up. */
function unclaimed(approval: Approval, state: 'approved' | 'claimed'): Approval {
  const isTaken = approval.state === 'claimed' || approval.state === 'started';
  return isTaken ? { ...approval, state, calls: [] } : approval;
}
const everybody = new Map([alice, bob].map((person) => [person.id, person]));

export const bugs: readonly Bug[] = [
  {
    name: 'the claim ignores expiry',
    breach: 'A6',
    scenario: keyed(OF_ALICE, 0),
    machine: blind((view) => ({ ...view, now: 0 })),
  },
  {
    name: 'the claim ignores a freeze',
    breach: 'A6',
    scenario: keyed(OF_ALICE),
    machine: blind((view) => ({ ...view, flags: { ...view.flags, frozen: false } })),
  },
  {
    name: 'the claim ignores that somebody took the incident',
    breach: 'A6',
    scenario: keyed(OF_ALICE),
    machine: blind((view) => ({
      ...view,
      incidentOf: (id) => {
        const incident = view.incidentOf(id);
        return incident && { ...incident, takenBy: null };
      },
    })),
  },
  {
    name: 'roles are those of the moment of the yes',
    breach: 'A1',
    scenario: keyed(OF_ALICE),
    machine: blind((view) => ({ ...view, people: everybody })),
  },
  {
    name: 'a revoked yes still counts',
    breach: 'A6',
    scenario: keyed(OF_ALICE, 0),
    machine: { ...machine, advance: unheard('approval.revoked') },
  },
  {
    name: 'a no is not heard',
    breach: 'A6',
    scenario: keyed(OF_ALICE, 0),
    machine: { ...machine, advance: unheard('approval.rejected') },
  },
  {
    name: 'an expired plan may still be approved',
    breach: 'A6',
    scenario: keyed(OF_ALICE, 0),
    machine: {
      ...machine,
      decisionMove: (view, approval, said) => machine.decisionMove({ ...view, now: 0 }, approval, said),
    },
  },
  {
    name: 'the same person counts twice',
    breach: 'A5',
    scenario: keyed(WIDE, 0),
    machine: {
      ...machine,
      decisionMove: (view, approval, said) => {
        const move = machine.decisionMove(view, { ...approval, decisions: [] }, said);
        return move.kind === 'go' ? { ...move, complete: approval.decisions.length >= 1 } : move;
      },
    },
  },
  {
    name: 'who asked for a wide change counts',
    breach: 'A5',
    scenario: keyed(WIDE_OF_BOB, 0),
    machine: {
      ...machine,
      decisionMove: (view, approval, said) =>
        machine.decisionMove(view, { ...approval, plan: { ...approval.plan, requestedBy: [] } }, said),
    },
  },
  {
    name: 'one yes is enough for a wide change',
    breach: 'A5',
    scenario: keyed(WIDE, 0),
    machine: {
      ...machine,
      decisionMove: (view, approval, said) => {
        const move = machine.decisionMove(view, approval, said);
        if (move.kind !== 'go' || said.decision !== 'approve') return move;
        const owners = ownersOf(view.inventory, approval.plan);
        return { kind: 'go', complete: suffice([said.person], { tier: 'R2', owners, requestedBy: [] }) };
      },
    },
  },
  {
    name: 'a yes to another plan counts',
    breach: 'A2',
    scenario: keyed(OF_ALICE, 0),
    machine: {
      ...machine,
      decisionMove: (view, approval, said) =>
        machine.decisionMove(view, approval, { ...said, hash: approval.hash }),
    },
  },
  {
    name: 'one approval is claimed by two workers',
    breach: 'A3',
    scenario: keyed(OF_ALICE, 0),
    machine: {
      ...machine,
      claimMove: (view, approval) => machine.claimMove(view, unclaimed(approval, 'approved')),
      startMove: (view, approval, ready) => machine.startMove(view, unclaimed(approval, 'claimed'), ready),
    },
  },
  {
    name: 'a stale read is no conflict',
    breach: 'A',
    scenario: keyed(OF_ALICE, 1),
    machine: { ...machine, conflicts: () => false },
  },
  {
    name: 'after a crash a step that had begun is begun again',
    breach: 'A3',
    scenario: keyed(OF_ALICE, 2),
    machine: {
      ...machine,
      advance: (approval, fact) => {
        const next = machine.advance(approval, fact);
        return fact.kind === 'tool.finished' && next.state === 'unknown'
          ? { ...next, state: 'approved' }
          : next;
      },
    },
  },
  {
    name: 'after a crash an open call counts as failed',
    breach: 'A9',
    scenario: keyed(OF_ALICE, 1),
    machine: { ...machine, foundOpen: 'failed' },
  },
  {
    name: 'a target that had changed is gone on with',
    breach: 'A7',
    scenario: keyed(OF_ALICE, 1),
    machine: { ...machine, heeds: () => false },
  },
  {
    name: 'the off switch is not looked at before the order is sent',
    breach: 'A6',
    scenario: keyed(OF_ALICE, 1),
    machine: { ...machine, sendsWhenOff: () => true },
  },
  {
    name: 'the executor takes an order twice',
    breach: 'A9',
    scenario: opaque,
    machine: { ...machine, takes: (order, boot) => machine.takes({ ...order, used: false }, boot) },
  },
  {
    name: 'a plan that stops half way is forgotten',
    breach: 'A9',
    scenario: keyed(R2, 1),
    machine: {
      ...machine,
      advance: (approval, fact) => {
        const next = machine.advance(approval, fact);
        return next.state === 'halted' && approval.state !== 'halted'
          ? { ...next, state: 'invalidated' }
          : next;
      },
    },
  },
  {
    name: 'an undo that was refused is said to be done',
    breach: 'A9',
    scenario: keyed(OF_ALICE, 1),
    machine: { ...machine, isTakenBack: () => true },
  },
  {
    name: 'an undo that is under way is said to have failed',
    breach: 'A9',
    scenario: keyed(OF_ALICE, 0),
    machine: { ...machine, isUndoOpen: () => false },
  },
  {
    name: 'the undo runs before anything was judged',
    breach: 'A1',
    scenario: keyed(OF_ALICE, 0),
    machine: {
      ...machine,
      advance: (approval, fact) => {
        const next = machine.advance(approval, fact);
        return next.state === 'succeeded' ? { ...next, state: 'unverified' } : next;
      },
    },
  },
];
