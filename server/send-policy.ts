import type { JsonValue } from '#core/canonical.ts';
import { CallId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { PolicyOf, SendPolicy } from '#llm/outgoing.ts';
import { clusterTools } from '#tools/read/cluster-tools.ts';

/** What holds where the config says nothing. */
const USUAL: SendPolicy = 'redacted';

const clusterNames: ReadonlySet<string> = new Set(clusterTools.map(({ name }) => name));

/** Tools that read a source, and those that tell only what this program itself did. Any other may tell of any source. */
const SOURCED: ReadonlySet<string> = new Set([
  'metrics_query',
  'deployments_list',
  'workload_status',
  'logs_search',
  'http_probe',
  'runbook_search',
  'changes_list',
  'change_diff',
  ...clusterNames,
]);
const OWN: ReadonlySet<string> = new Set([
  'sessions_spawn',
  'sessions_history',
  'incident_note',
  'incident_escalate',
  'incident_resolve',
  'service_restart',
  'service_rollback',
  'service_scale',
  'node_cordon',
  'alert_silence',
  'operator_action',
  'incident_history',
  'report',
]);

/**
 * Which rule of the config holds for what a call answered: that of the source behind the tool, for the service that was
 * asked about. Evidence that is read again keeps the rule of its first reading; where that is not known, the strictest
 * rule of the config holds. `mounted`: the rule of each tool of a server of somebody else, by its name.
 */
export function sendPolicyOf(
  send: ReadonlyMap<string, SendPolicy>,
  inventory: Inventory,
  mounted: ReadonlyMap<string, SendPolicy> = new Map(),
): PolicyOf {
  const strictest = [...send.values(), ...mounted.values()].includes('never') ? 'never' : USUAL;
  return ({ tool, args }, earlier) => {
    if (tool === 'evidence_read') {
      const cited = CallId.safeParse(member(args, 'call'));
      return (cited.success ? earlier(cited.data) : undefined) ?? strictest;
    }
    const ownRule = mounted.get(tool);
    if (ownRule !== undefined) return ownRule;
    if (!SOURCED.has(tool)) return OWN.has(tool) ? USUAL : strictest;
    const source = sourceOf(tool, args, inventory);
    return (source === undefined ? undefined : send.get(source)) ?? USUAL;
  };
}

function sourceOf(tool: string, args: JsonValue, inventory: Inventory): string | undefined {
  const ref = ServiceRef.safeParse(member(args, 'system') ?? member(args, 'service'));
  const service = ref.success ? inventory.services.get(serviceOf(ref.data)) : undefined;
  switch (tool) {
    case 'metrics_query':
      return service?.telemetry;
    case 'deployments_list':
      return service?.workload?.driver ?? 'github';
    case 'workload_status':
      return service?.workload?.driver;
    case 'changes_list':
    case 'change_diff':
      return 'github';
    case 'logs_search':
    case 'pod_logs':
      return 'logs';
    case 'http_probe':
      return 'probes';
    case 'runbook_search':
      return 'runbooks';
    default:
      return clusterNames.has(tool) ? service?.cluster?.driver : undefined;
  }
}

function member(args: JsonValue, name: string): JsonValue | undefined {
  return typeof args === 'object' && args !== null && !Array.isArray(args)
    ? Object.entries(args).find(([key]) => key === name)?.[1]
    : undefined;
}
