import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { taggedHash } from '#core/hash.ts';
import type { CallId } from '#core/ids.ts';
import type { CallNumbers } from '#incidents/call-numbers.ts';
import type { Caller } from '#incidents/caller.ts';
import { type BodyOf, fact } from '#incidents/entry.ts';
import type { Admitted } from './admit.ts';
import type { CallResult, Refusal, RequestedCall } from './call-result.ts';
import type { AnyTool, ToolResult } from './tool.ts';

type RecordDeps = { readonly log: Log; readonly clock: Clock; readonly numbers: CallNumbers };
type Phase = BodyOf<'tool.intended'>['phase'];

/** The durable intent; the call may be made only after it resolved. */
export async function intend(
  deps: RecordDeps,
  caller: Caller,
  { tool, record, phase }: Admitted & { phase: Phase },
): Promise<CallId> {
  const call = deps.numbers.next(caller.incident);
  const body = {
    call,
    tool: tool.name,
    version: tool.version,
    tier: tool.tier,
    phase,
    args: record,
    argsHash: taggedHash('firebreak/args/v1', record),
    caller: nameOf(caller),
    session: caller.kind === 'agent' ? caller.session : null,
    approval: null,
    step: null,
  };
  await deps.log.append([fact('tool.intended', body, contextOf(caller))]);
  return call;
}

export type Finished = { call: CallId; tool: AnyTool; result: ToolResult; durationMs: number };

/** The durable outcome; content goes into a payload. */
export async function finish(
  deps: RecordDeps,
  caller: Caller,
  { call, tool, result, durationMs }: Finished,
): Promise<void> {
  const ok = result.kind === 'ok';
  const body = {
    call,
    tool: tool.name,
    outcome: ok ? 'ok' : 'gap',
    reason: ok ? null : result.reason,
    exitCode: null,
    durationMs,
    facts: ok ? (result.facts ?? null) : null,
  } as const;
  const content = Buffer.from(
    JSON.stringify(ok ? { value: result.value, text: result.text } : { value: null, text: result.detail }),
  );
  await deps.log.append([
    fact('tool.finished', body, { ...contextOf(caller), payloads: [{ id: call, content }] }),
  ]);
}

export type Refused = { call: RequestedCall; reason: Refusal; text: string };

/** Records that a call was not made, and answers why. */
export async function refuse(
  deps: RecordDeps,
  caller: Caller,
  { call, reason, text }: Refused,
): Promise<CallResult> {
  const body = {
    call: null,
    tool: call.tool.slice(0, 120).normalize(),
    reason,
    caller: nameOf(caller),
    session: caller.kind === 'agent' ? caller.session : null,
  };
  await deps.log.append([fact('tool.refused', body, contextOf(caller))]);
  return {
    id: call.id,
    call: null,
    tool: call.tool,
    outcome: { kind: 'refused', reason, text: text === '' ? refusalText(reason) : text },
  };
}

function refusalText(reason: Refusal): string {
  return reason.replaceAll('_', ' ');
}

/** Who called, as entries name it. */
function nameOf(caller: Caller): string {
  return caller.kind === 'agent'
    ? `agent:${caller.role}`
    : caller.kind === 'person'
      ? `person:${caller.id}`
      : 'system:firebreak';
}

export function contextOf(caller: Caller) {
  const base = { incident: caller.incident };
  if (caller.kind === 'agent')
    return {
      ...base,
      actor: { kind: 'agent', id: caller.role } as const,
      traceId: caller.run,
      session: caller.session,
    };
  if (caller.kind === 'person')
    return {
      ...base,
      actor: { kind: 'person', id: caller.id } as const,
      traceId: caller.trace ?? caller.incident,
    };
  return { ...base, actor: { kind: 'system', id: 'firebreak' } as const, traceId: caller.incident };
}
