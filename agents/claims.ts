import { checkClaims } from '#diagnosis/claims.ts';
import type { Finding, MonitorReport, Report } from '#incidents/reports.ts';
import type { EvidenceCall, ReportContext } from '#sessions/agent-spec.ts';

type Checked = { report: Report; dropped: number };

/** A claim that no answered read of this incident carries does not leave its session. */
export function dropUnfounded(report: Report, { calls }: ReportContext): Checked {
  const said = report.role === 'monitor' ? asSeen(report, calls) : { report, dropped: 0 };
  const checked = checkClaims(said.report, calls);
  return { report: checked.report, dropped: said.dropped + checked.dropped };
}

/**
 * What a monitor says of a signal must be what the newest read it cites found, and the band that the signal must come
 * back into must be one that was measured: an incident is closed, and a change is judged, by these.
 */
function asSeen(report: MonitorReport, calls: readonly EvidenceCall[]): Checked {
  const findings = report.findings.filter((finding) => isAsSeen(finding, calls));
  const { signal } = report;
  const measured = signal === null || calls.some((call) => isBandOf(call, signal));
  const kept = { ...report, findings, signal: measured ? signal : null };
  return { report: kept, dropped: report.findings.length - findings.length + (measured ? 0 : 1) };
}

function isAsSeen({ state, evidence }: Finding, calls: readonly EvidenceCall[]): boolean {
  const cited = calls.filter(({ call, tool }) => tool === 'metrics_query' && evidence.includes(call));
  return cited.length === 0 || cited.at(-1)?.found?.state === state;
}

function isBandOf(call: EvidenceCall, signal: NonNullable<MonitorReport['signal']>): boolean {
  if (call.service !== signal.service || call.signal !== signal.name || call.found === null) return false;
  // More instances than before are no fault.
  const isOpen = signal.name === 'instances_up' && signal.high === '1000';
  return call.found.low === signal.low && (call.found.high === signal.high || isOpen);
}
