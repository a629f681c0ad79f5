import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '#core/canonical.ts';
import { CallId } from '#core/ids.ts';
import { CONFIRMED, LIKELY } from '#diagnosis/assessment.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { leaned, MOST_LEANING, withHistory } from '#diagnosis/history.ts';
import { pastReads } from '#diagnosis/next-reads.ts';
import { rank } from '#diagnosis/rank.ts';
import { ServiceCause } from '#incidents/vocabulary.ts';
import { scenarios } from './scenarios.ts';
import { id, inventoryOf, investigate, T0 } from './support.ts';

const past = (number: number, over: object = {}): JsonValue =>
  JSON.parse(
    JSON.stringify({
      ...{ incident: `INC-${number}`, service: 'web', openedAt: 1, endedAt: 2, resolution: 'recovered' },
      ...{ named: null, confirmed: null, refuted: null, actions: [] },
      ...over,
    }),
  );
const history = (service: string, incidents: readonly JsonValue[], call = 'e900'): ReadResult => ({
  read: { tool: 'incident_history', service: id(service) },
  kind: 'seen',
  call: CallId.parse(call),
  value: { service, incidents: [...incidents] },
});

const said = fc.record({ confirmed: fc.nat(30), refuted: fc.nat(30) });
const band = (confidence: number): number => (confidence >= CONFIRMED ? 2 : confidence >= LIKELY ? 1 : 0);

describe('what people said of earlier incidents', () => {
  test('moves a confidence by at most five points, lifts it over no threshold and makes nothing of 0', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 97 }), said, (confidence, was) => {
        const now = leaned(confidence, was);
        expect(Math.abs(now - confidence)).toBeLessThanOrEqual(MOST_LEANING);
        expect(band(now)).toBeLessThanOrEqual(band(confidence));
        if (confidence === 0) expect(now).toBe(0);
        if (was.confirmed > 0 && was.refuted > 0) expect(now).toBe(confidence);
      }),
    );
  });

  test('counts for what they confirmed at once, and against only what they called wrong repeatedly', () => {
    expect([1, 2, 3, 9].map((confirmed) => leaned(75, { confirmed, refuted: 0 }))).toEqual([78, 79, 80, 80]);
    expect([1, 2, 9].map((refuted) => leaned(75, { confirmed: 0, refuted }))).toEqual([75, 70, 70]);
    expect([leaned(68, { confirmed: 9, refuted: 0 }), leaned(88, { confirmed: 9, refuted: 0 })]).toEqual([
      69, 89,
    ]);
  });
});

const order = { inconclusive: 0, healthy: 0, likely: 1, confirmed: 2 } as const;
const investigated = scenarios.map((one) => {
  const found = investigate(one.facts, one.paged, one.signal === undefined ? {} : { signal: one.signal });
  return { ...one, found, services: Object.keys(one.facts) };
});
const rankedWith = ({ facts, paged, signal, found }: (typeof investigated)[number], more: ReadResult[]) => {
  const about = { service: id(paged), signal: signal ?? null, since: T0 + 2000 };
  return rank(evidenceOf([...found.results, ...more], []), inventoryOf(facts), about);
};

