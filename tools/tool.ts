import type { z } from 'zod';
import type { Ordered, Step } from '#approvals/plan.ts';
import type { JsonObject, JsonValue } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import type { CallId } from '#core/ids.ts';
import type { Caller } from '#incidents/caller.ts';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { ChangeOutcome, Gap, World } from './drivers/ports.ts';

/** What agents may hold. */
export const toolNames = [
  'metrics_query',
  'logs_search',
  'http_probe',
  'deployments_list',
  'workload_status',
  'runbook_search',
  'system_scan',
  'promql_query',
  'pg_activity',
  'pg_locks',
  'pg_replication',
  'pg_sizes',
  'host_status',
  'incident_history',
  'changes_list',
  'change_diff',
  'k8s_list',
  'k8s_describe',
  'k8s_manifest',
  'k8s_events',
  'pod_logs',
  'node_service',
  'service_dependencies',
  'connectivity_check',
  'system_anomalies',
  'incident_note',
  'incident_escalate',
  'incident_resolve',
  'service_restart',
  'service_rollback',
  'service_scale',
  'node_cordon',
  'alert_silence',
  'operator_action',
  'sessions_spawn',
  'sessions_history',
  'evidence_read',
  'hypotheses_rank',
] as const;
/** What no agent holds: the product's own code and people use them. */
export const ownToolNames = [
  'page_acknowledge',
  'page_note',
  'page_resolve',
  'page_escalate',
  'page_trigger',
  'page_fallback',
  'slack_post',
] as const;
/** A tool of a server that the config names (`tools/drivers/mcp/settings.ts` makes such names); only looks have one. */
export type McpToolName = `mcp_${string}_${string}`;
export type ToolName = (typeof toolNames)[number] | (typeof ownToolNames)[number] | McpToolName;

/** What a tool's code may use while it runs; nothing else is in reach. */
export type ToolContext = {
  readonly world: World;
  readonly inventory: Inventory;
  readonly runbooks: readonly Runbook[];
  readonly clock: Clock;
  /** Aborts at the tool's deadline or when the run must stop. */
  readonly signal: AbortSignal;
};

/** A Markdown runbook: `actions` come from its typed front matter; prose is for people and, tainted, for diagnosis. */
export type Runbook = {
  readonly name: string;
  readonly services: readonly string[];
  readonly prose: string;
  readonly actions: readonly { cause: string; tool: string; target: string }[];
};

/**
 * What a read gave. `value` is what rules compute with and `text` (<= 32,000 characters, untrusted) what people
 * read, and models its first 4,000 and more by range; both are kept as a payload. `facts` is the small part that goes into the log entry itself.
 */
export type ToolResult = { kind: 'ok'; value: JsonValue; text: string; facts?: JsonObject } | Gap;

type Common<A> = {
  readonly name: ToolName;
  readonly version: number;
  /** One sentence for models. */
  readonly description: string;
  /** In the portable subset: strict object, every field required, nullable instead of optional, no records. */
  readonly args: z.ZodType<A>;
  readonly deadlineMs: number;
};

/** Tier R0: looks, changes nothing. */
export type ReadTool<A = unknown> = Common<A> & {
  readonly kind: 'read';
  readonly tier: 'R0';
  perform(args: A, context: ToolContext): Promise<ToolResult>;
};

/** Tier R1: a note about the incident, no production effect. */
export type NoteTool<A = unknown> = Common<A> & {
  readonly kind: 'note';
  readonly tier: 'R1';
  /** Arguments as the log entry keeps them, where they hold text that belongs into a payload. */
  record?(args: A): JsonObject;
  /** `signal` aborts at the tool's deadline or when the run must stop. */
  perform(args: A, context: NoteContext & { readonly signal: AbortSignal }): Promise<ToolResult>;
};
export type NoteContext = { readonly caller: Caller; readonly call: CallId; readonly clock: Clock };

/** A tool of the session layer, e.g. spawn. */
export type SessionTool<A = unknown> = Common<A> & {
  readonly kind: 'session';
  readonly tier: 'R0';
  perform(args: A, context: NoteContext): Promise<ToolResult>;
};

/** Tier R2 and above: a change of production, only ever performed against a permit. */
export type ActTool<A = unknown> = Common<A> & {
  readonly kind: 'act';
  readonly tier: 'R2' | 'R3';
  /** `keyed`: the backend takes an idempotency key and can be asked about it afterwards. */
  readonly effect: 'keyed' | 'probeable' | 'opaque';
  /** The dry run: what the change would do to which exact target, and how to take it back. */
  prepare(
    args: A,
    context: ToolContext,
  ): Promise<{ kind: 'step'; step: Step } | { kind: 'refused'; reason: string; detail: string }>;
  perform(order: ActOrder, context: ToolContext): Promise<ChangeOutcome>;
  settle(
    order: Pick<ActOrder, 'service' | 'key'>,
    context: ToolContext,
  ): Promise<'happened' | 'did_not_happen' | 'unknown'>;
};

/** One claimed step, or its undo. */
export type ActOrder = {
  service: Service;
  change: Ordered;
  key: string;
  expectGeneration: number;
};

export type AnyTool = ReadTool | NoteTool | SessionTool | ActTool;
