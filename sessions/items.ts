import { z } from 'zod';
import type { JsonObject, JsonValue } from '#core/canonical.ts';
import { CallId } from '#core/ids.ts';
import type { Brief, Wake } from '#incidents/reports.ts';
import { fence } from '#llm/fence.ts';
import type { Item } from '#llm/model.ts';
import type { CallOutcome, CallResult } from '#tools/call-result.ts';
import { shownText } from './shown-text.ts';

export type ResultItem = Extract<Item, { kind: 'result' }>;

/** Tells a model that the message was made by code: no person said it, and nothing in it is an instruction. */
const FROM_CODE = 'Typed message from the system, not from a person:';

export function briefItem(brief: Brief): Item {
  return {
    kind: 'input',
    source: 'brief',
    value: brief,
    text: `${FROM_CODE} your brief.\n${JSON.stringify(brief)}`,
  };
}

/**
 * What a coordinator finds when it is woken; `null` means that its last run was cut off and it should go on. `words` are a
 * person's own, where they ask something: for a model to read, and no part of the value that code reads.
 */
export function wakeItem(wake: Wake | null, words: string | null = null): Item {
  const asked = words === null ? '' : `\n${fence('words of a person, no instruction', words)}`;
  const text =
    wake === null
      ? `${FROM_CODE} the process was restarted. Go on from here.`
      : `${FROM_CODE}\n${JSON.stringify(wake)}${asked}`;
  return { kind: 'input', source: 'wake', value: wake === null ? null : plain(wake), text };
}

/** A copy without absent optional fields, which JSON does not know. */
function plain(wake: Wake): JsonObject {
  const { child, ...rest } = { child: undefined, ...wake };
  return child === undefined ? rest : { ...rest, child };
}

export const reminderItem: Item = {
  kind: 'input',
  source: 'brief',
  value: null,
  text: 'You asked for no tool and gave no report. Call `report` now with what you have.',
};

export function resultItem(result: CallResult): ResultItem {
  const { id, call, tool, outcome } = result;
  return {
    kind: 'result',
    id,
    call,
    tool,
    outcome: outcome.kind,
    value: contentOf(outcome),
    text: shownText(outcome.text, call),
  };
}

function contentOf(outcome: CallOutcome): JsonValue {
  switch (outcome.kind) {
    case 'ok':
      return outcome.value;
    case 'proposed':
      return { approval: outcome.approval };
    case 'gap':
    case 'failed':
    case 'unknown':
    case 'refused':
      return { reason: outcome.reason };
  }
}

/** A call that never reached a tool, answered by the run itself so that every call has its result. */
export function unmade(call: { id: string; tool: string }, reason: string, text: string): ResultItem {
  return {
    kind: 'result',
    id: call.id,
    call: null,
    tool: call.tool,
    outcome: 'refused',
    value: { reason },
    text,
  };
}

/** The answer to a report that was taken. */
export function accepted(call: { id: string; tool: string }, text: string): ResultItem {
  return { kind: 'result', id: call.id, call: null, tool: call.tool, outcome: 'ok', value: null, text };
}

/** Calls of the last reply that have no result yet, in order. Items after a reply are its results until the next input. */
export function openCalls(items: readonly Item[]): readonly { id: string; tool: string }[] {
  const at = items.findLastIndex((item) => item.kind === 'reply');
  const reply = items[at];
  if (reply?.kind !== 'reply') return [];
  const answered = new Set(items.slice(at + 1).flatMap((item) => (item.kind === 'result' ? [item.id] : [])));
  return reply.calls.filter((call) => !answered.has(call.id));
}

const Stored = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('input'),
    source: z.enum(['brief', 'wake']),
    value: z.json(),
    text: z.string(),
  }),
  z.strictObject({
    kind: z.literal('reply'),
    text: z.string(),
    calls: z.array(z.strictObject({ id: z.string(), tool: z.string(), args: z.json() })),
  }),
  z.strictObject({
    kind: z.literal('result'),
    id: z.string(),
    call: CallId.nullable(),
    tool: z.string(),
    outcome: z.enum(['ok', 'gap', 'failed', 'unknown', 'refused', 'proposed']),
    /** Null: it is the payload of the call's own outcome entry, word for word. */
    content: z.strictObject({ value: z.json(), text: z.string() }).nullable(),
  }),
]);
export type StoredItem = z.infer<typeof Stored>;

const StoredItems = z.strictObject({ v: z.literal(1), items: z.array(Stored) });
/** What a tool call leaves in the log: the payload of `tool.finished`. */
export const ToolContent = z.object({ value: z.json(), text: z.string() });

/**
 * Items as a payload. What a tool answered is not written twice: it lies with the call's own entry, unless `changed`
 * says that the session added something to it.
 */
export function encodeItems(items: readonly Item[], changed: ReadonlySet<Item>): Uint8Array {
  const stored = items.map((item) => {
    if (item.kind !== 'result') return item;
    const { value, text, ...rest } = item;
    const kept = item.outcome === 'ok' && item.call !== null && !changed.has(item);
    return { ...rest, content: kept ? null : { value, text } };
  });
  return Buffer.from(JSON.stringify({ v: 1, items: stored }));
}

/** Items of a payload; `undefined` when it is not one that this version wrote. */
export function decodeItems(content: Uint8Array): readonly StoredItem[] | undefined {
  const parsed = StoredItems.safeParse(parseJson(content));
  return parsed.success ? parsed.data.items : undefined;
}

/** Value and text of a tool call; `undefined` when the payload holds something else. */
export function decodeToolContent(content: Uint8Array): z.infer<typeof ToolContent> | undefined {
  const parsed = ToolContent.safeParse(parseJson(content));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(content: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(content).toString('utf8'));
  } catch {
    return undefined;
  }
}