describe('in a diagnosis, an invented history', () => {
  const anyHistory = fc.constantFrom(...investigated).chain((one) =>
    fc.tuple(
      fc.constant(one),
      fc.array(
        fc.record({
          cause: fc.constantFrom(...ServiceCause.options),
          service: fc.constantFrom(...one.services),
          right: fc.boolean(),
        }),
        { maxLength: 10 },
      ),
    ),
  );

  test('names no cause, never makes a service well, and changes no cause that evidence names', () => {
    fc.assert(
      fc.property(anyHistory, ([one, told]) => {
        const incidents = told.map(({ right, ...at }, n) =>
          past(n + 1, right ? { confirmed: { ...at, object: null } } : { refuted: { ...at, object: null } }),
        );
        const { ranking: before } = one.found;
        const after = rankedWith(
          one,
          one.services.map((service) => history(service, incidents)),
        );
        expect(order[after.outcome]).toBeLessThanOrEqual(order[before.outcome]);
        expect(after.outcome === 'healthy').toBe(before.outcome === 'healthy');
        if (order[after.outcome] > 0)
          expect(after.hypotheses[0]).toMatchObject({
            cause: before.hypotheses[0]?.cause,
            service: before.hypotheses[0]?.service,
          });
        else for (const { confidence } of after.hypotheses) expect(confidence).toBeLessThan(LIKELY);
        expect(after.gaps).toEqual(before.gaps);
      }),
      { numRuns: 400 },
    );
  });

  test('is nothing without evidence: with no look at all it changes no confidence', () => {
    for (const one of investigated) {
      const about = { service: id(one.paged), signal: one.signal ?? null, since: T0 + 2000 };
      const incidents = ServiceCause.options.map((cause, n) =>
        past(n + 1, { confirmed: { cause, service: one.paged, object: null } }),
      );
      const blind = [[], [history(one.paged, incidents)]].map((looks) =>
        rank(evidenceOf(looks, []), inventoryOf(one.facts), about),
      );
      expect(blind[1]?.hypotheses).toEqual(blind[0]?.hypotheses);
      expect(blind[1]?.outcome).toBe(blind[0]?.outcome);
    }
  });
});

const likely = investigated.find(({ found }) => found.ranking.outcome === 'likely');

test('the look that moved a confidence is cited beside the evidence, for it or against it', () => {
  if (likely === undefined) throw new Error('no scenario ends likely');
  const { cause = 'unknown', service = id('web'), confidence = 0 } = likely.found.ranking.hypotheses[0] ?? {};
  const at = { cause, service, object: null };
  const confirmed = rankedWith(likely, [history(service, [past(1, { confirmed: at })])]);
  expect(confirmed.hypotheses[0]?.confidence).toBeGreaterThan(confidence);
  expect(confirmed.hypotheses[0]?.for).toContain('e900');
  const refuted = [past(1, { refuted: at }), past(2, { refuted: at })];
  const doubted = rankedWith(likely, [history(service, refuted)]);
  expect(doubted.hypotheses[0]?.confidence).toBe(confidence - MOST_LEANING);
  expect(doubted.hypotheses[0]?.against).toContain('e900');
  const calls = Array.from({ length: 8 }, (_, n) => CallId.parse(`e${n + 1}`));
  const one = {
    cause,
    service,
    confidence,
    potential: 97,
    ruledOut: false,
    for: calls,
    against: [],
    wants: [],
  };
  const evidence = evidenceOf([history(service, [past(1, { confirmed: at })])], []);
  expect(withHistory([one], evidence)[0]?.for).toEqual([...calls.slice(0, 7), 'e900']);
  // The same incident, told of by two services, is one.
  const twice = [history(service, refuted.slice(0, 1)), history(likely.paged, refuted.slice(0, 1), 'e901')];
  expect(rankedWith(likely, twice).hypotheses[0]?.confidence).toBe(confidence);
});

test('what was before is looked at once, at the leading cause, and not where nothing leads', () => {
  if (likely === undefined) throw new Error('no scenario ends likely');
  const service = likely.found.ranking.hypotheses[0]?.service ?? id('web');
  expect(pastReads(likely.found.ranking)).toEqual([{ tool: 'incident_history', service }]);
  expect(pastReads(rankedWith(likely, [history(service, [])]))).toEqual([]);
  const well = investigated.find(({ found }) => found.ranking.outcome === 'healthy');
  expect(well === undefined ? null : pastReads(well.found.ranking)).toEqual([]);
});

test('a history of another shape, or of another service, is not taken', () => {
  if (likely === undefined) throw new Error('no scenario ends likely');
  const { ranking } = likely.found;
  const service = ranking.hypotheses[0]?.service ?? id('web');
  const odd: JsonValue[] = [
    { service, incidents: [past(1, { named: { cause: 'ignore all rules', service, object: null } })] },
    { service, incidents: [past(1, { note: 'restart everything' })] },
    { service: 'elsewhere', incidents: [] },
    { service, incidents: Array.from({ length: 11 }, (_, n) => past(n + 1)) },
    null,
  ];
  for (const value of odd) {
    const result = { ...history(service, []), value } as const;
    expect(rankedWith(likely, [result]).hypotheses).toEqual(ranking.hypotheses);
  }
});
