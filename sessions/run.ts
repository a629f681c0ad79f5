import { FirebreakError } from '#core/errors.ts';
import type { ModelCall, ModelReply } from '#llm/model.ts';
import type { CallResult } from '#tools/call-result.ts';
import { REPORT } from './agent-spec.ts';
import { type Ending, failed, proposed, stopped, timedOutWaiting } from './endings.ts';
import { accepted, reminderItem, resultItem, unmade } from './items.ts';
import { withWarning } from './loop-guard.ts';
import { contextOf, withPartial } from './partial-report.ts';
import { isUsable, type Reply, withOwnIds } from './reply-check.ts';
import { checkReport } from './report-check.ts';
import { beginRun, type Run, type RunDeps, type RunOrder, recordEnding, recordReply } from './run-record.ts';
import { confirmed } from './stopper.ts';

/**
 * Carries a started run to its one `run.settled`: ask the model, record what it said, make its calls, until it reports,
 * proposes, yields, or runs out of time, calls or patience. Waits for stopped work to confirm before it settles. Throws
 * only when the log cannot take or give an entry; then nothing more is done in this run's name.
 */
export async function performRun(deps: RunDeps, order: RunOrder): Promise<Ending> {
  const run = beginRun(deps, order);
  const left = Math.max(0, order.deadline - deps.clock.now());
  const cancel = deps.clock.after(left, () => order.stopper.stop('deadline'));
  try {
    const ending = await drive(run);
    return await settle(run, ending);
  } finally {
    cancel();
  }
}

/** A report that the log cannot take is a bug of ours; the run still settles. */
async function settle(run: Run, ending: Ending): Promise<Ending> {
  try {
    await recordEnding(run, ending);
    return ending;
  } catch (error) {
    if (isLogFailure(error)) throw error;
    run.deps.onError(error);
    const instead = failed('internal');
    await recordEnding(run, instead);
    return instead;
  }
}

function isLogFailure(error: unknown): boolean {
  return error instanceof FirebreakError && error.code.startsWith('log_');
}

async function drive(run: Run): Promise<Ending> {
  try {
    for (;;) {
      const ending = await takeTurn(run);
      if (ending !== null) return withPartial(run, ending);
    }
  } catch (error) {
    if (isLogFailure(error)) throw error;
    run.deps.onError(error);
    return failed('internal');
  }
}

async function takeTurn(run: Run): Promise<Ending | null> {
  const cause = run.stopper.cause();
  if (cause !== null) return stopped(cause);
  if (run.budget.modelCalls < 1) return { ...failed('model_calls'), outcome: 'budget_exceeded' };
  const asked = await confirmed(ask(run), run.stopper, run.deps.clock);
  if (asked.kind === 'unconfirmed') return timedOutWaiting(run.stopper.cause());
  if (asked.value.kind === 'failed') return modelFailed(run, asked.value.reason);
  if (!isUsable(asked.value)) return failed('invalid_reply');
  const reply = withOwnIds(asked.value, run.callIds);
  await recordReply(run, reply);
  const late = run.stopper.cause();
  return late === null ? answer(run, reply) : stopped(late);
}

/** One attempt is one attempt, however it ends; a provider that throws has failed. On the last one only a report is left to give. */
async function ask(run: Run): Promise<ModelReply> {
  const callsLeft = run.budget.modelCalls;
  run.budget.modelCalls -= 1;
  const { role, allowlist } = run.session;
  const isLast = callsLeft <= 1 && run.spec.report !== null;
  const tools = run.deps
    .toolSpecs(role)
    .filter((tool) => tool.name === REPORT || (!isLast && allowlist.includes(tool.name)));
  const turn = { incident: run.session.incident, session: run.session.key, run: run.run };
  const items = run.context.view();
  const request = { role, turn, head: run.spec.prompt.text, tools, items, callsLeft };
  try {
    return await run.deps.model.reply(request, run.stopper.signal);
  } catch (error) {
    run.deps.onError(error);
    return { kind: 'failed', reason: 'unavailable' };
  }
}

