import { expect, test } from 'vitest';
import { CallId } from '#core/ids.ts';
import { LIKELY } from '#diagnosis/assessment.ts';
import { evidenceOf, type ReadResult } from '#diagnosis/evidence.ts';
import { type Ranking, rank } from '#diagnosis/rank.ts';
import type { ScanSeen } from '#incidents/observations-scan.ts';
import { type Facts, id, inventoryOf, investigate, T0, up } from './support.ts';

const inventory = inventoryOf({ web: { dependsOn: ['cart'] }, cart: { dependsOn: ['store'] }, store: {} });
const about = { service: id('web'), signal: 'error_ratio', since: T0 } as const;
const call = CallId.parse('e4');

const scan: ScanSeen = {
  service: id('web'),
  verdict: 'fault',
  services: 3,
  series: { total: 18, seen: 18 },
  ranked: [
    { service: id('store'), confidence: 88, onset: T0, why: [] },
    { service: id('cart'), confidence: 20, onset: T0, why: [] },
  ],
};

function after(value: ScanSeen): Ranking {
  const result: ReadResult = { read: { tool: 'system_scan', service: id('web') }, kind: 'seen', call, value };
  return rank(evidenceOf([result], []), inventory, about);
}

test('a scan says where it began, as an unknown cause that names no culprit', () => {
  const { outcome, hypotheses } = after(scan);
  expect(outcome).toBe('inconclusive');
  expect(hypotheses[0]).toMatchObject({ cause: 'unknown', service: 'store', for: [call] });
  for (const { confidence } of hypotheses) expect(confidence).toBeLessThan(LIKELY);
});

test.each(['healthy', 'unclear'] as const)('a scan that is %s puts nobody on the list', (verdict) => {
  expect(after({ ...scan, verdict }).hypotheses.filter(({ cause }) => cause === 'unknown')).toEqual([]);
});

test('a scan of another service, or of another shape, is a gap', () => {
  const other = after({ ...scan, service: id('cart') });
  expect(other.hypotheses.filter(({ cause }) => cause === 'unknown')).toEqual([]);
  expect(other.scene.evidence.gaps).toMatchObject([{ tool: 'system_scan', reason: 'bad_answer' }]);
});

test('it is the last look when no cause stands out, taken once, and only where there is something below', () => {
  const scansOf = (facts: Facts, paged: string) =>
    investigate(facts, paged).results.flatMap(({ read }, at, all) =>
      read.tool === 'system_scan' ? [{ service: read.service, isLast: at >= all.length - 2 }] : [],
    );
  const failing = { signals: { error_ratio: up(0.3, 0.002) } };
  expect(scansOf({ web: { ...failing, dependsOn: ['cart'] }, cart: {} }, 'web')).toEqual([
    { service: 'web', isLast: true },
  ]);
  expect(scansOf({ web: failing }, 'web')).toEqual([]);
  expect(scansOf({ web: { dependsOn: ['cart'] }, cart: {} }, 'web')).toEqual([]);
});
