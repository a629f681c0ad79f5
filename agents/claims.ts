import { FirebreakError } from '#core/errors.ts';
import { checkDiagnosis, checkMonitor, type Look, type Measured } from '#diagnosis/claims.ts';
import type { ReadResult } from '#diagnosis/evidence.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { MonitorBrief, Report } from '#incidents/reports.ts';
import type { Item } from '#llm/model.ts';
import type { AgentSpec } from '#sessions/agent-spec.ts';
import { withMountedGaps } from './mounted-gaps.ts';
import { rankingOf, reportOf } from './rules/diagnosis.ts';
import { monitorView } from './rules/monitor.ts';
import { bandsOf, monitorReport } from './rules/monitor-report.ts';

type Checks = Required<Pick<AgentSpec, 'settle' | 'partial'>>;

/** What of a monitor's report its looks carry, and the report that code makes of them when it gave none: never `healthy`. */
export function monitorClaims(inventory: Inventory): Checks {
  return {
    settle: (report, { brief, items }) => {
      if (report.role !== 'monitor' || brief?.role !== 'monitor') throw withoutBrief(report);
      return checkMonitor(report, measuredBy(brief, items, inventory));
    },
    partial: ({ brief, items }) => {
      if (brief?.role !== 'monitor') return null;
      const measured = measuredBy(brief, items, inventory);
      return checkMonitor({ ...measured.seen, verdict: 'unclear' }, measured).report;
    },
  };
}

function measuredBy(brief: MonitorBrief, items: readonly Item[], inventory: Inventory): Measured {
  const { scene, results } = monitorView(brief, items, inventory);
  return {
    seen: monitorReport(scene, results),
    bands: bandsOf(scene.about.service, results),
    looks: results.flatMap(lookOf),
  };
}

function lookOf(result: ReadResult): Look[] {
  if (result.kind === 'gap') return [];
  const { read, call } = result;
  const signal = read.tool === 'metrics_query' ? read.signal : null;
  return [{ call, tool: read.tool, service: read.service, signal }];
}

/** What of a diagnosis its evidence carries, and the one that code makes of it when it gave none: it names no cause. */
export function diagnosisClaims(inventory: Inventory): Checks {
  return {
    settle: (report, { brief, items }) => {
      if (report.role !== 'diagnosis' || brief?.role !== 'diagnosis') throw withoutBrief(report);
      return checkDiagnosis(report, withMountedGaps(rankingOf(brief, items, inventory), items));
    },
    partial: ({ brief, items }) => {
      if (brief?.role !== 'diagnosis') return null;
      const ranking = withMountedGaps(rankingOf(brief, items, inventory), items);
      return checkDiagnosis({ ...reportOf(ranking), outcome: 'inconclusive' }, ranking).report;
    },
  };
}

/** A session is spawned with the brief of its role, so nothing that an agent says leads here. */
function withoutBrief({ role }: Report): FirebreakError {
  return new FirebreakError('bug', `a report of ${role} without its brief`);
}
