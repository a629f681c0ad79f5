import { expect, test } from 'vitest';
import { planHash } from '#approvals/plan.ts';
import { bugs } from './bugs.ts';
import { explore } from './explore.ts';
import { machine } from './machine.ts';
import { OF_ALICE, R2, type Scenario, WIDE, WIDE_OF_BOB } from './world.ts';

// Two people, two workers, a server that may die, a world that does `fate` things of its own, in every order there is.

const scenarios: readonly Scenario[] = [
  { name: 'a change of two steps', plan: R2, effect: 'keyed', fate: 1, drifts: 1 },
  { name: 'a wide change of two targets', plan: WIDE, effect: 'keyed', fate: 1, drifts: 1 },
  { name: 'a wide change that bob asked for', plan: WIDE_OF_BOB, effect: 'keyed', fate: 3, drifts: 1 },
  { name: 'a change of one step', plan: OF_ALICE, effect: 'keyed', fate: 2, drifts: 1 },
  {
    name: 'a change by a backend that cannot be asked',
    plan: OF_ALICE,
    effect: 'opaque',
    fate: 2,
    drifts: 0,
  },
];

test.each(scenarios)(
  '$name: what must hold does, in every state that can be reached',
  (scenario) => {
    const found = explore({ scenario, machine });
    if (found.kind === 'broken') throw new Error([found.breach, ...found.trace].join('\n  '));
    console.log(`${scenario.name}: ${found.states} states, ${found.steps} steps`);
    expect(found.states).toBeGreaterThan(500);
  },
  60_000,
);

const held = new Map<string, boolean>();
function heldBy(scenario: Scenario): boolean {
  const { plan, effect, fate } = scenario;
  const key = `${planHash(plan)} ${effect} ${fate}`;
  const known = held.get(key) ?? explore({ scenario, machine }).kind === 'held';
  held.set(key, known);
  return known;
}

test.each(bugs)(
  '$name: the model finds it',
  ({ name, breach, scenario, machine: broken }) => {
    const found = explore({ scenario, machine: broken });
    if (found.kind === 'held') throw new Error(`not found in ${found.states} states`);
    console.log([`${name} -> ${found.breach}`, ...found.trace].join('\n    '));
    expect(found.breach).toMatch(new RegExp(`^${breach}`));
    // The same world with the gate as it is keeps it.
    expect(heldBy(scenario)).toBe(true);
  },
  60_000,
);
