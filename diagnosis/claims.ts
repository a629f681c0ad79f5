import type { CallId, ServiceId } from '#core/ids.ts';
import type { DiagnosisReport, Finding, Hypothesis, MonitorReport } from '#incidents/reports.ts';
import type { DiagnosisOutcome, SignalName } from '#incidents/vocabulary.ts';
import { LIKELY } from './assessment.ts';
import type { Ranking } from './rank.ts';

/** A look of this session that answered, and what it was about. */
export type Look = {
  readonly call: CallId;
  readonly tool: string;
  readonly service: ServiceId;
  readonly signal: SignalName | null;
};

/** What code says of a monitor's looks: the report that it would give, and the band of each signal that has one. */
export type Measured = {
  readonly seen: MonitorReport;
  readonly bands: readonly NonNullable<MonitorReport['signal']>[];
  readonly looks: readonly Look[];
};

/** A report without its unfounded claims, and how many those were. */
export type Checked<R> = { readonly report: R; readonly dropped: number };

/**
 * What of a monitor's report the looks carry. What code says of the same looks gives every number, the verdict and
 * the band. A finding stays when it cites looks at that very signal and says what they found; trouble that was
 * measured and left out is put back. `impaired` is what was measured, `healthy` takes both, all else is `unclear`. The
 * signal that must come back is the agent's choice among those that are out. Pure; never throws.
 */
export function checkMonitor(report: MonitorReport, measured: Measured): Checked<MonitorReport> {
  const { seen, looks } = measured;
  const kept = unique(
    report.findings.flatMap((finding) => {
      const found = seen.findings.find((one) => isSame(one, finding));
      return asSeen(finding, found, looks) ?? [];
    }),
  );
  const left = seen.findings.filter((one) => isOut(one) && !kept.some((known) => isSame(known, one)));
  const findings = [...kept, ...left].slice(0, 24);
  const verdict =
    seen.verdict === 'healthy' && report.verdict !== 'healthy' ? ('unclear' as const) : seen.verdict;
  const signal = verdict === 'impaired' ? chosenSignal(report, measured) : seen.signal;
  const lost = [
    report.verdict !== 'unclear' && report.verdict !== verdict,
    report.signal !== null && !isSameSignal(report.signal, signal),
  ];
  const since =
    signal === seen.signal
      ? seen.since
      : (findings.find((one) => isAboutSignal(one, signal))?.since ?? seen.since);
  return {
    report: { role: 'monitor', verdict, signal, since, findings },
    dropped: report.findings.length - kept.length + lost.filter(Boolean).length,
  };
}

type Named = Pick<Finding, 'service' | 'signal'>;
const isSame = (a: Named, b: Named): boolean => a.service === b.service && a.signal === b.signal;
const isOut = ({ state }: Finding): boolean => state === 'high' || state === 'low';
const unique = (findings: readonly Finding[]): Finding[] =>
  findings.filter((one, at) => findings.findIndex((other) => isSame(one, other)) === at);

/** The finding as it was measured; a gap that nobody looked at may be stated too. */
function asSeen(finding: Finding, found: Finding | undefined, looks: readonly Look[]): Finding | null {
  const cited = finding.evidence.map((call) => looks.find((look) => look.call === call));
  if (!cited.every((look) => look !== undefined && isAbout(look, finding))) return null;
  if (finding.state === 'unseen' && found === undefined)
    return { ...finding, now: null, normal: null, since: null, evidence: [] };
  const isCited = cited.length > 0 || finding.state === 'unseen';
  return isCited && found?.state === finding.state ? found : null;
}

/** A finding about a signal rests on a look at that signal; about instances also on what runs there. */
function isAbout(look: Look, { service, signal }: Finding): boolean {
  if (look.service !== service) return false;
  if (look.tool === 'metrics_query') return look.signal === signal;
  return signal === 'instances_up' && look.tool === 'workload_status';
}

