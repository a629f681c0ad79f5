import { type Clue, strengthOf } from './clue.ts';
import { isUnusual, nowOf } from './level-clues.ts';
import { isDeviating, type Measured } from './scan.ts';
import type { SystemFacts } from './system-facts.ts';

/** A callee explains its caller only if it changed by at least this part of it: both are the same metric in the same unit. */
const COMMENSURATE = 0.25;
/** Of what a service shows, what its callees explain is not its own. */
const EXPLAINED = 0.5;
/** A wait is felt by the caller at once, so a change that began at another time is another matter. */
const OTHER_TIME = 0.5;
/** Samples that two onsets may lie apart and still be the same time. */
const SAME_TIME = 1;

/**
 * Origin apart from callers, in the one metric that the page is about: walks from the paged service along its calls to every
 * callee whose own change goes the same way and is large enough to explain the caller, through callees of which nothing is
 * measured. Those at the end of the walk are origins; the more of the changed services lie above one, the more it
 * explains. Null when the page names no metric of a known service or no calls are known. Pure.
 *
 * `measured`: the change of every series in the page's metric, deviating or not, by service.
 */
export function callClues(
  { page, calls, stepMs }: Pick<SystemFacts, 'page' | 'calls' | 'stepMs'>,
  measured: ReadonlyMap<string, Measured>,
): Clue[] | null {
  const paged = page === null ? undefined : measured.get(page.service);
  if (paged === undefined || calls.length === 0) return null;
  const walk = new Walk(calls, measured, paged);
  const nodes = walk.nodes();
  return nodes.map((node) => {
    const above = nodes.filter((other) => walk.below(other.service).has(node.service)).length;
    const own = walk.next(node.service).length > 0 ? EXPLAINED : 1;
    return {
      service: node.service,
      strength: strengthOf(node.steps) * (above / nodes.length) * own * onTime(node, paged, stepMs),
      isUnusual: isUnusual(node),
      onset: node.onset,
      why: { kind: 'level', metric: node.metric, before: node.level, now: nowOf(node) },
    };
  });
}

function onTime(node: Measured, paged: Measured, stepMs: number): number {
  if (!isDeviating(paged)) return 1;
  return Math.abs(node.onset - paged.onset) > SAME_TIME * stepMs ? OTHER_TIME : 1;
}

class Walk {
  readonly #calls = new Map<string, string[]>();
  readonly #measured: ReadonlyMap<string, Measured>;
  readonly #next = new Map<string, string[]>();
  readonly #sign: number;

  constructor(calls: SystemFacts['calls'], measured: ReadonlyMap<string, Measured>, paged: Measured) {
    for (const [caller, callee] of calls)
      if (caller !== callee) this.#calls.set(caller, [...(this.#calls.get(caller) ?? []), callee]);
    this.#measured = measured;
    this.#sign = Math.sign(paged.steps);
    const found = new Set([paged.service]);
    for (const service of found) {
      const next = this.#explaining(service);
      this.#next.set(service, next);
      for (const callee of next) found.add(callee);
    }
  }

  /** Those on the way that changed. */
  nodes(): Measured[] {
    return [...this.#next.keys()].flatMap((service) => {
      const one = this.#changed(service);
      return one === undefined ? [] : [one];
    });
  }

  next(service: string): readonly string[] {
    return this.#next.get(service) ?? [];
  }

  /** A service and all that the walk reaches from it. */
  below(service: string): ReadonlySet<string> {
    const found = new Set([service]);
    for (const one of found) for (const callee of this.next(one)) found.add(callee);
    return found;
  }

  #changed(service: string): Measured | undefined {
    const one = this.#measured.get(service);
    const isChange = one !== undefined && isDeviating(one) && Math.sign(one.steps) === this.#sign;
    return isChange ? one : undefined;
  }

  #explaining(service: string): string[] {
    const own = this.#changed(service);
    const least = own === undefined ? 0 : COMMENSURATE * sizeOf(own);
    const seen = new Set([service]);
    const found: string[] = [];
    for (const one of seen) {
      if (one !== service && this.#measured.has(one)) continue;
      for (const callee of this.#calls.get(one) ?? []) {
        if (seen.has(callee)) continue;
        seen.add(callee);
        const change = this.#changed(callee);
        if (change !== undefined && sizeOf(change) >= least) found.push(callee);
      }
    }
    return found;
  }
}

/** Change in the unit of the metric. */
const sizeOf = ({ steps, scale }: Measured): number => Math.abs(steps) * scale;
