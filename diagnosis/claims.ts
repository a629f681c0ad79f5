import type { CallId, ServiceId } from '#core/ids.ts';
import type { DiagnosisReport, Finding, Hypothesis, MonitorReport, Report } from '#incidents/reports.ts';
import type { SignalName } from '#incidents/vocabulary.ts';

/** A look of this incident that answered, and what it was about. */
export type EvidenceCall = {
  readonly call: CallId;
  readonly tool: string;
  readonly service: ServiceId | null;
  readonly signal: SignalName | null;
};

/** The report without its unfounded claims, and how many those were. */
export type CheckedClaims = { readonly report: Report; readonly dropped: number };

/**
 * Drops what the evidence does not carry: findings and hypotheses that cite no look at the very thing they are about, and
 * citations that are not a look of this incident. A verdict or outcome that has lost its ground is taken back to
 * `unclear` or `inconclusive`. Trusts only `calls`. Pure; never throws.
 */
export function checkClaims(report: Report, calls: readonly EvidenceCall[]): CheckedClaims {
  const known = new Map<string, EvidenceCall>(calls.map((one) => [one.call, one]));
  switch (report.role) {
    case 'monitor':
      return checkMonitor(report, known);
    case 'diagnosis':
      return checkDiagnosis(report, known);
    case 'remediation':
      return { report, dropped: 0 };
  }
}

type Known = ReadonlyMap<string, EvidenceCall>;

function checkMonitor(report: MonitorReport, known: Known): CheckedClaims {
  const findings = report.findings.filter((finding) => isFounded(finding, known));
  const { signal } = report;
  const seen = findings.find(
    ({ service, signal: name }) => service === signal?.service && name === signal.name,
  );
  const kept = seen === undefined ? null : signal;
  const hasGround =
    report.verdict === 'unclear' ||
    (report.verdict === 'healthy'
      ? kept !== null && seen?.state === 'normal'
      : findings.some(({ state }) => state === 'high' || state === 'low'));
  const dropped = report.findings.length - findings.length + (kept === signal ? 0 : 1) + (hasGround ? 0 : 1);
  const verdict = hasGround ? report.verdict : 'unclear';
  return { report: { ...report, verdict, signal: kept, findings }, dropped };
}

/** A finding about a signal rests on a look at that signal; about instances also on what runs there. */
function isFounded(finding: Finding, known: Known): boolean {
  return finding.evidence.length > 0
    ? finding.evidence.every((call) => isAbout(known.get(call), finding))
    : finding.state === 'unseen';
}

function isAbout(call: EvidenceCall | undefined, { service, signal }: Finding): boolean {
  if (call === undefined || call.service !== service) return false;
  if (call.tool === 'metrics_query') return call.signal === signal;
  return signal === 'instances_up' && (call.tool === 'workload_status' || call.tool === 'http_probe');
}

function checkDiagnosis(report: DiagnosisReport, known: Known): CheckedClaims {
  let dropped = 0;
  const cited = (evidence: readonly CallId[]): CallId[] => {
    const kept = evidence.filter((call) => known.has(call));
    dropped += evidence.length - kept.length;
    return kept;
  };
  const grounded = ({ service, for: speaksFor }: Hypothesis): boolean =>
    speaksFor.some((call) => known.get(call)?.service === service);
  const before = report.hypotheses[0];
  const hypotheses = report.hypotheses
    .map((one) => ({ ...one, for: cited(one.for), against: cited(one.against) }))
    .filter(grounded);
  dropped += report.hypotheses.length - hypotheses.length;
  const ruledOut = report.ruledOut
    .map((one) => ({ ...one, evidence: cited(one.evidence) }))
    .filter(({ evidence }) => evidence.length > 0);
  dropped += report.ruledOut.length - ruledOut.length;
  const first = hypotheses[0];
  const isNamed = report.outcome === 'likely' || report.outcome === 'confirmed';
  const lost =
    isNamed && (first === undefined || first.cause !== before?.cause || first.service !== before.service);
  const kept = { ...report, hypotheses, ruledOut };
  return lost
    ? {
        report: {
          ...kept,
          outcome: 'inconclusive',
          pressure: null,
          deploy: null,
          replicas: null,
          maxReplicas: null,
        },
        dropped: dropped + 1,
      }
    : { report: kept, dropped };
}