type Signal = MonitorReport['signal'];

/** Only what is out and has a measured band can come back into it: else a change would count as a success at once. */
function chosenSignal({ signal }: MonitorReport, { seen, bands }: Measured): Signal {
  if (signal === null || isSameSignal(signal, seen.signal)) return seen.signal;
  const isChoice =
    signal.service === seen.signal?.service &&
    seen.findings.some((one) => isOut(one) && isAboutSignal(one, signal));
  return isChoice ? (bands.find((band) => isSameSignal(band, signal)) ?? seen.signal) : seen.signal;
}

const isSameSignal = (a: Signal, b: Signal): boolean => a?.service === b?.service && a?.name === b?.name;
const isAboutSignal = ({ service, signal }: Finding, about: Signal): boolean =>
  service === about?.service && signal === about.name;

/**
 * What of a diagnosis the evidence carries. The agent chooses and orders hypotheses among those that code finds in the same
 * looks; confidence, citations, what is ruled out, gaps and all that an action needs come from code. A cause is named only
 * where the agent and code name the same; then code says how sure it is. `healthy` takes both as well; else the diagnosis
 * abstains, and `rulesFirst` says what code would have named. Pure; never throws.
 */
export function checkDiagnosis(report: DiagnosisReport, ranking: Ranking): Checked<DiagnosisReport> {
  const outcome = outcomeOf(report, ranking);
  const named = isNamed(outcome);
  const kept = report.hypotheses
    .filter((one, at) => report.hypotheses.findIndex((other) => isSameCause(one, other)) === at)
    .flatMap((one) => ranking.hypotheses.find((carried) => isSameCause(carried, one)) ?? [])
    .filter((one) => one.for.length > 0)
    .map((one) => ({ ...one, confidence: named ? one.confidence : Math.min(one.confidence, LIKELY - 1) }));
  const lost = report.outcome !== 'inconclusive' && outcome === 'inconclusive' ? 1 : 0;
  const unruled = report.ruledOut.filter((one) => !ranking.ruledOut.some((other) => isSameCause(one, other)));
  const { ruledOut, gaps, pressure, deploy, replicas, maxReplicas } = ranking;
  const facts = named
    ? { pressure, deploy, replicas, maxReplicas }
    : { pressure: null, deploy: null, replicas: null, maxReplicas: null };
  const first = named ? undefined : rulesFirst(ranking);
  return {
    report: {
      ...{ role: 'diagnosis', outcome, hypotheses: outcome === 'healthy' ? [] : kept, ruledOut, gaps },
      ...facts,
      ...(first && { rulesFirst: first }),
    },
    dropped: report.hypotheses.length - kept.length + unruled.length + lost,
  };
}

type CauseAt = Pick<Hypothesis, 'cause' | 'service' | 'object'>;
const isSameCause = (a: CauseAt, b: CauseAt): boolean =>
  a.cause === b.cause && a.service === b.service && (a.object ?? null) === (b.object ?? null);
const isNamed = (outcome: DiagnosisOutcome): boolean => outcome === 'likely' || outcome === 'confirmed';

function outcomeOf({ outcome, hypotheses: [first] }: DiagnosisReport, ranking: Ranking): DiagnosisOutcome {
  const leader = ranking.hypotheses[0];
  const agrees = first !== undefined && leader !== undefined && isSameCause(first, leader);
  if (isNamed(outcome) && isNamed(ranking.outcome) && agrees) return ranking.outcome;
  return outcome === 'healthy' && ranking.outcome === 'healthy' ? 'healthy' : 'inconclusive';
}

function rulesFirst({ outcome, hypotheses: [leader] }: Ranking): DiagnosisReport['rulesFirst'] {
  if ((outcome !== 'likely' && outcome !== 'confirmed') || leader === undefined) return undefined;
  const { cause, service, object, confidence } = leader;
  return { outcome, cause, service, ...(object !== undefined && { object }), confidence };
}
