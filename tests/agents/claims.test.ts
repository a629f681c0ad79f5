import { describe, expect, test } from 'vitest';
import { agentSpecs } from '#agents/spec.ts';
import type { JsonValue } from '#core/canonical.ts';
import { CallId, ServiceId } from '#core/ids.ts';
import type { DiagnosisBrief, DiagnosisReport, MonitorBrief, MonitorReport } from '#incidents/reports.ts';
import type { SignalName } from '#incidents/vocabulary.ts';
import type { Item } from '#llm/model.ts';
import { loadPrompts } from '#prompts/load.ts';
import { briefItem } from '#sessions/items.ts';
import { fakeContext } from '../tools/fake-context.ts';

const checkout = ServiceId.parse('checkout');
const T0 = 1_700_000_000_000;
const specs = agentSpecs(await loadPrompts(), fakeContext().context.inventory);
const e = (n: number) => CallId.parse(`e${n}`);

const monitorBrief: MonitorBrief = {
  role: 'monitor',
  service: 'service:checkout',
  severity: 'critical',
  about: 'error_ratio',
  startedAt: T0,
};
const diagnosisBrief: DiagnosisBrief = {
  role: 'diagnosis',
  service: 'service:checkout',
  severity: 'critical',
  since: T0,
  findings: [],
};

type Told = { signal: SignalName; now: number; state: 'high' | 'normal'; at?: number };

/** A session that looked at signals, the first of which is e1. */
function session(first: Item, told: readonly Told[]): Item[] {
  const calls = told.map(({ signal, at = T0 }, n) => ({
    ...{ id: `c${n}`, tool: 'metrics_query', args: { service: 'service:checkout', signal, at } },
  }));
  const results = told.map(({ signal, now, state }, n): Item => {
    const normal = { median: 0.002, low: 0, high: 0.02 };
    const since = state === 'high' ? T0 - 5_000 : null;
    const points = { from: T0 - 60_000, stepMs: 500, v: [now, now, now, now] };
    const value: JsonValue = { service: checkout, signal, now, normal, state, since, slope: 0, points };
    return {
      kind: 'result',
      id: `c${n}`,
      call: e(n + 1),
      tool: 'metrics_query',
      outcome: 'ok',
      value,
      text: '',
    };
  });
  return [first, { kind: 'reply', text: '', calls }, ...results];
}
const well: readonly Told[] = [
  { signal: 'error_ratio', now: 0.002, state: 'normal' },
  { signal: 'latency_p95', now: 0.01, state: 'normal' },
  { signal: 'instances_up', now: 0.01, state: 'normal' },
];
const failing: readonly Told[] = [{ signal: 'error_ratio', now: 0.4, state: 'high' }];

const finding = (more: Partial<MonitorReport['findings'][number]> = {}) => ({
  ...{ service: checkout, signal: 'error_ratio' as const, state: 'high' as const, now: '0.9', normal: '0' },
  ...{ since: 1, evidence: [e(1)], ...more },
});
const report = (more: Partial<MonitorReport> = {}): MonitorReport => ({
  ...{ role: 'monitor', verdict: 'impaired', signal: null, since: 1, findings: [finding()], ...more },
});
const settled = (said: MonitorReport, told: readonly Told[]) =>
  specs.monitor.settle?.(said, { brief: monitorBrief, items: session(briefItem(monitorBrief), told) });

describe('what a monitor reports', () => {
  test('has the figures, the time and the band that its looks found', () => {
    expect(settled(report(), failing)).toEqual({
      dropped: 0,
      report: {
        ...{ role: 'monitor', verdict: 'impaired', since: T0 - 5_000 },
        signal: { service: checkout, name: 'error_ratio', low: '0', high: '0.02' },
        findings: [finding({ now: '0.4', normal: '0.002', since: T0 - 5_000 })],
      },
    });
  });

  test('is unclear when nothing was looked at, whatever it says', () => {
    for (const verdict of ['impaired', 'healthy'] as const)
      expect(settled(report({ verdict }), [])).toMatchObject({
        report: { verdict: 'unclear', signal: null, findings: [] },
        dropped: 2,
      });
  });

  test('is healthy only with what users feel in its band', () => {
    const healthy = report({ verdict: 'healthy', findings: [] });
    expect(settled(healthy, well)).toMatchObject({ report: { verdict: 'healthy' }, dropped: 0 });
    expect(settled(healthy, well.slice(0, 1))).toMatchObject({ report: { verdict: 'unclear' } });
    expect(settled(healthy, [...failing, ...well.slice(1)])).toMatchObject({
      report: { verdict: 'impaired' },
    });
  });

  test.each([
    ['after the page', T0 + 61_000],
    ['long before the page', T0 - 16 * 60_000],
    ['now that it failed for an hour', T0 + 3_600_000],
  ])('does not rest on a look that takes a time %s for the page', (_, at) => {
    const healthy = report({ verdict: 'healthy', findings: [finding({ state: 'normal' })] });
    const moved = well.map((one) => ({ ...one, at }));
    expect(settled(healthy, moved)).toMatchObject({
      report: { verdict: 'unclear', findings: [] },
      dropped: 2,
    });
  });

  test('is written by code when there is none: what is wrong is said, and nothing is called well', () => {
    const partial = (told: readonly Told[]) =>
      specs.monitor.partial?.({ brief: monitorBrief, items: session(briefItem(monitorBrief), told) });
    expect(partial(failing)).toMatchObject({
      verdict: 'impaired',
      findings: [{ now: '0.4', evidence: ['e1'] }],
    });
    expect(partial(well)).toMatchObject({ verdict: 'unclear' });
    expect(partial([])).toMatchObject({ verdict: 'unclear', findings: [] });
  });
});

describe('what a diagnosis reports', () => {
  const forged: DiagnosisReport = {
    ...{ role: 'diagnosis', outcome: 'confirmed', ruledOut: [], gaps: [], pressure: 900 },
    ...{ deploy: 'deploy:checkout@-1', replicas: 1, maxReplicas: 1000 },
    hypotheses: [
      { cause: 'bad_deploy', service: checkout, confidence: 100, for: [e(1), e(424)], against: [] },
    ],
  };
  test('names no cause that its looks do not carry', () => {
    const items = session(briefItem(diagnosisBrief), []);
    expect(specs.diagnosis.settle?.(forged, { brief: diagnosisBrief, items })).toMatchObject({
      report: { outcome: 'inconclusive', hypotheses: [], pressure: null, deploy: null, replicas: null },
      dropped: 2,
    });
  });

  test('is written by code when there is none, and names no cause then', () => {
    const items = session(briefItem(diagnosisBrief), failing);
    const partial = specs.diagnosis.partial?.({ brief: diagnosisBrief, items });
    expect(partial).toMatchObject({ role: 'diagnosis', outcome: 'inconclusive', deploy: null });
  });

  test('of a session without its brief is a bug, not a report', () => {
    expect(() => specs.diagnosis.settle?.(forged, { brief: null, items: [] })).toThrow('without its brief');
    expect(() => specs.monitor.settle?.(report(), { brief: diagnosisBrief, items: [] })).toThrow(
      'without its brief',
    );
  });
});

test('a remediation that gives no report leaves none', () => {
  expect(specs.remediation.partial).toBeUndefined();
});
