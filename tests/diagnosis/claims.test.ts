import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { LIKELY } from '#diagnosis/assessment.ts';
import { checkDiagnosis, checkMonitor, type Look, type Measured } from '#diagnosis/claims.ts';
import { DiagnosisReport, type Finding, MonitorReport } from '#incidents/reports.ts';
import { Cause, SignalName } from '#incidents/vocabulary.ts';
import { scenarios } from './scenarios.ts';
import { type Facts, id, investigate, up } from './support.ts';

const e = (n: number): CallId => CallId.parse(`e${n}`);
const look = (n: number, tool: string, signal: SignalName | null = null): Look => {
  return { call: e(n), tool, service: id('api'), signal };
};
const finding = (more: Partial<Finding> = {}): Finding => ({
  ...{ service: id('api'), signal: 'error_ratio', state: 'high', now: '0.3', normal: '0.002' },
  ...{ since: 1000, evidence: [e(1)], ...more },
});
const band = (name: SignalName) => ({ service: id('api'), name, low: '0', high: '0.01' });
const slow = finding({ signal: 'latency_p95', state: 'high', now: '400', since: 2000, evidence: [e(2)] });
const rate = finding({ signal: 'request_rate', state: 'normal', now: '80', since: null, evidence: [e(3)] });

/** What was measured: errors and latency out, the request rate in its band. */
const measured: Measured = {
  seen: {
    ...{ role: 'monitor', verdict: 'impaired', signal: band('error_ratio'), since: 1000 },
    findings: [finding(), slow, rate],
  },
  bands: [band('error_ratio'), band('latency_p95'), band('request_rate')],
  looks: [
    look(1, 'metrics_query', 'error_ratio'),
    look(2, 'metrics_query', 'latency_p95'),
    look(3, 'metrics_query', 'request_rate'),
    look(4, 'workload_status'),
  ],
};
const monitor = (more: Partial<MonitorReport> = {}): MonitorReport => ({ ...measured.seen, ...more });

describe('a monitor report', () => {
  test('that says what was measured is left alone', () => {
    expect(checkMonitor(monitor(), measured)).toEqual({ report: monitor(), dropped: 0 });
  });

  test.each([
    ['of a call that never was', { evidence: [e(99)] }],
    ['of a look at another signal', { evidence: [e(2)] }],
    ['of a tool that does not see signals', { evidence: [e(4)] }],
    ['without any evidence', { evidence: [] }],
    ['that is founded only in part', { evidence: [e(1), e(2)] }],
    ['of another state', { state: 'normal' as const }],
  ])('loses a finding %s; what was measured stands in its place', (_, wrong) => {
    const checked = checkMonitor(monitor({ findings: [finding(wrong), rate] }), measured);
    expect(checked.dropped).toBe(1);
    expect(checked.report.findings).toEqual([rate, finding(), slow]);
  });

  test('has the numbers that were measured, whatever it says', () => {
    const said = finding({ now: '0.9', normal: '0.8', since: 5 });
    const { report } = checkMonitor(monitor({ since: 5, findings: [said, slow, rate] }), measured);
    expect(report).toEqual(monitor());
    const wide = { ...band('error_ratio'), high: '1' };
    expect(checkMonitor(monitor({ signal: wide }), measured).report.signal).toEqual(band('error_ratio'));
  });

  test('may choose which signal must come back among those that are out, with the band that was measured', () => {
    const signal = { ...band('latency_p95'), high: '100000' };
    expect(checkMonitor(monitor({ signal }), measured)).toMatchObject({
      report: { signal: band('latency_p95'), since: 2000 },
      dropped: 0,
    });
    const well = checkMonitor(monitor({ signal: band('request_rate') }), measured);
    expect(well).toMatchObject({ report: { signal: band('error_ratio') }, dropped: 1 });
  });

  test('may say that nobody saw what nobody looked at, and not that what was seen is unseen', () => {
    const unseen = finding({ signal: 'saturation', state: 'unseen', now: null, evidence: [] });
    const { report, dropped } = checkMonitor(monitor({ findings: [unseen] }), measured);
    expect(report.findings).toContainEqual({ ...unseen, normal: null, since: null });
    expect(dropped).toBe(0);
    const blind = finding({ state: 'unseen', evidence: [] });
    expect(checkMonitor(monitor({ findings: [blind] }), measured).dropped).toBe(1);
  });

  test.each([
    ['healthy', 'impaired', 'impaired', 1],
    ['unclear', 'impaired', 'impaired', 0],
    ['healthy', 'unclear', 'unclear', 1],
    ['impaired', 'healthy', 'unclear', 1],
    ['unclear', 'healthy', 'unclear', 0],
    ['healthy', 'healthy', 'healthy', 0],
  ] as const)('that says %s of what measures %s is %s', (said, is, verdict, dropped) => {
    const seen: MonitorReport = {
      ...measured.seen,
      verdict: is,
      findings: [rate],
      signal: band('request_rate'),
    };
    const checked = checkMonitor({ ...seen, verdict: said }, { ...measured, seen });
    expect(checked).toMatchObject({ report: { verdict }, dropped });
  });
});

/** A bad deploy of `api` that everything points to. */
const facts: Facts = {
  api: {
    signals: { error_ratio: up(0.31, 0.002) },
    deploys: [
      { version: 'v2', secondsBefore: 10 },
      { version: 'v1', secondsBefore: 864_000 },
    ],
    freshErrors: true,
  },
};
const { ranking, results } = investigate(facts, 'api');
const ours = (more: Partial<DiagnosisReport> = {}): DiagnosisReport =>
  DiagnosisReport.parse({
    ...{ role: 'diagnosis', outcome: ranking.outcome, hypotheses: ranking.hypotheses },
    ...{ ruledOut: ranking.ruledOut, gaps: ranking.gaps, pressure: ranking.pressure, deploy: ranking.deploy },
    ...{ replicas: ranking.replicas, maxReplicas: ranking.maxReplicas, ...more },
  });
