import { z } from 'zod';
import { ActionCallRef } from './operator-action.ts';
import { AlertRef, NodeRef, ServiceRef } from './refs.ts';

/** What a change can be asked for of. */
export const RequestedTarget = z.union([ServiceRef, NodeRef, AlertRef, ActionCallRef]);

/** An action that a person's verb, a runbook's typed front matter, or what the config and a diagnosis say asks for. */
export const RequestedAction = z.union([
  z.strictObject({
    tool: z.enum(['service_restart', 'service_rollback', 'service_scale']),
    target: ServiceRef,
  }),
  z.strictObject({ tool: z.literal('node_cordon'), target: NodeRef }),
  z.strictObject({ tool: z.literal('alert_silence'), target: AlertRef }),
  z.strictObject({ tool: z.literal('operator_action'), target: ActionCallRef }),
]);
export type RequestedAction = z.infer<typeof RequestedAction>;
/** One of a service. */
export type RequestedServiceAction = Extract<RequestedAction, { tool: `service_${string}` }>;

const changes: ReadonlySet<string> = new Set(
  RequestedAction.options.flatMap(({ shape: { tool } }) => ('options' in tool ? tool.options : tool.value)),
);

/** Whether a tool changes something. */
export function isChange(tool: string): boolean {
  return changes.has(tool);
}
