import { z } from 'zod';
import { DeployRef, deployOf, ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { ActTool } from '../tool.ts';
import { DEADLINE_MS, prepareStep, refused, throughDriver } from './prepare-step.ts';

const Args = z.strictObject({
  target: ServiceRef,
  to: DeployRef.describe('An earlier deployment of the same service, as deployments_list names it'),
});
type Args = z.infer<typeof Args>;

/** Deploys an earlier version of a service; taking it back deploys the version that ran before. */
export const serviceRollback: ActTool<Args> = {
  kind: 'act',
  tier: 'R2',
  effect: 'keyed',
  name: 'service_rollback',
  version: 1,
  description: 'Propose to deploy an earlier version of one service again.',
  args: Args,
  deadlineMs: DEADLINE_MS,
  prepare: async ({ target, to }, context) => {
    if (deployOf(to).service !== serviceOf(target)) {
      return refused('invalid_arguments', `${to} is not a deployment of ${target}`);
    }
    return await prepareStep({ tool: 'service_rollback', target, to }, context, {
      version: 1,
      unchanged: ({ before, after }) => before.version === after.version,
      undo: ({ before }) => ({ tool: 'service_rollback', version: before.version }),
      byHand: (_, { after }) => ({ tool: 'service_rollback', target, version: after.version }),
    });
  },
  ...throughDriver,
};
