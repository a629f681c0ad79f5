import { z } from 'zod';
import type { ReadResult } from '#diagnosis/evidence.ts';
import { ClusterLook, type ClusterRead, lookTools, type Read } from '#diagnosis/read.ts';
import { ServiceRef, serviceOf } from '#incidents/refs.ts';
import { Brief } from '#incidents/reports.ts';
import { SignalName } from '#incidents/vocabulary.ts';
import type { Item, ModelCall } from '#llm/model.ts';

export type ResultItem = Extract<Item, { kind: 'result' }>;

const LookArgs = z.looseObject({ service: ServiceRef });
const SystemArgs = z.looseObject({ system: ServiceRef });
const MetricArgs = z.looseObject({ service: ServiceRef, signal: SignalName, at: z.number() });
const ScanArgs = z.looseObject({ service: ServiceRef, at: z.number() });
/** A look may take the page as so much older or newer than it is: what is before the page counts as normal. */
const EARLIER_MS = 15 * 60_000;
const LATER_MS = 60_000;
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

/**
 * The looks that were asked for, with what came of each. Anything but an answer with an evidence id is a gap. A signal that
 * was judged as if the page had begun at another time than `began` was not looked at: the fault itself could pass for normal.
 */
export function readResults(items: readonly Item[], began: number): ReadResult[] {
  const asked = new Map(askedCalls(items).map((call) => [call.id, call]));
  return resultsOf(items).flatMap((result): ReadResult[] => {
    const call = asked.get(result.id);
    const read = call === undefined ? null : readOf(call, began);
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

function readOf({ tool, args }: ModelCall, began: number): Read | null {
  if (tool === 'metrics_query') {
    const parsed = MetricArgs.safeParse(args);
    if (!parsed.success || !isInTime(parsed.data.at, began)) return null;
    return { tool, service: serviceOf(parsed.data.service), signal: parsed.data.signal };
  }
  if (tool === 'system_scan') {
    const parsed = ScanArgs.safeParse(args);
    if (!parsed.success || !isInTime(parsed.data.at, began)) return null;
    return { tool, service: serviceOf(parsed.data.service) };
  }
  const cluster = clusterReadOf(tool, args);
  if (cluster !== null) return cluster;
  const look = lookTools.find((name) => name === tool);
  const parsed = LookArgs.safeParse(args);
  return look === undefined || !parsed.success
    ? null
    : { tool: look, service: serviceOf(parsed.data.service) };
}

const isInTime = (at: number, began: number): boolean => at >= began - EARLIER_MS && at <= began + LATER_MS;

function clusterReadOf(tool: string, args: ModelCall['args']): ClusterRead | null {
  const scope = SystemArgs.safeParse(args);
  if (!scope.success) return null;
  const { system, ...rest } = scope.data;
  const look = ClusterLook.safeParse({ tool, args: rest });
  return look.success ? { ...look.data, service: serviceOf(system) } : null;
}
