import { isWithinCeiling } from '#approvals/policy.ts';
import { canonical, type JsonObject } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import type { Caller } from '#incidents/caller.ts';
import type { Refusal, RequestedCall } from './call-result.ts';
import type { AnyTool } from './tool.ts';

/** A call that may be made; `record` is how the log keeps its arguments. */
export type Admitted = { tool: AnyTool; args: unknown; record: JsonObject };
type AdmitDeps = { readonly clock: Clock; readonly tools: ReadonlyMap<string, AnyTool> };

/** Every check that comes before a call may be made; default is no. */
export function admit(
  deps: AdmitDeps,
  caller: Caller,
  call: RequestedCall,
): ({ kind: 'admitted' } & Admitted) | { kind: 'refused'; reason: Refusal; text: string } {
  const no = (reason: Refusal, text = '') => ({ kind: 'refused', reason, text }) as const;
  const tool = deps.tools.get(call.tool);
  if (tool === undefined) return no('unknown_tool');
  if (caller.kind === 'agent') {
    if (caller.signal.aborted || deps.clock.now() >= caller.budget.deadline) return no('run_ended');
    if (!caller.allowlist.includes(tool.name))
      return no('not_allowed', `${caller.role} does not hold ${tool.name}`);
    if (!isWithinCeiling(caller.role, tool.tier)) return no('caller_not_allowed');
    if (caller.budget.toolCalls <= 0) return no('budget_exceeded');
    caller.budget.toolCalls -= 1;
  } else if (tool.kind === 'session') return no('caller_not_allowed');
  const parsed = tool.args.safeParse(call.args);
  if (!parsed.success)
    return no(
      'invalid_arguments',
      parsed.error.issues
        .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
        .join('; ')
        .slice(0, 500),
    );
  const record = recordOf(tool, parsed.data);
  return record === undefined
    ? no('invalid_arguments', 'not plain data')
    : { kind: 'admitted', tool, args: parsed.data, record };
}

/** Arguments as the log keeps them; undefined when they are not canonical data. */
function recordOf(tool: AnyTool, args: unknown): JsonObject | undefined {
  const record = tool.kind === 'note' && tool.record ? tool.record(args) : (args as JsonObject);
  try {
    canonical(record);
    return record;
  } catch {
    return undefined;
  }
}
