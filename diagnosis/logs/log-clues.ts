import type { Clue } from '../series/clue.ts';
import type { LogChange } from './novelty.ts';

/** One in a million by chance is as sure as a log gets. */
const SURE = 6;
/** Below one in a hundred, over the many kinds of lines of a system, it is chance. */
const LEAST = 2;
/** New lines that are no errors tell what a service does, rarely why it fails. */
const NO_ERROR = 0.5;
/** Who calls a service that writes new errors writes its own about the failed call. */
const PASSED_ON = 0.5;

/**
 * The strongest change in the log of each service: new or more frequent errors first. Errors of a caller count half
 * where one of its callees writes new errors too. Pure.
 */
export function logClues(
  changes: readonly LogChange[],
  calls: readonly (readonly [caller: string, callee: string])[],
): Clue[] {
  const telling = changes.filter(({ surprise, isError, isNew }) => surprise >= LEAST && (isError || isNew));
  const failing = new Set(telling.filter(({ isError }) => isError).map(({ service }) => service));
  const passesOn = new Set(
    calls.filter(([caller, callee]) => caller !== callee && failing.has(callee)).map(([caller]) => caller),
  );
  return telling.map(({ service, template, isError, isNew, after, surprise }) => ({
    service,
    strength:
      Math.min(1, surprise / SURE) * (isError ? 1 : NO_ERROR) * (passesOn.has(service) ? PASSED_ON : 1),
    isUnusual: true,
    onset: null,
    why: { kind: 'log', template, count: after, isNew },
  }));
}
