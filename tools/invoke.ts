import type { Step } from '#approvals/plan.ts';
import type { Proposed } from '#approvals/propose.ts';
import type { Log } from '#audit/log.ts';
import type { JsonValue } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import type { CallId } from '#core/ids.ts';
import type { CallNumbers } from '#incidents/call-numbers.ts';
import type { AgentCaller, Caller } from '#incidents/caller.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { type Admitted, admit } from './admit.ts';
import type { CallOutcome, CallResult, Invoke, Refusal, RequestedCall } from './call-result.ts';
import type { World } from './drivers/ports.ts';
import { finish, intend, refuse } from './record-call.ts';
import type { ActTool, AnyTool, Runbook, ToolName, ToolResult } from './tool.ts';
import { withDeadline } from './with-deadline.ts';

export type InvokeDeps = {
  readonly log: Log;
  readonly clock: Clock;
  readonly numbers: CallNumbers;
  readonly tools: ReadonlyMap<string, AnyTool>;
  readonly world: World;
  readonly inventory: Inventory;
  readonly runbooks: readonly Runbook[];
  /** The gate: puts a plan before people. */
  readonly propose: (request: { caller: AgentCaller; steps: readonly Step[] }) => Promise<Proposed>;
};

type Prepared = { kind: 'step'; step: Step } | { kind: 'refused'; reason: string; detail: string };

/**
 * The only way to a tool. For every call: is the run alive, is the tool on the allowlist, is budget left, do the
 * arguments parse; then the durable intent, the call with its deadline, the durable outcome. A change is only dry-run
 * here; its effect happens after people decided, against a permit. Throws only when the log cannot take an entry, and
 * then nothing was done.
 */
export function createInvoke(
  deps: InvokeDeps,
): Invoke & { dryRun: (caller: Caller, tool: ToolName, args: JsonValue) => Promise<Prepared> } {
  return {
    turn: (caller, calls) => turn(deps, caller, calls),
    one: async (caller, tool, args) => {
      const call = { id: tool, tool, args };
      const admitted = admit(deps, caller, call);
      if (admitted.kind === 'refused') return refuse(deps, caller, { call, ...admitted });
      if (admitted.tool.kind !== 'act') return run(deps, caller, { id: tool, ...admitted });
      return refuse(deps, caller, { call, reason: 'caller_not_allowed', text: 'a change needs an approval' });
    },
    dryRun: async (caller, tool, args) => {
      const admitted = admit(deps, caller, { id: tool, tool, args });
      if (admitted.kind === 'refused' || admitted.tool.kind !== 'act')
        return { kind: 'refused', reason: 'invalid_arguments', detail: 'not a change' };
      const { prepared } = await prepare(deps, caller, { ...admitted, tool: admitted.tool });
      return prepared;
    },
  };
}

async function turn(
  deps: InvokeDeps,
  caller: AgentCaller,
  calls: readonly RequestedCall[],
): Promise<readonly CallResult[]> {
  const results: (CallResult | undefined)[] = [];
  const steps: { index: number; call: CallId; step: Step }[] = [];
  let incomplete = false;
  for (const [index, call] of calls.entries()) {
    const admitted = admit(deps, caller, call);
    if (admitted.kind === 'refused') {
      results[index] = await refuse(deps, caller, { call, ...admitted });
      incomplete ||= isAct(deps, call.tool);
    } else if (admitted.tool.kind === 'act') {
      const { prepared, call: number } = await prepare(deps, caller, { ...admitted, tool: admitted.tool });
      if (prepared.kind === 'step') steps.push({ index, call: number, step: prepared.step });
      else {
        results[index] = {
          id: call.id,
          call: number,
          tool: call.tool,
          outcome: {
            kind: 'refused',
            reason: 'dry_run_failed',
            // Ours alone: the detail may hold a backend's words, and who proposes reads no foreign text.
            text: prepared.reason.replaceAll('_', ' '),
          },
        };
        incomplete = true;
      }
    } else results[index] = await run(deps, caller, { ...admitted, id: call.id });
  }
  if (steps.length > 0) {
    const outcome = await proposeAll(
      deps,
      caller,
      incomplete,
      steps.map((one) => one.step),
    );
    for (const { index, call } of steps)
      results[index] = { id: calls[index]?.id ?? '', call, tool: calls[index]?.tool ?? '', outcome };
  }
  return results.flatMap((result) => result ?? []);
}

