import type { Inventory } from '#incidents/inventory.ts';
import type { Plan } from './plan.ts';

/** The services that a plan changes, each once, in the order of its steps. */
export function targetsOf({ steps }: Pick<Plan, 'steps'>): readonly string[] {
  return [...new Set(steps.map((step) => step.target.service))];
}

/** The teams that own what a plan changes, each once; a target that is not in the inventory is owned by nobody: ''. */
export function ownersOf({ services }: Inventory, { steps }: Pick<Plan, 'steps'>): readonly string[] {
  return [...new Set(steps.map((step) => services.get(step.target.service)?.owner ?? ''))];
}

/** Whether two plans change one and the same target. */
export function plansMeet(one: Plan, other: Plan): boolean {
  const refs = new Set(one.steps.map(({ target }) => target.ref));
  return other.steps.some(({ target }) => refs.has(target.ref));
}
