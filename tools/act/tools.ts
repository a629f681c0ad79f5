import type { Inventory } from '#incidents/inventory.ts';
import type { ActTool } from '../tool.ts';
import { alertSilence } from './alert-silence.ts';
import { nodeCordon } from './node-cordon.ts';
import { operatorAction, operatorActionFor } from './operator-action.ts';
import { serviceRestart } from './service-restart.ts';
import { serviceRollback } from './service-rollback.ts';
import { serviceScale } from './service-scale.ts';

/** Every tool that changes production; each is only ever performed against a permit. */
export const actTools: readonly ActTool[] = [
  serviceRestart,
  serviceRollback,
  serviceScale,
  nodeCordon,
  alertSilence,
  operatorAction,
];

/** The same as agents are told of them: the operator's actions by their names, or not at all where the config has none. */
export function actToolsFor({ actions }: Inventory): readonly ActTool[] {
  return actTools.flatMap((tool): readonly ActTool[] => {
    if (tool.name !== 'operator_action') return [tool];
    return actions === undefined || actions.size === 0 ? [] : [operatorActionFor(actions)];
  });
}