/** All changes of one turn are one plan: if one of them cannot be made, none is put before people. */
async function proposeAll(
  deps: InvokeDeps,
  caller: AgentCaller,
  incomplete: boolean,
  steps: readonly Step[],
): Promise<CallOutcome> {
  const no = async (reason: Refusal, text = ''): Promise<CallOutcome> => {
    const call = { id: '', tool: steps[0]?.tool ?? '', args: null };
    return (await refuse(deps, caller, { call, reason, text })).outcome;
  };
  if (incomplete) return no('dry_run_failed', 'another change of the same plan was refused');
  // Dry runs take their time: whoever was stopped meanwhile puts nothing before people.
  if (caller.signal.aborted || deps.clock.now() >= caller.budget.deadline) return no('run_ended');
  const proposed = await deps.propose({ caller, steps });
  if (proposed.kind === 'requested')
    return {
      kind: 'proposed',
      approval: proposed.approval,
      text: `${proposed.approval} ${proposed.pending ? 'waits for people' : 'is recorded, nobody is asked'}`,
    };
  return no(proposed.reason);
}

async function run(
  deps: InvokeDeps,
  caller: Caller,
  admitted: Admitted & { id: string },
): Promise<CallResult> {
  const { tool, args } = admitted;
  const call = await intend(deps, caller, {
    ...admitted,
    phase: caller.kind === 'system' ? 'verify' : 'run',
  });
  const started = deps.clock.mono();
  const result = await withDeadline(deps, { caller, deadlineMs: tool.deadlineMs }, async (context) =>
    tool.kind === 'read'
      ? tool.perform(args, context)
      : tool.kind === 'act'
        ? bug(tool)
        : tool.perform(args, { caller, call, clock: deps.clock, signal: context.signal }),
  );
  await finish(deps, caller, { call, tool, result, durationMs: Math.round(deps.clock.mono() - started) });
  return { id: admitted.id, call, tool: tool.name, outcome: outcomeOf(result) };
}

async function prepare(
  deps: InvokeDeps,
  caller: Caller,
  admitted: Admitted & { tool: ActTool },
): Promise<{ prepared: Prepared; call: CallId }> {
  const { tool, args } = admitted;
  const call = await intend(deps, caller, { ...admitted, phase: 'dry_run' });
  const started = deps.clock.mono();
  const late = { kind: 'refused', reason: 'timeout', detail: 'the dry run did not answer in time' } as const;
  const answered: { prepared: Prepared } = { prepared: late };
  const result = await withDeadline(deps, { caller, deadlineMs: tool.deadlineMs }, async (context) => {
    const prepared = await tool.prepare(args, context);
    answered.prepared = prepared;
    return prepared.kind === 'step'
      ? { kind: 'ok', value: prepared.step, text: `dry run of ${tool.name}` }
      : { kind: 'gap', reason: 'refused', detail: `${prepared.reason}: ${prepared.detail}` };
  });
  // A step that comes after the deadline comes too late, also while the outcome is being written.
  const prepared = result.kind !== 'ok' && answered.prepared.kind === 'step' ? late : answered.prepared;
  await finish(deps, caller, { call, tool, result, durationMs: Math.round(deps.clock.mono() - started) });
  return { prepared, call };
}

function outcomeOf(result: ToolResult): CallOutcome {
  return result.kind === 'ok'
    ? { kind: 'ok', value: result.value, text: result.text }
    : { kind: 'gap', reason: result.reason, text: result.detail };
}

function isAct(deps: InvokeDeps, name: string): boolean {
  return deps.tools.get(name)?.kind === 'act';
}

function bug(tool: AnyTool): never {
  throw new Error(`${tool.name} is a change and is not performed here`);
}
