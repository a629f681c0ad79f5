import { z } from 'zod';
import type { Ranking } from '#diagnosis/rank.ts';
import { ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { DiagnosisReport } from '#incidents/reports.ts';
import type { Item } from '#llm/model.ts';
import { askedCalls, reasonOf, resultsOf } from './rules/transcript.ts';

type GapLine = DiagnosisReport['gaps'][number];

const About = z.looseObject({ service: ServiceRef });

/** Longest list that a report takes. */
const MOST = 12;

/** The same ranking, which also says what could not be seen through servers of others. What was seen through them is no evidence. */
export function withMountedGaps(ranking: Ranking, items: readonly Item[]): Ranking {
  return { ...ranking, gaps: [...mountedGaps(items), ...ranking.gaps].slice(0, MOST) };
}

/** Looks of mounted tools that gave nothing the last time they were made. */
function mountedGaps(items: readonly Item[]): readonly GapLine[] {
  const asked = new Map(askedCalls(items).map((call) => [call.id, call]));
  const last = new Map<string, GapLine | null>();
  for (const result of resultsOf(items)) {
    const about = About.safeParse(asked.get(result.id)?.args);
    if (!result.tool.startsWith('mcp_') || !about.success) continue;
    const service = serviceOf(about.data.service);
    const gap = { service, tool: result.tool, reason: reasonOf(result) };
    // A refused call was never made: nothing is missing because of it.
    if (result.outcome !== 'refused')
      last.set(`${service} ${result.tool}`, result.outcome === 'ok' ? null : gap);
  }
  return [...last.values()].filter((gap) => gap !== null);
}
