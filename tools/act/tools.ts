import type { ActTool } from '../tool.ts';
import { serviceRestart } from './service-restart.ts';
import { serviceRollback } from './service-rollback.ts';
import { serviceScale } from './service-scale.ts';

/** Every tool that changes production; each is only ever performed against a permit. */
export const actTools: readonly ActTool[] = [serviceRestart, serviceRollback, serviceScale];
