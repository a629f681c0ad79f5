import { type Assessment, LIKELY } from './assessment.ts';
import type { Scene } from './scene.ts';

/** Where something began says nothing of what it is: no scan alone names a culprit. */
const CEILING = LIKELY - 1;

/**
 * Where a scan of the paged service and of all that it depends on saw the trouble begin, as `unknown` causes there: what
 * people who take over start from when no cause stands out.
 */
export function assessScan({ evidence, about }: Scene): Assessment[] {
  const scan = evidence.scans.get(about.service);
  if (scan === undefined || scan.value.verdict !== 'fault') return [];
  return scan.value.ranked.map(({ service, confidence }) => ({
    cause: 'unknown',
    service,
    confidence: Math.min(CEILING, confidence),
    potential: Math.min(CEILING, confidence),
    ruledOut: false,
    for: scan.calls,
    against: [],
    wants: [],
  }));
}
