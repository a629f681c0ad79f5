import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import type { Frame, Outgoing } from './asked.ts';
import { inParts } from './parts.ts';

type Response = {
  readonly status: string;
  readonly begun: JsonValue;
  readonly ended: JsonValue;
  readonly output: readonly JsonValue[];
};

/** A response as the events that build it up; its usage is told by the last one only. */
export function responseFrames({ tokens }: Outgoing, { status, begun, ended, output }: Response): Frame[] {
  let sequence = 0;
  const event: Event = (type, body) => ({
    text: `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...body })}\n\n`,
  });
  const first = ['response.created', 'response.in_progress'].map((type) => event(type, { response: begun }));
  const items = output.flatMap((item, at) => itemFrames(item, at, event));
  return [...first, ...items, { ...event(`response.${status}`, { response: ended }), told: tokens }];
}

type Event = (type: string, body: { [key: string]: JsonValue }) => Frame;
const OutputItem = z.union([
  z.looseObject({
    type: z.literal('message'),
    id: z.string(),
    content: z.tuple([
      z.looseObject({ type: z.string(), text: z.string().optional(), refusal: z.string().optional() }),
    ]),
  }),
  z.looseObject({ type: z.literal('function_call'), id: z.string(), arguments: z.string() }),
]);

function itemFrames(whole: JsonValue, output_index: number, event: Event): Frame[] {
  const item = OutputItem.parse(whole);
  const json = (value: unknown): JsonValue => z.json().parse(value);
  const item_id = item.id;
  const at = { item_id, output_index };
  if (item.type === 'function_call') {
    return [
      event('response.output_item.added', {
        output_index,
        item: json({ ...item, arguments: '', status: 'in_progress' }),
      }),
      ...inParts(item.arguments).map((delta) =>
        event('response.function_call_arguments.delta', { ...at, delta }),
      ),
      event('response.function_call_arguments.done', { ...at, arguments: item.arguments }),
      event('response.output_item.done', { output_index, item: whole }),
    ];
  }
  const [part] = item.content;
  const isText = part.type === 'output_text';
  const said = (isText ? part.text : part.refusal) ?? '';
  const field = isText ? 'text' : 'refusal';
  const place = { ...at, content_index: 0 };
  const name = isText ? 'response.output_text' : 'response.refusal';
  return [
    event('response.output_item.added', {
      output_index,
      item: json({ ...item, content: [], status: 'in_progress' }),
    }),
    event('response.content_part.added', { ...place, part: json({ ...part, [field]: '' }) }),
    ...inParts(said).map((delta) =>
      event(`${name}.delta`, { ...place, delta, ...(isText && { logprobs: [] }) }),
    ),
    event(`${name}.done`, { ...place, [field]: said, ...(isText && { logprobs: [] }) }),
    event('response.content_part.done', { ...place, part: json(part) }),
    event('response.output_item.done', { output_index, item: whole }),
  ];
}