const forged: DiagnosisReport['hypotheses'][number] = {
  cause: 'overload',
  service: id('api'),
  confidence: 100,
  for: [e(1)],
  against: [],
};
const best = ranking.hypotheses[0];
const first = {
  outcome: ranking.outcome,
  cause: best?.cause,
  service: best?.service,
  confidence: best?.confidence,
};

describe('a diagnosis', () => {
  test.each(scenarios)('that says what code finds is left alone: $name', (scenario) => {
    const { facts: at, paged, signal } = scenario;
    const found = investigate(at, paged, signal === undefined ? {} : { signal }).ranking;
    const { outcome, hypotheses, ruledOut, gaps, pressure, deploy, replicas, maxReplicas } = found;
    const report = DiagnosisReport.parse({
      ...{ role: 'diagnosis', outcome, hypotheses, ruledOut, gaps, pressure, deploy, replicas, maxReplicas },
    });
    expect(checkDiagnosis(report, found)).toEqual({ report, dropped: 0 });
  });

  test('is as sure as the evidence, not as it says', () => {
    expect(ranking.outcome).toBe('confirmed');
    const hypotheses = ranking.hypotheses.map((one) => ({
      ...one,
      confidence: 100,
      for: [e(77)],
      against: [],
    }));
    const said = ours({ outcome: 'likely', hypotheses, deploy: null, replicas: 900 });
    expect(checkDiagnosis(said, ranking).report).toEqual(ours());
  });

  test('that names what no evidence carries abstains, and says what code would have named', () => {
    const { report, dropped } = checkDiagnosis(ours({ hypotheses: [forged] }), ranking);
    expect(report).toMatchObject({
      outcome: 'inconclusive',
      hypotheses: [],
      deploy: null,
      rulesFirst: first,
    });
    expect(dropped).toBe(2);
  });

  test('does not let the second cause move up when the first is unfounded', () => {
    const { report } = checkDiagnosis(ours({ hypotheses: [forged, ...ranking.hypotheses] }), ranking);
    expect(report).toMatchObject({ outcome: 'inconclusive', hypotheses: [{ cause: 'bad_deploy' }] });
    expect(report.hypotheses[0]?.confidence).toBeLessThan(LIKELY);
  });

  test('may abstain where code would not, and people see both', () => {
    const { report, dropped } = checkDiagnosis(ours({ outcome: 'inconclusive' }), ranking);
    expect(report).toMatchObject({ outcome: 'inconclusive', deploy: null, rulesFirst: first });
    expect(dropped).toBe(0);
  });

  test('is healthy only when code finds it healthy', () => {
    expect(checkDiagnosis(ours({ outcome: 'healthy', hypotheses: [] }), ranking)).toMatchObject({
      report: { outcome: 'inconclusive' },
      dropped: 1,
    });
  });

  test('cannot say what code would have named', () => {
    expect(
      DiagnosisReport.omit({ rulesFirst: true }).safeParse({ ...ours(), rulesFirst: first }).success,
    ).toBe(false);
  });
});

test('whatever is claimed, cause, confidence, citations and what an action needs come from code', () => {
  const evidence = fc.array(fc.integer({ min: 1, max: 40 }).map(e), { maxLength: 4 });
  const hypothesis = fc.record({
    cause: fc.constantFrom(...Cause.options),
    service: fc.constantFrom(id('api'), id('store')),
    confidence: fc.integer({ min: 0, max: 100 }),
    for: evidence,
    against: evidence,
  });
  const outcome = fc.constantFrom(...DiagnosisReport.shape.outcome.options);
  const known: string[] = results.flatMap((one) => (one.kind === 'seen' ? [one.call] : []));
  fc.assert(
    fc.property(fc.array(hypothesis, { maxLength: 8 }), outcome, (hypotheses, said) => {
      const { report } = checkDiagnosis(ours({ hypotheses, outcome: said }), ranking);
      expect(DiagnosisReport.safeParse(report).success).toBe(true);
      for (const one of report.hypotheses) {
        const carried = ranking.hypotheses.find(
          ({ cause, service }) => cause === one.cause && service === one.service,
        );
        expect(one.confidence).toBeLessThanOrEqual(carried?.confidence ?? -1);
        for (const call of [...one.for, ...one.against]) expect(known).toContain(call);
      }
      const isNamed = report.outcome === 'likely' || report.outcome === 'confirmed';
      expect(isNamed ? report.hypotheses[0] : report.deploy).toEqual(isNamed ? best : null);
    }),
  );
});

test('whatever a monitor claims, what is left was measured', () => {
  const some = fc.record({
    service: fc.constantFrom(id('api'), id('store')),
    signal: fc.constantFrom(...SignalName.options),
    state: fc.constantFrom('high' as const, 'low' as const, 'normal' as const, 'unseen' as const),
    now: fc.constantFrom('1', null),
    normal: fc.constantFrom('0', null),
    since: fc.constantFrom(7, null),
    evidence: fc.array(fc.integer({ min: 1, max: 6 }).map(e), { maxLength: 3 }),
  });
  const verdicts = fc.constantFrom(...MonitorReport.shape.verdict.options);
  fc.assert(
    fc.property(fc.array(some, { maxLength: 6 }), verdicts, (findings, verdict) => {
      const { report } = checkMonitor(monitor({ findings, verdict }), measured);
      for (const one of report.findings)
        if (one.state !== 'unseen') expect(measured.seen.findings).toContainEqual(one);
      expect(report.verdict).toBe('impaired');
      expect(measured.bands).toContainEqual(report.signal);
    }),
  );
});
