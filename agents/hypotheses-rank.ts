import { z } from 'zod';
import type { RunId } from '#core/ids.ts';
import { nextReads } from '#diagnosis/next-reads.ts';
import type { Ranking } from '#diagnosis/rank.ts';
import { isClusterRead, type Read } from '#diagnosis/read.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { Item } from '#llm/model.ts';
import type { SessionTool, ToolResult } from '#tools/tool.ts';
import { rankingOf, toldReport } from './rules/diagnosis.ts';
import { briefOf } from './rules/transcript.ts';

const Args = z.strictObject({});
/** Looks that are named as worth most. */
const MOST_READS = 4;

export type HypothesesRankDeps = {
  readonly inventory: Inventory;
  /** The transcript of a run that lasts. */
  readonly items: (run: RunId) => readonly Item[] | undefined;
};

/** `hypotheses_rank`: how code ranks the causes by what this diagnosis has seen so far, with the looks that each rests on. */
export function hypothesesRankTool(deps: HypothesesRankDeps): SessionTool<z.infer<typeof Args>> {
  return {
    kind: 'session',
    tier: 'R0',
    name: 'hypotheses_rank',
    version: 1,
    description: 'How the program ranks the causes by what you have read, and what to read next.',
    args: Args,
    deadlineMs: 5_000,
    perform: (_args, { caller }) => {
      const items = caller.kind === 'agent' ? deps.items(caller.run) : undefined;
      return Promise.resolve(ranked(items ?? [], deps.inventory));
    },
  };
}

function ranked(items: readonly Item[], inventory: Inventory): ToolResult {
  const brief = briefOf(items);
  if (brief?.role !== 'diagnosis')
    return { kind: 'gap', reason: 'refused', detail: 'only a diagnosis can be ranked' };
  const ranking = rankingOf(brief, items, inventory);
  const reads = nextReads(ranking, MOST_READS).map(wordsOf);
  const { outcome, hypotheses } = ranking;
  const first = hypotheses[0];
  const facts = {
    outcome,
    first:
      first === undefined
        ? null
        : { cause: first.cause, service: first.service, confidence: first.confidence },
  };
  return { kind: 'ok', value: { ...toldReport(ranking), reads }, text: textOf(ranking, reads), facts };
}

function textOf({ outcome, hypotheses, ruledOut }: Ranking, reads: readonly string[]): string {
  const ids = (calls: readonly string[]): string => calls.join(' ') || 'nothing';
  return [
    `by what was read: ${outcome}`,
    ...hypotheses.map(
      (one) =>
        `${one.cause} of ${one.object ?? one.service}: ${one.confidence} of 100, for ${ids(one.for)}, against ${ids(one.against)}`,
    ),
    ...ruledOut.map(
      (one) => `ruled out: ${one.cause} of ${one.object ?? one.service}, by ${ids(one.evidence)}`,
    ),
    `worth reading next: ${reads.join(', ') || 'nothing'}`,
  ].join('\n');
}

function wordsOf(read: Read): string {
  if (isClusterRead(read)) return `${read.tool} ${JSON.stringify(read.args)} of ${read.service}`;
  return read.tool === 'metrics_query'
    ? `${read.tool} ${read.signal} of ${read.service}`
    : `${read.tool} of ${read.service}`;
}
