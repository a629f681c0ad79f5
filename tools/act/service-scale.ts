import { z } from 'zod';
import { ServiceRef } from '#incidents/refs.ts';
import type { ActTool, ToolContext } from '../tool.ts';
import { DEADLINE_MS, type Prepared, prepareStep, refused, targetOf, throughDriver } from './prepare-step.ts';

const Args = z.strictObject({ target: ServiceRef, replicas: z.int().min(1).max(1000) });
type Args = z.infer<typeof Args>;

/** Sets how many instances of a service run, within what config and backend allow; never to none. */
export const serviceScale: ActTool<Args> = {
  kind: 'act',
  tier: 'R2',
  effect: 'keyed',
  name: 'service_scale',
  version: 1,
  description: 'Propose to run another number of instances of one service.',
  args: Args,
  deadlineMs: DEADLINE_MS,
  prepare: (args, context) => prepare(args, context),
  ...throughDriver,
};

async function prepare({ target, replicas }: Args, context: ToolContext): Promise<Prepared> {
  const change = { tool: 'service_scale', target, replicas } as const;
  const found = targetOf(change, context);
  if ('kind' in found) return found;
  const { service, driver } = found;
  const seen = await driver.describe(service, context.signal);
  if (seen.kind === 'gap') return refused('dry_run_failed', `${seen.reason}: ${seen.detail}`);
  const most = Math.min(service.maxReplicas, seen.value.maxReplicas);
  if (replicas > most) return refused('too_many_replicas', `${service.id} may have at most ${most}`);
  return await prepareStep(change, context, {
    version: 1,
    unchanged: ({ before, after }) => before.replicas === after.replicas,
    undo: ({ before }) => (before.replicas < 1 ? null : { tool: 'service_scale', replicas: before.replicas }),
    byHand: () => change,
  });
}
