import { type LogChange, logChanges } from '../logs/novelty.ts';
import { type EdgeTime, edgeTimes } from './edge-times.ts';
import { isDeviating, type Measured, measureSystem, stepOf } from './scan.ts';
import type { SystemView } from './system.ts';

/** What is left of a system's measurements when each has been compared with its own past: small, and enough to rank. */
export type SystemFacts = {
  readonly page: SystemView['page'];
  readonly stepMs: number;
  /** How many series there are, and of how many something could be said. */
  readonly total: number;
  readonly seen: number;
  /** The series that changed, and all in the metric that the page is about. */
  readonly measured: readonly Measured[];
  readonly edges: readonly EdgeTime[];
  readonly logs: readonly LogChange[];
  /** Who calls whom: as given, and as the spans show it. */
  readonly calls: SystemView['calls'];
  readonly changes: SystemView['changes'];
};

/** Compares everything that was measured with its own past. Pure; total over any numbers. */
export function factsOf(view: SystemView): SystemFacts {
  const all = measureSystem(view);
  const metric = view.page?.metric ?? null;
  return {
    page: view.page,
    stepMs: stepOf(view.t),
    total: view.series.length,
    seen: all.length,
    measured: all.filter((one) => isDeviating(one) || one.metric === metric),
    edges: edgeTimes(view),
    logs: logChanges(view),
    calls: callsOf(view),
    changes: view.changes,
  };
}

function callsOf({ calls, spans }: SystemView): SystemView['calls'] {
  const seen = new Map(calls.map((call) => [JSON.stringify(call), call]));
  for (const { caller, callee } of spans.rows) {
    if (caller !== callee) seen.set(JSON.stringify([caller, callee]), [caller, callee]);
  }
  return [...seen.values()];
}
