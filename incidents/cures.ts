import { revisionCauses } from './cluster-causes.ts';
import type { RequestedServiceAction } from './requested-action.ts';
import type { Cause } from './vocabulary.ts';

/** The changes that end each cause; where none is listed, no change that is known here does. */
export const cures: Readonly<Partial<Record<Cause, readonly RequestedServiceAction['tool'][]>>> = {
  bad_deploy: ['service_rollback'],
  memory_leak: ['service_restart'],
  stuck_pool: ['service_restart'],
  instance_down: ['service_restart'],
  overload: ['service_scale'],
  ...Object.fromEntries(revisionCauses.map((cause) => [cause, ['service_rollback'] as const])),
};