function modelFailed(run: Run, reason: Extract<ModelReply, { kind: 'failed' }>['reason']): Ending {
  const cause = run.stopper.cause();
  if (cause !== null) return stopped(cause);
  if (reason === 'over_budget') return { ...failed('spend'), outcome: 'budget_exceeded' };
  return failed(reason === 'invalid_reply' ? 'invalid_reply' : 'model_unavailable');
}

async function answer(run: Run, reply: Reply): Promise<Ending | null> {
  if (run.spec.report !== null && reply.calls.some((call) => call.tool === REPORT)) {
    return answerReport(run, reply.calls);
  }
  if (reply.stop === 'refusal') return failed('model_refused');
  return reply.calls.length === 0 ? answerSilence(run, reply) : makeCalls(run, reply.calls);
}

/** A report ends the run; a faulty one is sent back once with what is wrong with it. Other calls beside it are not made. */
function answerReport(run: Run, calls: readonly ModelCall[]): Ending | null {
  const report = calls.find((call) => call.tool === REPORT);
  const checked = checkReport(run.spec, report?.args ?? null, contextOf(run));
  const isAccepted = checked.kind === 'accepted';
  const text = isAccepted ? 'Report accepted.' : checked.issues;
  for (const call of calls) {
    if (call !== report) run.items.push(unmade(call, 'not_made', 'Not made: a report ends the run.'));
    else run.items.push(isAccepted ? accepted(call, text) : unmade(call, 'invalid_report', text));
  }
  if (isAccepted) {
    return { outcome: 'reported', reason: null, report: checked.report, dropped: checked.dropped };
  }
  if (run.corrected) return failed('invalid_report');
  run.corrected = true;
  return null;
}

/** The coordinator yields by asking for nothing, unless it was cut short; a sub-agent is reminded once of its report. */
function answerSilence(run: Run, reply: Reply): Ending | null {
  if (run.spec.report === null) {
    if (reply.stop === 'length') return failed('cut_short');
    return { outcome: 'yielded', reason: null, report: null, dropped: 0 };
  }
  if (run.reminded) return failed('no_report');
  run.reminded = true;
  run.items.push(reminderItem);
  return null;
}

async function makeCalls(run: Run, calls: readonly ModelCall[]): Promise<Ending | null> {
  const made = await confirmed(run.deps.invoke.turn(run.caller, calls), run.stopper, run.deps.clock);
  if (made.kind === 'unconfirmed') {
    for (const { id, tool } of calls) {
      const text = 'The run ended before the outcome was known.';
      run.items.push({
        kind: 'result',
        id,
        call: null,
        tool,
        outcome: 'unknown',
        value: { reason: 'run_ended' },
        text,
      });
    }
    return timedOutWaiting(run.stopper.cause());
  }
  requirePairs(calls, made.value);
  const looped = calls.map((call, index) => addResult(run, call, made.value[index])).includes('loop');
  if (made.value.some(isBeforePeople) && run.session.role === 'remediation') return proposed;
  return looped ? { ...failed('same_answer'), outcome: 'loop' } : null;
}

/** What people have before them already needs no other way: their answer to it is awaited. */
function isBeforePeople({ outcome }: CallResult): boolean {
  return outcome.kind === 'proposed' || (outcome.kind === 'refused' && outcome.reason === 'duplicate_plan');
}

/** A provider refuses a transcript with an unanswered call, so a missing or foreign result is a bug at once. */
function requirePairs(calls: readonly ModelCall[], results: readonly CallResult[]): void {
  const paired =
    calls.length === results.length && calls.every((call, index) => call.id === results[index]?.id);
  if (!paired)
    throw new FirebreakError('bug', `${calls.length} calls got ${results.length} results that do not pair`);
}

function addResult(run: Run, call: ModelCall, result: CallResult | undefined): 'fine' | 'warn' | 'loop' {
  if (result === undefined) return 'fine';
  const item = resultItem(result);
  const verdict = run.guard.see(call, item);
  const shown = verdict === 'fine' ? item : withWarning(item);
  if (verdict !== 'fine') run.changed.add(shown);
  run.items.push(shown);
  return verdict;
}
