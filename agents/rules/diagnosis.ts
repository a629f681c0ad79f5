import { evidenceOf } from '#diagnosis/evidence.ts';
import { nextReads, pastReads } from '#diagnosis/next-reads.ts';
import { type Ranking, rank } from '#diagnosis/rank.ts';
import type { About } from '#diagnosis/scene.ts';
import { type Inventory, namesObjects } from '#incidents/inventory.ts';
import { serviceOf } from '#incidents/refs.ts';
import type { DiagnosisBrief, DiagnosisReport } from '#incidents/reports.ts';
import type { Item } from '#llm/model.ts';
import { briefOf, readResults, resultsOf } from './transcript.ts';
import { lookTurn, type RulesRole, reportTurn } from './turn.ts';

/** Looks in one turn, and in all: fewer than a run may make. */
const PER_TURN = 4;
const ALL = 28;

/** Looks at what separates the causes that are still possible, until one leads, nothing is left to see, or the budget ends. */
export const diagnosisTurn: RulesRole = (request, inventory) => {
  const brief = briefOf(request.items);
  if (brief?.role !== 'diagnosis') return null;
  const ranking = rankingOf(brief, request.items, inventory);
  const looks = readResults(request.items, brief.since).length;
  const refused = resultsOf(request.items).some(
    ({ outcome, tool }) => outcome === 'refused' && tool !== 'report',
  );
  const report = reportTurn(toldReport(ranking));
  if (request.callsLeft <= 1 || refused) return report;
  const reads = nextReads(ranking, Math.min(PER_TURN, ALL - looks));
  const turn = lookTurn(request, inventory, { reads, at: brief.since });
  if (turn.calls.length > 0) return turn;
  const last = lookTurn(request, inventory, { reads: pastReads(ranking), at: brief.since });
  return last.calls.length > 0 ? last : report;
};

/** The report as the diagnosis agent of this inventory gives it. */
export function toldReport(ranking: Ranking): DiagnosisReport {
  const report = reportOf(ranking);
  if (!namesObjects(ranking.scene.inventory)) return report;
  return { ...report, hypotheses: report.hypotheses.map((one) => ({ ...one, object: one.object ?? null })) };
}

/** The causes as code ranks them by what a diagnosis was told and has seen so far. */
export function rankingOf(brief: DiagnosisBrief, items: readonly Item[], inventory: Inventory): Ranking {
  return rank(evidenceOf(readResults(items, brief.since), brief.findings), inventory, aboutOf(brief));
}

/** What the page is about, as the monitor found it: the first signal of the paged service that is out of band. */
function aboutOf({ service: ref, since, findings }: DiagnosisBrief): About {
  const service = serviceOf(ref);
  const out = findings.find(
    (one) => one.service === service && (one.state === 'high' || one.state === 'low'),
  );
  return { service, signal: out?.signal ?? null, since };
}

/** The ranking as a report. */
export function reportOf(ranking: Ranking): DiagnosisReport {
  const { outcome, hypotheses, ruledOut, gaps, pressure, deploy, replicas, maxReplicas } = ranking;
  return {
    role: 'diagnosis',
    outcome,
    hypotheses: [...hypotheses],
    ruledOut,
    gaps,
    pressure,
    deploy,
    replicas,
    maxReplicas,
  };
}
