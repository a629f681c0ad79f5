import type { ServiceId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { SignalName } from '#incidents/vocabulary.ts';

/** The tools that look at one thing of a service. */
export const lookTools = ['logs_search', 'deployments_list', 'workload_status', 'http_probe'] as const;
export type LookTool = (typeof lookTools)[number];

/** One look at a system that a diagnosis may ask for. */
export type Read =
  | { readonly tool: 'metrics_query'; readonly service: ServiceId; readonly signal: SignalName }
  | { readonly tool: LookTool; readonly service: ServiceId };

/** Same key = same look. */
export function readKey(read: Read): string {
  return `${read.tool}:${read.service}:${read.tool === 'metrics_query' ? read.signal : ''}`;
}

/** Whether the config says where this look would find anything. */
export function isConfigured(inventory: Inventory, read: Read): boolean {
  const service = inventory.services.get(read.service);
  if (service === undefined) return false;
  switch (read.tool) {
    case 'metrics_query':
      return service.signals[read.signal] !== undefined;
    case 'logs_search':
      return (service.logs ?? []).length > 0;
    case 'http_probe':
      return service.probe !== undefined;
    case 'deployments_list':
    case 'workload_status':
      return service.workload !== undefined;
  }
}
