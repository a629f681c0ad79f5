import type { JsonValue } from '#core/canonical.ts';
import { isClusterRead, isConfigured, type Read } from '#diagnosis/read.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { serviceRef } from '#incidents/refs.ts';
import type { Report } from '#incidents/reports.ts';
import type { ModelRequest } from '#llm/model.ts';

/** What a role does next: calls to make, none to end its turn. */
export type Turn = { readonly text: string; readonly calls: readonly { tool: string; args: JsonValue }[] };

/** One role of the rules model: a pure function of what the session holds. Null: the session is not one of this role. */
export type RulesRole = (request: ModelRequest, inventory: Inventory) => Turn | null;

/** How far back a log is searched: past the onset, so that a new kind of line can be told from an old one. */
const LOG_MINUTES = 15;

/** Looks as calls of a turn; `at` is when the page says that it began. Only tools that this session has and that are configured. */
export function lookTurn(
  request: ModelRequest,
  inventory: Inventory,
  { reads, at }: { reads: readonly Read[]; at: number },
): Turn {
  const held = new Set(request.tools.map(({ name }) => name));
  const open = reads.filter((read) => held.has(read.tool) && isConfigured(inventory, read));
  return {
    text: `Looking at ${open.length} things.`,
    calls: open.map((read) => ({ tool: read.tool, args: argsOf(read, at) })),
  };
}

function argsOf(read: Read, at: number): JsonValue {
  const service = serviceRef(read.service);
  if (isClusterRead(read)) return { system: service, ...read.args };
  switch (read.tool) {
    case 'metrics_query':
      return { service, signal: read.signal, at };
    case 'system_scan':
    case 'changes_list':
      return { service, at };
    case 'logs_search':
      return { service, level: 'error', minutes: LOG_MINUTES };
    case 'deployments_list':
    case 'workload_status':
    case 'http_probe':
    case 'pg_activity':
    case 'pg_locks':
    case 'pg_replication':
    case 'pg_sizes':
    case 'host_status':
    case 'incident_history':
      return { service };
  }
}

/** The report ends the run. */
export function reportTurn(report: Report): Turn {
  return { text: 'Reporting.', calls: [{ tool: 'report', args: report }] };
}
