import type { JsonValue } from '#core/canonical.ts';
import { CallId, IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { type Brief, Report, type Wake } from '#incidents/reports.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';
import type { Item, Model, ModelCall, ModelReply } from '#llm/model.ts';

export type Answer = { outcome: Extract<Item, { kind: 'result' }>['outcome']; value: JsonValue };
export type Answerer = (call: ModelCall) => Promise<Answer> | Answer;
type Reply = Extract<ModelReply, { kind: 'reply' }>;

export const toolNames = [
  'metrics_query',
  'logs_search',
  'http_probe',
  'deployments_list',
  'workload_status',
  'service_restart',
  'service_rollback',
  'service_scale',
  'sessions_spawn',
  'incident_escalate',
  'incident_resolve',
] as const;

/** A turn that no test looks at. */
export const aTurn = {
  incident: IncidentId.parse('INC-1'),
  session: SessionKey.parse('agent:monitor:subagent:00000000-0000-4000-8000-000000000001'),
  run: RunId.parse('run-00000000-0000-4000-8000-000000000002'),
};

const never = new AbortController().signal;

/** One reply of the model to what a session holds. Fails the test when the model fails. */
export async function replyOf(
  model: Model,
  role: AgentRole,
  asked: { items: readonly Item[]; callsLeft?: number },
): Promise<Reply> {
  const tools = toolNames.map((name) => ({ name, description: '', schema: {} }));
  const reply = await model.reply(
    { role, turn: aTurn, head: '', tools, items: asked.items, callsLeft: asked.callsLeft ?? 20 },
    never,
  );
  if (reply.kind !== 'reply') throw new Error(`the model failed: ${reply.reason}`);
  return reply;
}

export const wakeItem = (wake: Wake | null): Item => ({
  kind: 'input',
  source: 'wake',
  value: wake === null ? null : { ...wake },
  text: '',
});
export const briefItem = (brief: Brief): Item => ({ kind: 'input', source: 'brief', value: brief, text: '' });

export type Run = { items: Item[]; report: Report | null; acts: ModelCall[]; turns: number };

/** Plays a sub-agent's session: its looks are answered, until it reports or asks for a change. */
export async function play(
  model: Model,
  brief: Brief,
  given: { answer: Answerer; firstCall: number; turns?: number },
): Promise<Run> {
  const items: Item[] = [briefItem(brief)];
  const limit = given.turns ?? 20;
  let number = given.firstCall;
  for (let turn = 1; turn <= limit; turn += 1) {
    const reply = await replyOf(model, brief.role, { items, callsLeft: limit - turn + 1 });
    items.push({ kind: 'reply', text: reply.text, calls: reply.calls });
    const report = reply.calls.find(({ tool }) => tool === 'report');
    if (report !== undefined) return { items, report: Report.parse(report.args), acts: [], turns: turn };
    const acts = reply.calls.filter(({ tool }) => tool.startsWith('service_'));
    if (acts.length > 0) return { items, report: null, acts, turns: turn };
    for (const call of reply.calls) {
      const { outcome, value } = await given.answer(call);
      items.push({
        kind: 'result',
        id: call.id,
        call: CallId.parse(`e${number++}`),
        tool: call.tool,
        outcome,
        value,
        text: '',
      });
    }
  }
  return { items, report: null, acts: [], turns: limit };
}

/** Plays the coordinator for one wake; its calls are answered as carried out. Appends to `items`. */
export async function wake(model: Model, items: Item[], message: Wake | null): Promise<readonly ModelCall[]> {
  items.push(wakeItem(message));
  const made: ModelCall[] = [];
  for (;;) {
    const reply = await replyOf(model, 'coordinator', { items });
    items.push({ kind: 'reply', text: reply.text, calls: reply.calls });
    if (reply.calls.length === 0) return made;
    for (const call of reply.calls) {
      made.push(call);
      items.push({
        kind: 'result',
        id: call.id,
        call: CallId.parse(`e${900 + items.length}`),
        tool: call.tool,
        outcome: 'ok',
        value: {},
        text: '',
      });
    }
  }
}

export const only = (calls: readonly ModelCall[]): ModelCall | undefined =>
  calls.length === 1 ? calls[0] : undefined;
