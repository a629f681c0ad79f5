import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { checkClaims, type EvidenceCall } from '#diagnosis/claims.ts';
import { DiagnosisReport, type Finding, type MonitorReport, Report } from '#incidents/reports.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import { id } from './support.ts';

const e = (n: number): CallId => CallId.parse(`e${n}`);
const look = (n: number, tool: string, about: { service: string; signal?: SignalName }): EvidenceCall => {
  return { call: e(n), tool, service: id(about.service), signal: about.signal ?? null };
};

const calls = [
  look(1, 'metrics_query', { service: 'api', signal: 'error_ratio' }),
  look(2, 'metrics_query', { service: 'store', signal: 'latency_p95' }),
  look(3, 'deployments_list', { service: 'api' }),
  look(4, 'workload_status', { service: 'api' }),
];

const finding = (more: Partial<Finding> = {}): Finding => ({
  service: id('api'),
  signal: 'error_ratio',
  state: 'high',
  now: '0.3',
  normal: '0.002',
  since: 1000,
  evidence: [e(1)],
  ...more,
});
const monitor = (more: Partial<MonitorReport> = {}): MonitorReport => ({
  role: 'monitor',
  verdict: 'impaired',
  signal: { service: id('api'), name: 'error_ratio', low: '0', high: '0.01' },
  since: 1000,
  findings: [finding()],
  ...more,
});
const diagnosis = (more: Partial<DiagnosisReport> = {}): DiagnosisReport => ({
  role: 'diagnosis',
  outcome: 'likely',
  hypotheses: [{ cause: 'bad_deploy', service: id('api'), confidence: 80, for: [e(1), e(3)], against: [] }],
  ruledOut: [],
  gaps: [],
  pressure: null,
  deploy: 'deploy:api@-1',
  replicas: 2,
  maxReplicas: 4,
  ...more,
});

describe('a monitor report', () => {
  test('with founded findings is left alone', () => {
    expect(checkClaims(monitor(), calls)).toEqual({ report: monitor(), dropped: 0 });
  });

  test.each([
    ['of a call that never was', finding({ evidence: [e(99)] })],
    ['of a look at another service', finding({ evidence: [e(2)] })],
    ['of a look at another signal', finding({ signal: 'latency_p95' })],
    ['of a tool that does not see signals', finding({ evidence: [e(3)] })],
    ['without any evidence', finding({ evidence: [] })],
    ['that is founded only in part', finding({ evidence: [e(1), e(2)] })],
  ])('loses a finding %s, and its verdict with it', (_, unfounded) => {
    const checked = checkClaims(monitor({ findings: [unfounded] }), calls);
    expect(checked.report).toMatchObject({ verdict: 'unclear', signal: null, findings: [] });
    expect(checked.dropped).toBe(3);
  });

  test('may found a finding about instances on what runs the service', () => {
    const down = finding({ signal: 'instances_up', state: 'low', evidence: [e(4)] });
    expect(checkClaims(monitor({ findings: [finding(), down] }), calls).dropped).toBe(0);
  });

  test('may say without evidence that something was unseen', () => {
    const unseen = finding({ signal: 'saturation', state: 'unseen', evidence: [] });
    expect(checkClaims(monitor({ findings: [finding(), unseen] }), calls).dropped).toBe(0);
  });

  test('is not healthy unless the signal was seen in its band', () => {
    const checked = checkClaims(monitor({ verdict: 'healthy' }), calls);
    expect(checked).toMatchObject({ report: { verdict: 'unclear' }, dropped: 1 });
    const well = monitor({ verdict: 'healthy', findings: [finding({ state: 'normal', since: null })] });
    expect(checkClaims(well, calls).report).toEqual(well);
  });
});

describe('a diagnosis report', () => {
  test('with founded hypotheses is left alone', () => {
    expect(checkClaims(diagnosis(), calls)).toEqual({ report: diagnosis(), dropped: 0 });
  });

  test('loses single citations that are no look of this incident', () => {
    const [first] = diagnosis().hypotheses;
    const hypotheses = [{ ...first, for: [e(1), e(77)], against: [e(78)] }];
    const checked = checkClaims(DiagnosisReport.parse({ ...diagnosis(), hypotheses }), calls);
    expect(checked).toMatchObject({
      report: { outcome: 'likely', hypotheses: [{ for: ['e1'], against: [] }] },
      dropped: 2,
    });
  });

  test('that loses its culprit abstains and offers nothing to act on', () => {
    const [first] = diagnosis().hypotheses;
    const hypotheses = [{ ...first, for: [e(2)] }];
    const checked = checkClaims(DiagnosisReport.parse({ ...diagnosis(), hypotheses }), calls);
    expect(checked.report).toMatchObject({
      outcome: 'inconclusive',
      hypotheses: [],
      deploy: null,
      replicas: null,
    });
    expect(checked.dropped).toBe(2);
  });

  test('does not let the second cause move up when the first is unfounded', () => {
    const [first] = diagnosis().hypotheses;
    const hypotheses = [{ ...first, cause: 'overload', for: [e(50)] }, first];
    const checked = checkClaims(DiagnosisReport.parse({ ...diagnosis(), hypotheses }), calls);
    expect(checked.report).toMatchObject({ outcome: 'inconclusive', hypotheses: [{ cause: 'bad_deploy' }] });
  });

  test('rules nothing out without evidence', () => {
    const ruledOut = [{ cause: 'overload' as const, service: id('api'), evidence: [e(60)] }];
    expect(checkClaims(diagnosis({ ruledOut }), calls)).toMatchObject({
      report: { ruledOut: [] },
      dropped: 2,
    });
  });
});

test('whatever is claimed, what is left cites looks of this incident and is a report', () => {
  const evidence = fc.array(fc.integer({ min: 1, max: 6 }).map(e), { maxLength: 4 });
  const service = fc.constantFrom(id('api'), id('store'));
  const hypothesis = fc.record({
    cause: fc.constantFrom('bad_deploy' as const, 'overload' as const),
    service,
    confidence: fc.integer({ min: 0, max: 100 }),
    for: evidence,
    against: evidence,
  });
  const outcome = fc.constantFrom(...DiagnosisReport.shape.outcome.options);
  fc.assert(
    fc.property(fc.array(hypothesis, { maxLength: 4 }), outcome, (hypotheses, said) => {
      const { report } = checkClaims(diagnosis({ hypotheses, outcome: said }), calls);
      expect(Report.safeParse(report).success).toBe(true);
      if (report.role !== 'diagnosis') return;
      const known = calls.map(({ call }) => call);
      for (const one of report.hypotheses) {
        for (const call of [...one.for, ...one.against]) expect(known).toContain(call);
        expect(one.for.length).toBeGreaterThan(0);
      }
      if (report.outcome === 'likely')
        expect(report.hypotheses[0]).toMatchObject({ cause: hypotheses[0]?.cause });
    }),
  );
});

test('a remediation report claims nothing', () => {
  const report = { role: 'remediation', outcome: 'no_safe_action' } as const;
  expect(checkClaims(report, [])).toEqual({ report, dropped: 0 });
});
