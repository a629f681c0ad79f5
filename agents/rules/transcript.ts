import { z } from 'zod';
import type { ReadResult } from '#diagnosis/evidence.ts';
import { lookTools, type Read } from '#diagnosis/read.ts';
import { ServiceRef, serviceOf } from '#incidents/refs.ts';
import { Brief } from '#incidents/reports.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { Item, ModelCall } from '#llm/model.ts';

export type ResultItem = Extract<Item, { kind: 'result' }>;

const LookArgs = z.looseObject({ service: ServiceRef });
const MetricArgs = z.looseObject({ service: ServiceRef, signal: SignalName });
const Reason = z.object({ reason: z.string().regex(/^[a-z_]{1,40}$/) });

/** The brief that a sub-agent was given; null when there is none that parses. */
export function briefOf(items: readonly Item[]): Brief | null {
  for (const item of items) {
    if (item.kind !== 'input' || item.source !== 'brief' || item.value === null) continue;
    const brief = Brief.safeParse(item.value);
    return brief.success ? brief.data : null;
  }
  return null;
}

/** Every call that was asked for so far, in order. */
export function askedCalls(items: readonly Item[]): readonly ModelCall[] {
  return items.flatMap((item) => (item.kind === 'reply' ? item.calls : []));
}

export function resultsOf(items: readonly Item[]): readonly ResultItem[] {
  return items.filter((item) => item.kind === 'result');
}

/** The looks that were asked for, with what came of each. Anything but an answer with an evidence id is a gap. */
export function readResults(items: readonly Item[]): ReadResult[] {
  const asked = new Map(askedCalls(items).map((call) => [call.id, call]));
  return resultsOf(items).flatMap((result): ReadResult[] => {
    const call = asked.get(result.id);
    const read = call === undefined ? null : readOf(call);
    if (read === null) return [];
    const { outcome, call: evidence, value } = result;
    return outcome === 'ok' && evidence !== null
      ? [{ read, kind: 'seen', call: evidence, value }]
      : [{ read, kind: 'gap', reason: reasonOf(result) }];
  });
}

/** Why a call gave nothing, as a word. */
export function reasonOf({ value, outcome }: ResultItem): string {
  const said = Reason.safeParse(value);
  return said.success ? said.data.reason : outcome === 'ok' ? 'bad_answer' : outcome;
}

function readOf({ tool, args }: ModelCall): Read | null {
  if (tool === 'metrics_query') {
    const parsed = MetricArgs.safeParse(args);
    return parsed.success
      ? { tool, service: serviceOf(parsed.data.service), signal: parsed.data.signal }
      : null;
  }
  const look = lookTools.find((name) => name === tool);
  const parsed = LookArgs.safeParse(args);
  return look === undefined || !parsed.success
    ? null
    : { tool: look, service: serviceOf(parsed.data.service) };
}
