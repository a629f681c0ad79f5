import type { Entry, Log, PayloadRef } from '#audit/log.ts';
import type { CallId, IncidentId, SessionKey } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import type { Item, ResultOutcome } from '#llm/model.ts';
import { briefItem, decodeItems, decodeToolContent, openCalls, type StoredItem, wakeItem } from './items.ts';
import { shownText } from './shown-text.ts';

/** Which session, and the sequence number before which nothing of it lies. */
export type TranscriptQuery = {
  readonly log: Log;
  readonly incident: IncidentId;
  readonly session: SessionKey;
  readonly from: number;
};

/** An item, when it was recorded, and for a reply what its turn cost. */
export type TranscriptLine =
  | { kind: 'item'; at: number; item: Item; turn: BodyOf<'turn.replied'> | null }
  | { kind: 'settled'; at: number; run: BodyOf<'run.settled'> };

type MadeCall = { call: CallId; tool: string; outcome: ResultOutcome; content: PayloadRef | undefined };

type Reader = TranscriptQuery & {
  readonly lines: TranscriptLine[];
  readonly items: Item[];
  /** Calls since the last reply, in the order they were made. */
  made: MadeCall[];
  readonly contents: Map<CallId, PayloadRef>;
};

/** What a session holds, rebuilt from the log alone. Throws `log_tampered` if a payload does not match its entry. */
export async function loadItems(query: TranscriptQuery): Promise<Item[]> {
  const lines = await loadTranscript(query);
  return lines.flatMap((line) => (line.kind === 'item' ? [line.item] : []));
}

/**
 * The session as it happened. A call whose result was not recorded because the process ended gets one here, by what
 * the log knows of it: its outcome, `unknown` for an intent without an outcome, `refused` where there was no intent.
 */
export async function loadTranscript(query: TranscriptQuery): Promise<TranscriptLine[]> {
  const reader: Reader = { ...query, lines: [], items: [], made: [], contents: new Map() };
  for await (const entry of query.log.read(query.from)) {
    if (entry.incidentId !== query.incident || entry.sessionId !== query.session) continue;
    const fact = readFact(entry);
    if (fact !== undefined) await take(reader, fact);
  }
  return reader.lines;
}

async function take(reader: Reader, fact: Fact): Promise<void> {
  const { entry } = fact;
  if (fact.kind === 'session.spawned' && fact.body.brief !== null) {
    push(reader, entry.ts, briefItem(fact.body.brief));
  }
  if (fact.kind === 'run.started' && fact.body.role === 'coordinator') {
    push(reader, entry.ts, wakeItem(fact.body.wake, await wordsOf(reader, entry)));
  }
  if (fact.kind === 'tool.intended') {
    reader.made.push({ call: fact.body.call, tool: fact.body.tool, outcome: 'unknown', content: undefined });
  }
  if (fact.kind === 'tool.finished') finished(reader, fact.body, entry.payloads[0]);
  if (fact.kind === 'turn.replied') {
    await takePayload(reader, entry, fact.body);
    reader.made = [];
  }
  if (fact.kind === 'run.settled') {
    await takePayload(reader, entry, null);
    await answerOpenCalls(reader, entry.ts);
    reader.lines.push({ kind: 'settled', at: entry.ts, run: fact.body });
  }
}

/** What a person asked lies with the start of the run that answers; erased words are said to be gone. */
async function wordsOf(reader: Reader, { payloads: [ref] }: Entry): Promise<string | null> {
  if (ref === undefined) return null;
  const content = await reader.log.payload(reader.incident, ref);
  return content === undefined ? '(erased)' : Buffer.from(content).toString('utf8');
}

function push(reader: Reader, at: number, item: Item, turn: BodyOf<'turn.replied'> | null = null): void {
  reader.items.push(item);
  reader.lines.push({ kind: 'item', at, item, turn });
}

function finished(reader: Reader, body: BodyOf<'tool.finished'>, content: PayloadRef | undefined): void {
  const made = reader.made.find((candidate) => candidate.call === body.call);
  if (made !== undefined) Object.assign(made, { outcome: body.outcome, content });
  if (content !== undefined) reader.contents.set(body.call, content);
}

async function takePayload(reader: Reader, entry: Entry, turn: BodyOf<'turn.replied'> | null): Promise<void> {
  const ref = entry.payloads[0];
  if (ref === undefined) return;
  const content = await reader.log.payload(reader.incident, ref);
  const stored = content === undefined ? undefined : decodeItems(content);
  if (stored === undefined) {
    const text = content === undefined ? '(erased)' : '(not readable)';
    push(reader, entry.ts, { kind: 'reply', text, calls: [] }, turn);
    return;
  }
  for (const item of stored) {
    push(reader, entry.ts, await restore(reader, item), item.kind === 'reply' ? turn : null);
  }
}

async function restore(reader: Reader, stored: StoredItem): Promise<Item> {
  if (stored.kind !== 'result') return stored;
  const { content, ...rest } = stored;
  const ref = stored.call === null ? undefined : reader.contents.get(stored.call);
  return { ...rest, ...(content ?? (await shownContent(reader, ref, stored.call))) };
}

/** What a call answered, as the session held it. */
async function shownContent(reader: Reader, ref: PayloadRef | undefined, call: CallId | null) {
  const bytes = ref === undefined ? undefined : await reader.log.payload(reader.incident, ref);
  const content = bytes === undefined ? undefined : decodeToolContent(bytes);
  return content === undefined
    ? { value: null, text: '(not kept)' }
    : { value: content.value, text: shownText(content.text, call) };
}

/** Calls are made in the order they were asked for, so the first unclaimed call of that tool is the one. */
async function answerOpenCalls(reader: Reader, at: number): Promise<void> {
  for (const { id, tool } of openCalls(reader.items)) {
    const index = reader.made.findIndex((candidate) => candidate.tool === tool);
    const made = index < 0 ? undefined : reader.made.splice(index, 1)[0];
    const base = { kind: 'result', id, tool } as const;
    if (made === undefined) {
      const text = 'The process ended before this call was made.';
      push(reader, at, { ...base, call: null, outcome: 'refused', value: { reason: 'interrupted' }, text });
    } else if (made.outcome === 'unknown') {
      const text = 'The process ended before the outcome was known.';
      push(reader, at, {
        ...base,
        call: made.call,
        outcome: 'unknown',
        value: { reason: 'interrupted' },
        text,
      });
    } else {
      const content = await shownContent(reader, made.content, made.call);
      push(reader, at, { ...base, call: made.call, outcome: made.outcome, ...content });
    }
  }
}
