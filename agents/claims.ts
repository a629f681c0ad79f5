import { checkClaims } from '#diagnosis/claims.ts';
import type { Report } from '#incidents/reports.ts';
import type { ReportContext } from '#sessions/agent-spec.ts';

/** A claim that no answered read of this incident carries does not leave its session. */
export function dropUnfounded(report: Report, context: ReportContext): { report: Report; dropped: number } {
  return checkClaims(report, context.calls);
}
