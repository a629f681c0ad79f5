import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LIKELY } from '#diagnosis/assessment.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { rank } from '#diagnosis/rank.ts';
import { readKey } from '#diagnosis/read.ts';
import { DiagnosisReport } from '#incidents/reports.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { type Investigation, id, inventoryOf, investigate, named, T0, up } from './support.ts';

const about = ({ paged, signal }: Scenario) => ({
  service: id(paged),
  signal: signal ?? null,
  since: T0 + 2000,
});

function reportOf({ ranking }: Investigation): DiagnosisReport {
  const { outcome, hypotheses, ruledOut, gaps, pressure, deploy, replicas, maxReplicas } = ranking;
  return DiagnosisReport.parse({
    role: 'diagnosis',
    outcome,
    hypotheses,
    ruledOut,
    gaps,
    pressure,
    deploy,
    replicas,
    maxReplicas,
  });
}

describe('names the origin or abstains', () => {
  test.each(scenarios)('$name', ({ facts, paged, signal, expect: expected }) => {
    const found = investigate(facts, paged, signal === undefined ? {} : { signal });
    expect(named(found)).toBe(expected);
    const report = reportOf(found);
    if (report.outcome === 'inconclusive') expect(report.hypotheses[0]?.confidence ?? 0).toBeLessThan(LIKELY);
    expect(found.results.length).toBeLessThanOrEqual(30);
  });
});

test.each([
  { name: 'what normal load promises', errors: 0.002, now: 500, used: 0.2, expected: 125 },
  { name: 'what still gets through', errors: 0.5, now: 200, used: 0.2, expected: 200 },
  { name: 'never less than full', errors: 0.002, now: 200, used: 0.2, expected: 100 },
])('the pressure of an overload is $name', ({ errors, now, used, expected }) => {
  const signals = {
    error_ratio: up(errors, 0.002),
    request_rate: up(now, 80),
    saturation: up(1, used),
    latency_p95: up(900, 40),
  };
  const { ranking } = investigate({ web: { signals } }, 'web');
  expect(ranking).toMatchObject({
    outcome: 'confirmed',
    pressure: expected,
    replicas: 2,
    maxReplicas: 6,
    deploy: null,
  });
});

describe('for every scenario', () => {
  const full = scenarios.map((scenario) => ({
    ...scenario,
    found: investigate(
      scenario.facts,
      scenario.paged,
      scenario.signal === undefined ? {} : { signal: scenario.signal },
    ),
  }));

  test('no look is taken twice', () => {
    for (const { found } of full) {
      const keys = found.results.map(({ read }) => readKey(read));
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('evidence that is missing never makes another culprit', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...full),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        (one, keep) => {
          const inventory = inventoryOf(one.facts);
          const kept = one.found.results.filter((_, i) => keep[i]);
          const lost = one.found.results.map(
            (result, i): ReadResult =>
              keep[i] ? result : { read: result.read, kind: 'gap', reason: 'timeout' },
          );
          for (const results of [kept, lost]) {
            const ranking = rank(evidenceOf(results, []), inventory, about(one));
            expect([one.expect, ...(one.also ?? []), 'inconclusive', 'healthy']).toContain(
              named({ ranking, results: [] }),
            );
            if (one.expect !== 'healthy') expect(ranking.outcome).not.toBe('healthy');
          }
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a failed look is listed as a gap and never cited', () => {
    for (const { found } of full) {
      const report = reportOf(found);
      const seen = found.results.flatMap((result) => (result.kind === 'seen' ? [result.call] : []));
      for (const { for: speaksFor, against } of report.hypotheses) {
        for (const call of [...speaksFor, ...against]) expect(seen).toContain(call);
      }
    }
    const blind = full.find(({ name }) => name === 'a dependency nobody could look at');
    expect(blind?.found.ranking.gaps).toContainEqual({
      service: 'store',
      tool: 'metrics_query',
      reason: 'timeout',
    });
  });

  test('a budget that ends early gives an answer all the same', () => {
    for (const { facts, paged, expect: expected, also = [] } of scenarios) {
      for (const budget of [0, 1, 3, 6]) {
        const found = investigate(facts, paged, { budget });
        expect(found.results.length).toBeLessThanOrEqual(budget);
        expect([expected, ...also, 'inconclusive', 'healthy']).toContain(named(found));
      }
    }
  });
});
