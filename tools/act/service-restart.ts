import { z } from 'zod';
import { ServiceRef } from '#incidents/refs.ts';
import type { ActTool } from '../tool.ts';
import { DEADLINE_MS, prepareStep, throughDriver } from './prepare-step.ts';

const Args = z.strictObject({ target: ServiceRef });
type Args = z.infer<typeof Args>;

/** Replaces every instance of a service by a new one of the same version. Nothing takes that back. */
export const serviceRestart: ActTool<Args> = {
  kind: 'act',
  tier: 'R2',
  effect: 'keyed',
  name: 'service_restart',
  version: 1,
  description: 'Propose to restart every instance of one service, one at a time.',
  args: Args,
  deadlineMs: DEADLINE_MS,
  prepare: ({ target }, context) =>
    prepareStep({ tool: 'service_restart', target }, context, {
      version: 1,
      unchanged: () => false,
      undo: () => null,
      byHand: (change) => change,
    }),
  ...throughDriver,
};
