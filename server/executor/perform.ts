import type { Permit } from '#approvals/permit.ts';
import type { ChangeOutcome } from '#tools/drivers/ports.ts';
import type { ActTool } from '#tools/tool.ts';
import { createPermitCheck, type PermitCheckDeps, type PermitVerdict } from './permit-check.ts';
import { type ActDeps, serviceNamed, within } from './within.ts';

export type PerformerDeps = ActDeps & PermitCheckDeps;
export type Perform = (permit: Permit, deadlineMs: number) => Promise<ChangeOutcome>;

const WHY: Readonly<Record<Exclude<PermitVerdict, 'ok'>, string>> = {
  forged: 'was not signed by this start',
  other_start: 'belongs to another start',
  used: 'was used before',
  void: 'is void',
  fenced_off: 'is older than another one for the same target',
};

/**
 * Performs a change against a permit, once, within its deadline. At the deadline the call is aborted and its outcome is
 * `unknown`, never `failed`. Against a permit that does not hold, or a target that the inventory does not know, nothing
 * happens. What no backend tells from a repeat is begun once for each key, whatever permits there are. Never throws.
 */
export function createPerformer(deps: PerformerDeps): Perform {
  const tools = new Map<string, ActTool>(deps.tools.map((tool) => [tool.name, tool]));
  const check = createPermitCheck(deps);
  const begun = new Set<string>();
  return async (permit, deadlineMs) => {
    const { order, approval } = permit.fields;
    const verdict = check(permit);
    if (verdict !== 'ok')
      return {
        kind: 'refused',
        reason: 'bad_permit',
        detail: `the permit for ${approval} ${WHY[verdict]}`,
      };
    const { change, key, expectGeneration } = order;
    const tool = tools.get(order.tool);
    const service = serviceNamed(deps.inventory, 'service' in change ? change.service : change.target);
    if (tool === undefined || service === undefined)
      return { kind: 'refused', reason: 'not_found', detail: `${change.target} is not in the inventory` };
    if (tool.effect === 'opaque' && begun.has(key))
      return { kind: 'refused', reason: 'bad_permit', detail: `${key} was begun before` };
    if (tool.effect === 'opaque') begun.add(key);
    return within<ChangeOutcome>(deps, deadlineMs, {
      work: (context) => tool.perform({ service, change, key, expectGeneration }, context),
      otherwise: (detail) => ({ kind: 'unknown', detail }),
    });
  };
}
