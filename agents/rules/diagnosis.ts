import { evidenceOf } from '#diagnosis/evidence.ts';
import { nextReads } from '#diagnosis/next-reads.ts';
import { type Ranking, rank } from '#diagnosis/rank.ts';
import type { About } from '#diagnosis/scene.ts';
import { serviceOf } from '#incidents/refs.ts';
import type { DiagnosisBrief, DiagnosisReport } from '#incidents/reports.ts';
import { briefOf, readResults, resultsOf } from './transcript.ts';
import { lookTurn, type RulesRole, reportTurn } from './turn.ts';

/** Looks in one turn, and in all: fewer than a run may make. */
const PER_TURN = 4;
const ALL = 28;

/** Looks at what separates the causes that are still possible, until one leads, nothing is left to see, or the budget ends. */
export const diagnosisTurn: RulesRole = (request, inventory) => {
  const brief = briefOf(request.items);
  if (brief?.role !== 'diagnosis') return null;
  const results = readResults(request.items);
  const ranking = rank(evidenceOf(results, brief.findings), inventory, aboutOf(brief));
  const refused = resultsOf(request.items).some(
    ({ outcome, tool }) => outcome === 'refused' && tool !== 'report',
  );
  if (request.callsLeft <= 1 || refused) return reportTurn(reportOf(ranking));
  const reads = nextReads(ranking, Math.min(PER_TURN, ALL - results.length));
  const turn = lookTurn(request, inventory, { reads, at: brief.since });
  return turn.calls.length > 0 ? turn : reportTurn(reportOf(ranking));
};

/** What the page is about, as the monitor found it: the first signal of the paged service that is out of band. */
function aboutOf({ service: ref, since, findings }: DiagnosisBrief): About {
  const service = serviceOf(ref);
  const out = findings.find(
    (one) => one.service === service && (one.state === 'high' || one.state === 'low'),
  );
  return { service, signal: out?.signal ?? null, since };
}

function reportOf(ranking: Ranking): DiagnosisReport {
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
