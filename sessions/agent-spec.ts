import type { z } from 'zod';
import type { CallId, Digest, ServiceId } from '#core/ids.ts';
import type { Brief, Report } from '#incidents/reports.ts';
import type { AgentRole, SignalName } from '#incidents/vocabulary.ts';
import type { Item } from '#llm/model.ts';
import type { ToolName } from '#tools/tool.ts';

/** How long and how much one run may take: milliseconds, model calls, tool calls. */
export type RunLimits = { readonly wallMs: number; readonly modelCalls: number; readonly toolCalls: number };

/** A read of the incident that answered: what a claim may cite, and what it was about. */
export type EvidenceCall = {
  readonly call: CallId;
  readonly tool: string;
  readonly service: ServiceId | null;
  readonly signal: SignalName | null;
};

/** What a report is checked against: what this run was given and saw. */
export type ReportContext = {
  readonly brief: Brief | null;
  readonly items: readonly Item[];
};

/** One of the four agents, as data. Allowlist and limits are frozen into a session when it is spawned. */
export type AgentSpec = {
  readonly role: AgentRole;
  readonly prompt: { readonly text: string; readonly hash: Digest };
  readonly allowlist: readonly ToolName[];
  readonly limits: RunLimits;
  /** The shape that ends a run; null for the coordinator, which ends a run by asking for nothing. */
  readonly report: z.ZodType<Report> | null;
  /** Drops what the evidence does not carry, and counts it. Pure. */
  readonly settle?: (report: Report, context: ReportContext) => { report: Report; dropped: number };
  /** What the looks of a run say that ended without a report: for people to go on from, nothing to act on. Pure. */
  readonly partial?: (context: ReportContext) => Report | null;
};

export type AgentSpecs = { readonly [R in AgentRole]: AgentSpec };

/** The pseudo-tool whose arguments are the report; it is never called through the tool layer. */
export const REPORT = 'report';

export const MAX_LIVE_CHILDREN = 4;
export const MAX_CHILDREN = 12;
/** A coordinator that is woken more often than this is going in circles; people take over. */
export const MAX_COORDINATOR_RUNS = 40;
/** So many runs in a row that ended with the process: the incident may be what ends it. */
export const MAX_INTERRUPTIONS = 3;
