import { type Clue, strengthOf } from './clue.ts';
import type { Measured } from './scan.ts';

/** Out of its own past by this factor, a series does what it does not do by itself. */
const UNUSUAL = 2;

/**
 * A clue per deviating series. What many services show at once in the same metric is a symptom that spreads (all callers
 * get slow); what one shows alone marks the origin: the strength is shared among those that deviate as much. Needs
 * no knowledge of what a metric means. Pure; the order of the input does not matter.
 */
export function levelClues(deviations: readonly Measured[]): Clue[] {
  const byMetric = new Map<string, Measured[]>();
  for (const one of deviations) {
    const alike = byMetric.get(one.metric);
    if (alike === undefined) byMetric.set(one.metric, [one]);
    else alike.push(one);
  }
  return deviations.map((one) => {
    const { service, metric, onset } = one;
    const size = strengthOf(one.steps);
    const others = (byMetric.get(metric) ?? []).filter((other) => other.service !== service);
    const sharing = others.reduce((sum, other) => sum + Math.min(1, ratio(other, one)), 0);
    return {
      service,
      strength: size / (1 + sharing),
      isUnusual: isUnusual(one),
      onset,
      why: { kind: 'level', metric, before: one.level, now: nowOf(one) },
    };
  });
}

/** Whether the past of the series alone gives nothing like it, neither in size nor in weight. */
export function isUnusual({ evidence, usual, steps, usualSteps }: Measured): boolean {
  return evidence > usual && Math.abs(steps) > UNUSUAL * usualSteps;
}

/** The value that the series reached. */
export function nowOf({ level, steps, scale }: Measured): number {
  return level + steps * scale;
}

const ratio = (other: Measured, one: Measured): number =>
  one.steps === 0 ? 1 : Math.abs(other.steps / one.steps);
