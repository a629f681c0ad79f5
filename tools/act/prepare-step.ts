import { z } from 'zod';
import { type ServiceChange, type ServicePreview, type ServiceUndo, Step } from '#approvals/plan.ts';
import { callersOf, type Service } from '#incidents/inventory.ts';
import { serviceOf } from '#incidents/refs.ts';
import { shortForeign } from '../drivers/http-text.ts';
import type { WorkloadDriver } from '../drivers/ports.ts';
import { knownService, workloadOf } from '../read/known-service.ts';
import type { ActTool, ToolContext } from '../tool.ts';

/** Backends answer a change within this time, or the outcome counts as unknown. */
export const DEADLINE_MS = 60_000;
/** `plan.ts` holds at most so many. */
const MAX_TOUCHES = 64;

export type Prepared = Awaited<ReturnType<ActTool['prepare']>>;
type Refused = Prepared & { kind: 'refused' };

export function refused(reason: string, detail: string): Refused {
  return { kind: 'refused', reason, detail };
}

/** The service of a change and the driver of what runs it, or why there is none. */
export function targetOf(
  change: ServiceChange,
  { inventory, world }: ToolContext,
): { service: Service; driver: WorkloadDriver } | Refused {
  const service = knownService(inventory, change.target);
  if (service === undefined) return refused('unknown_reference', `${change.target} is not in the inventory`);
  const driver = workloadOf(world, service);
  return driver === undefined
    ? refused('not_configured', `${service.id} has no workload`)
    : { service, driver };
}

/** What tells one tool from another once the dry run is known. */
export type StepRules = {
  readonly version: number;
  /** Says that the change would change nothing. */
  readonly unchanged: (preview: ServicePreview) => boolean;
  readonly undo: (preview: ServicePreview) => ServiceUndo | null;
  /** The change as people do it by hand, where it names an exact version. */
  readonly byHand: (
    change: ServiceChange,
    preview: ServicePreview,
  ) => Parameters<WorkloadDriver['manual']>[1];
};

/** Runs the dry run and builds the step that people decide on; nothing is changed. */
export async function prepareStep(
  change: ServiceChange,
  context: ToolContext,
  rules: StepRules,
): Promise<Prepared> {
  const target = targetOf(change, context);
  if ('kind' in target) return target;
  const { service, driver } = target;
  const seen = await driver.dryRun(service, change, context.signal);
  if (seen.kind === 'gap') return refused('dry_run_failed', `${seen.reason}: ${seen.detail}`);
  const { preview, uid, generation } = seen.value;
  if (rules.unchanged(preview))
    return refused('no_change', `${service.id} already is as the change would leave it`);
  const callers = [...callersOf(context.inventory, service.id)].filter((id) => id !== service.id).sort();
  if (callers.length >= MAX_TOUCHES)
    return refused('too_wide', `${callers.length} services call ${service.id}`);
  const step = Step.safeParse({
    tool: change.tool,
    toolVersion: rules.version,
    tier: 'R2',
    change,
    target: { ref: change.target, service: service.id, environment: service.environment, uid, generation },
    preview,
    undo: rules.undo(preview),
    touches: [service.id, ...callers],
    deadlineMs: DEADLINE_MS,
    manual: driver.manual(service, rules.byHand(change, preview)),
  });
  return step.success
    ? { kind: 'step', step: step.data }
    : refused('dry_run_failed', shortForeign(z.prettifyError(step.error)));
}

/** Effect and afterthought are the same for every change of a service: the driver of the order's service does both. */
export const throughDriver: Pick<ActTool, 'perform' | 'settle'> = {
  perform: async ({ service, change, key, expectGeneration }, { world, signal }) => {
    const driver = sameTarget(service, change.target) ? workloadOf(world, service) : undefined;
    if (driver === undefined || 'service' in change)
      return { kind: 'refused', reason: 'not_found', detail: `${change.target} has no workload` };
    return await driver.apply(service, { change, key, expectGeneration }, signal);
  },
  settle: async ({ service, key }, { world, signal }) => {
    const driver = workloadOf(world, service);
    return driver === undefined ? 'unknown' : await driver.settle(service, key, signal);
  },
};

function sameTarget(service: Service, target: string): boolean {
  return target.startsWith('service:') && serviceOf(target) === service.id;
}
