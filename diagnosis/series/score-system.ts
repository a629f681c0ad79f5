import { logClues } from '../logs/log-clues.ts';
import { callClues } from './call-clues.ts';
import type { Clue, ClueWhy } from './clue.ts';
import { edgeClues } from './edge-clues.ts';
import { levelClues } from './level-clues.ts';
import { isDeviating } from './scan.ts';
import type { SystemView } from './system.ts';
import { factsOf, type SystemFacts } from './system-facts.ts';

/** A service that may be the origin. `confidence`: 0 to 100, computed. `why`: strongest reason first. */
export type Suspicion = {
  readonly service: string;
  readonly score: number;
  readonly confidence: number;
  readonly onset: number | null;
  readonly why: readonly ClueWhy[];
};

/**
 * `fault`: something is wrong and it is told where most likely. `healthy`: what the page is about was seen inside its
 * normal range and nothing that it depends on is out. `unclear`: neither; the list holds what is known.
 */
export type SystemScore = {
  readonly verdict: 'fault' | 'healthy' | 'unclear';
  readonly ranked: readonly Suspicion[];
};

/** A second kind of data that says the same closes this part of the doubt. */
const AGREES = 0.25;
/** A change (deployment, restart) of the service shortly before its onset closes this part of the doubt. */
const CHANGED = 0.5;
const CHANGE_WINDOW = 15 * 60_000;
/** Strength from which one clue is enough to speak of a fault. */
const CLEAR = 0.5;
const MOST_WHY = 3;
/** Where calls are known, a service that takes part in none can hardly be why others fail. */
const UNCALLED = 0.5;
/** Part of the series that must have been seen, before and since, to call a system healthy. */
const SEEN = 0.5;

/** Ranks the services of a system as origin of what the page is about; see `rankSystem`. */
export const scoreSystem = (view: SystemView): SystemScore => rankSystem(factsOf(view));

/**
 * Ranks the services of a system as origin of what the page is about. Each service stands on the kind of data that speaks most
 * clearly for it (levels, calls, time between services, logs); other kinds can only add to it, so that a modality that
 * is blind to a fault does not dilute one that sees it. Pure; total over any input; the order of the input does not matter.
 */
export function rankSystem(facts: SystemFacts): SystemScore {
  const looked = lookAt(facts);
  const byService = new Map<string, Clue[]>();
  for (const clue of looked.clues)
    byService.set(clue.service, [...(byService.get(clue.service) ?? []), clue]);
  const scored = [...byService]
    .map(([service, own]) => suspicionOf(service, own, facts.changes))
    .sort((a, b) => b.score - a.score || (a.service < b.service ? -1 : 1));
  return { verdict: verdictOf(facts, looked), ranked: confident(scored) };
}

type Looked = {
  readonly clues: readonly Clue[];
  /** The page's own series: deviating or not, or not to be seen. */
  readonly page: 'out' | 'calm' | 'unseen';
  /** Services found on the way from the paged one; null where no way is known. */
  readonly onTheWay: number | null;
};

function verdictOf({ total, seen }: SystemFacts, { clues, page, onTheWay }: Looked): SystemScore['verdict'] {
  if (onTheWay !== null && onTheWay > 0) return 'fault';
  const isClear = clues.some(({ strength, isUnusual }) => strength >= CLEAR && isUnusual);
  if (page === 'calm') return isClear ? 'unclear' : 'healthy';
  if (isClear) return 'fault';
  const isCalm = page === 'unseen' && !clues.some(({ isUnusual }) => isUnusual);
  return isCalm && total > 0 && seen >= SEEN * total ? 'healthy' : 'unclear';
}

function lookAt(facts: SystemFacts): Looked {
  const { page: about, measured, calls } = facts;
  const rest = [...edgeClues(facts.edges), ...logClues(facts.logs, calls)];
  const inMetric = new Map(
    measured.filter(({ metric }) => metric === about?.metric).map((one) => [one.service, one]),
  );
  const paged = about === null ? undefined : inMetric.get(about.service);
  const page = paged === undefined ? 'unseen' : isDeviating(paged) ? 'out' : 'calm';
  const walked = callClues(facts, inMetric);
  if (walked !== null) return { clues: [...walked, ...rest], page, onTheWay: walked.length };
  const clues = ofCalled([...levelClues(measured.filter(isDeviating)), ...rest], calls);
  return { clues, page, onTheWay: null };
}

function ofCalled(clues: readonly Clue[], calls: SystemView['calls']): Clue[] {
  const called = new Set(calls.flat());
  const weight = (service: string): number => (called.size === 0 || called.has(service) ? 1 : UNCALLED);
  return clues.map((clue) => ({ ...clue, strength: clue.strength * weight(clue.service) }));
}

function suspicionOf(service: string, clues: readonly Clue[], changes: SystemView['changes']) {
  const sorted = clues.toSorted((a, b) => b.strength - a.strength || compare(a.why, b.why));
  const best = sorted[0];
  const second = sorted.find(({ why }) => why.kind !== best?.why.kind);
  let score = best?.strength ?? 0;
  score += (1 - score) * AGREES * (second?.strength ?? 0);
  const onset = sorted.find((clue) => clue.onset !== null)?.onset ?? null;
  const isChanged = changes.some(
    (change) => change.service === service && onset !== null && isShortlyBefore(change.at, onset),
  );
  if (isChanged) score += (1 - score) * CHANGED;
  return { service, score, onset, why: sorted.slice(0, MOST_WHY).map(({ why }) => why) };
}

const compare = (a: ClueWhy, b: ClueWhy): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const isShortlyBefore = (change: number, onset: number): boolean =>
  change <= onset && onset - change <= CHANGE_WINDOW;

/** How sure: the clearness of a service times its lead over the others together. */
function confident(scored: readonly Omit<Suspicion, 'confidence'>[]): Suspicion[] {
  const total = scored.reduce((sum, { score }) => sum + score ** 2, 0);
  return scored.map((one) => ({
    ...one,
    confidence: total === 0 ? 0 : Math.round(100 * Math.min(1, one.score) * (one.score ** 2 / total) ** 0.5),
  }));
}
