import { expect, test } from 'vitest';
import { decisionMove } from '#approvals/decision.ts';
import { mayRespond, suffice } from '#approvals/people.ts';
import { roles } from '#approvals/rights.ts';
import { aPerson } from './a-gate.ts';
import { decidingLines, load, mutantsOf, plainCode } from './mutants.ts';
import { type Decide, enumerateDecisions, enumerateVoters } from './people-domain.ts';
import { rights } from './people-oracle.ts';

/** Much work for a busy machine. */
const LONG = { timeout: 180_000 };

test('every decision by every kind of person gets the answer of the table', LONG, () => {
  const { cells, wrong } = enumerateDecisions(decisionMove);
  console.log(`decisions: ${cells} agree with the table`);
  expect(wrong).toBeUndefined();
  expect(cells).toBe(128 * 3 * 6 * 6 * 4 * 3 * 2 * 2 * 2 * 3);
});

test('every group of people who said yes is counted as the table says', () => {
  const { cells, wrong } = enumerateVoters(suffice);
  console.log(`voters: ${cells} groups agree with the table`);
  expect(wrong).toBeUndefined();
  expect(cells).toBeGreaterThan(30_000);
});

test('each role lets a person stop what the table says', () => {
  for (const role of roles) expect(mayRespond(aPerson('a', [role]))).toBe(rights[role].stops);
  expect(mayRespond(aPerson('a', []))).toBe(false);
});

/** Mistakes that change no answer, and why. */
const harmlessInPeople: readonly string[] = [];
const harmlessInDecisions: readonly string[] = [];

test.each([
  ['approvals/people.ts', harmlessInPeople, isPeopleWrong],
  ['approvals/decision.ts', harmlessInDecisions, isDecisionWrong],
] as const)('every mistake in %s is noticed', LONG, async (path, harmless, isWrong) => {
  const code = plainCode(path);
  const mutants = mutantsOf(code);
  const survivors: string[] = [];
  for (const mutant of mutants) if (!(await isNoticed(mutant.code, isWrong))) survivors.push(mutant.at);
  console.log(`${path}: ${mutants.length} mutants, ${survivors.length} of them harmless`);
  expect(survivors.toSorted()).toEqual([...harmless].toSorted());
  const lines = new Set(mutants.map(({ line }) => line));
  expect(decidingLines(code).filter((line) => !lines.has(line))).toEqual([]);
});

async function isNoticed(
  code: string,
  isWrong: (module: Record<string, unknown>) => boolean,
): Promise<boolean> {
  try {
    return isWrong(await load(code));
  } catch {
    return true;
  }
}

function isPeopleWrong(module: Record<string, unknown>): boolean {
  const mutated = module as { suffice: typeof suffice; mayRespond: typeof mayRespond; roles: typeof roles };
  const stops = mutated.roles.map((role) => mutated.mayRespond(aPerson('a', [role])));
  return (
    mutated.roles.join() !== roles.join() ||
    stops.join() !== roles.map((role) => rights[role].stops).join() ||
    mutated.mayRespond(aPerson('a', [])) ||
    enumerateVoters(mutated.suffice).wrong !== undefined
  );
}

function isDecisionWrong(module: Record<string, unknown>): boolean {
  return enumerateDecisions((module as { decisionMove: Decide }).decisionMove, 400_000).wrong !== undefined;
}
