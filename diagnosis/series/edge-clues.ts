import { type Clue, strengthOf } from './clue.ts';
import type { EdgeTime } from './edge-times.ts';

/** Growth of the time on the way, in steps, from which an edge counts as slow. */
const SLOW = 3;
/** So much of one edge is needed until the share of slow ones says something. */
const PRIOR = 0.25;

type Tally = { slow: number; all: number; worst: EdgeTime | null };

/**
 * Clues from the time between caller and callee. A service whose callers all wait longer on the way to it, while they do
 * not on the way to others, has a slow network or answers late before its own clock starts; one that waits longer for
 * several callees at once has it on its own side. Edges that share spans count for each callee by its share. Pure.
 */
export function edgeClues(edges: readonly EdgeTime[]): Clue[] {
  const towards = new Map<string, Tally>();
  const from = new Map<string, Tally & { callees: Set<string> }>();
  for (const edge of edges) {
    for (const callee of edge.callees) add(tallyOf(towards, callee), edge, 1 / edge.callees.length);
    const own = from.get(edge.caller) ?? { slow: 0, all: 0, worst: null, callees: new Set<string>() };
    from.set(edge.caller, own);
    add(own, edge, 1);
    if (edge.steps > SLOW && edge.callees.length === 1)
      for (const callee of edge.callees) own.callees.add(callee);
  }
  return [
    ...[...towards].flatMap(([service, tally]) => clueOf(service, tally, (edge) => edge.caller)),
    ...[...from].flatMap(([service, tally]) =>
      tally.callees.size < 2 ? [] : clueOf(service, tally, (edge) => edge.callees[0] ?? ''),
    ),
  ];
}

function tallyOf(all: Map<string, Tally>, service: string): Tally {
  const tally = all.get(service) ?? { slow: 0, all: 0, worst: null };
  all.set(service, tally);
  return tally;
}

function add(tally: Tally, edge: EdgeTime, weight: number): void {
  tally.all += weight;
  if (edge.steps <= SLOW) return;
  tally.slow += weight;
  if (tally.worst === null || edge.steps > tally.worst.steps) tally.worst = edge;
}

function clueOf(service: string, { slow, all, worst }: Tally, otherOf: (edge: EdgeTime) => string): Clue[] {
  if (worst === null) return [];
  return [
    {
      service,
      strength: (strengthOf(worst.steps) * slow) / (all + PRIOR),
      isUnusual: true,
      onset: null,
      why: { kind: 'between', other: otherOf(worst), before: worst.before, now: worst.after },
    },
  ];
}
