import type { ProposeRefusal } from '#approvals/proposal.ts';
import type { JsonValue } from '#core/canonical.ts';
import type { ApprovalId, CallId } from '#core/ids.ts';
import type { AgentCaller, Caller } from '#incidents/caller.ts';
import type { ToolName } from './tool.ts';

/** A call as it comes out of a model: nothing about it is trusted. */
export type RequestedCall = { id: string; tool: string; args: JsonValue };

/** Why a call was not made. Closed list; each refusal is an entry. */
export type Refusal =
  | 'unknown_tool'
  | 'not_allowed'
  | 'invalid_arguments'
  | 'budget_exceeded'
  | 'run_ended'
  | 'caller_not_allowed'
  | 'dry_run_failed'
  | ProposeRefusal;

export type CallOutcome =
  | { kind: 'ok'; value: JsonValue; text: string }
  | { kind: 'gap'; reason: string; text: string }
  | { kind: 'failed'; reason: string; text: string }
  | { kind: 'unknown'; reason: string; text: string }
  | { kind: 'refused'; reason: Refusal; text: string }
  | { kind: 'proposed'; approval: ApprovalId; text: string };

/** `call` is the evidence id (`e7`); null where the call was refused before it got one. */
export type CallResult = { id: string; call: CallId | null; tool: string; outcome: CallOutcome };

/** The only way to a tool. */
export type Invoke = {
  /** One turn of an agent: reads and notes run in order; its changes together form one plan that people decide on. */
  turn(caller: AgentCaller, calls: readonly RequestedCall[]): Promise<readonly CallResult[]>;
  /** One call by the product's own code or by a person; never a change. */
  one(caller: Caller, tool: ToolName, args: JsonValue): Promise<CallResult>;
};
