import type { JsonObject, JsonValue } from '#core/canonical.ts';
import { cleanMembers } from '#core/clean.ts';
import { sha256 } from '#core/hash.ts';
import type { SessionKey } from '#core/ids.ts';
import { redact } from '#core/redact.ts';
import type { BodyOf } from '#incidents/entry.ts';
import type { Item } from '#llm/model.ts';
import { loadTranscript, type TranscriptLine, type TranscriptQuery } from './transcript.ts';

/**
 * A session as OpenClaw v3 JSONL: a header line, then a chain of entries, each naming the one before it. Ends with a
 * newline. Secrets of known formats are taken out. Made from the log alone and equal for equal logs. Throws `log_tampered` when a payload does not match.
 */
export async function exportSession(query: TranscriptQuery): Promise<string> {
  const lines = await loadTranscript(query);
  const header = {
    type: 'session',
    version: 3,
    id: sessionId(query.session),
    timestamp: iso(lines[0]?.at ?? 0),
    sessionKey: query.session,
  };
  const entries = lines.map((line, index) => ({
    ...contentOf(line),
    id: entryId(index),
    parentId: index === 0 ? null : entryId(index - 1),
    timestamp: iso(line.at),
  }));
  return [header, ...entries.map((entry) => cleanMembers(entry, redact))]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');
}

const iso = (ms: number): string => new Date(ms).toISOString();
const entryId = (index: number): string => (index + 1).toString(16).padStart(8, '0');

/** The format wants a uuid; this one is the key's own digest, so that an export can be repeated. */
function sessionId(session: SessionKey): string {
  const hex = sha256(`session\0${session}`);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function contentOf(line: TranscriptLine): JsonObject {
  if (line.kind === 'item') return { type: 'message', message: message(line.item, line.at, line.turn) };
  const { run, outcome, reason, report, droppedClaims } = line.run;
  const data = { run, outcome, reason, report: report === null ? null : { ...report }, droppedClaims };
  return { type: 'custom', customType: 'firebreak.run_settled', data };
}

function message(item: Item, timestamp: number, turn: BodyOf<'turn.replied'> | null): JsonObject {
  switch (item.kind) {
    case 'input':
      return { role: 'user', content: [text(item.text)], timestamp };
    case 'result':
      return {
        role: 'toolResult',
        toolCallId: item.id,
        toolName: item.tool,
        content: [text(item.text)],
        isError: item.outcome !== 'ok' && item.outcome !== 'proposed',
        details: { outcome: item.outcome, call: item.call },
        timestamp,
      };
    case 'reply':
      return { role: 'assistant', ...reply(item), ...cost(turn), timestamp };
  }
}

function reply(item: Extract<Item, { kind: 'reply' }>): JsonObject {
  const calls = item.calls.map(
    ({ id, tool, args }): JsonValue => ({ type: 'toolCall', id, name: tool, arguments: args }),
  );
  return { content: item.text === '' ? calls : [text(item.text), ...calls] };
}

const text = (content: string): JsonObject => ({ type: 'text', text: content });

const STOP_REASONS: Readonly<Record<string, string>> = {
  tool_use: 'toolUse',
  end: 'stop',
  length: 'length',
  refusal: 'error',
};

/** Tokens and money of a turn; money in US dollars, as the format has it. */
function cost(turn: BodyOf<'turn.replied'> | null): JsonObject {
  const {
    inputTokens = 0,
    outputTokens = 0,
    usdMicros = 0,
    mode = 'model',
    model = 'unknown',
    stop = '',
  } = turn ?? {};
  const usage = {
    input: inputTokens,
    output: outputTokens,
    cacheRead: 0,
    cacheWrite: 0,
    totalTokens: inputTokens + outputTokens,
    cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: usdMicros / 1e6 },
  };
  return { api: 'firebreak', provider: mode, model, usage, stopReason: STOP_REASONS[stop] ?? 'stop' };
}
