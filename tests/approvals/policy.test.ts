import { expect, test } from 'vitest';
import { denyReasons, evaluate } from '#approvals/policy.ts';
import { decidingLines, load, mutantsOf, plainCode } from './mutants.ts';
import { enumeratePolicy } from './policy-domain.ts';
import { oracle } from './policy-oracle.ts';

/** Much work for a busy machine. */
const LONG = { timeout: 180_000 };

test('every question there is gets the answer of the table', LONG, () => {
  const began = performance.now();
  const { cells, wrong } = enumeratePolicy(evaluate);
  const ms = performance.now() - began;
  console.log(
    `policy: ${cells} questions agree with the table of ${oracle.length} rows, ${((ms / cells) * 1e6).toFixed(0)} ns each`,
  );
  expect(wrong).toBeUndefined();
  expect(cells).toBe(6 * 5 * 4 * 2 * 2 * 3 * 2 * 64 * 5 * 8);
});

/** Every reason that the table gives. */
const reasons = [
  ...new Set(oracle.flatMap(({ answer }) => (/^deny (.*)$/.exec(answer) ?? []).slice(1))),
].toSorted();

test('the reasons for a no are those of the table', () => {
  expect([...denyReasons].toSorted()).toEqual(reasons);
});

/** Mistakes that change no answer, and why. */
const harmless: Readonly<Record<string, string>> = {
  'return reach[one] <= reach[other] ? one : other; [<= -> <]': 'of two equal ones it gives the other',
  'const reach = { observe: 0, propose: 1, act: 2 }; [2 -> 3]': 'the farthest stays the farthest',
};

test('every mistake in the policy is noticed', LONG, async () => {
  const code = plainCode('approvals/policy.ts');
  const mutants = mutantsOf(code);
  const survivors: string[] = [];
  for (const mutant of mutants) if (await survives(mutant.code)) survivors.push(mutant.at);
  console.log(`policy: ${mutants.length} mutants, ${survivors.length} of them harmless`);
  expect(survivors.toSorted()).toEqual(Object.keys(harmless).toSorted());
  const lines = new Set(mutants.map(({ line }) => line));
  expect(decidingLines(code).filter((line) => !lines.has(line))).toEqual([]);
});

async function survives(code: string): Promise<boolean> {
  try {
    const mutated = (await load(code)) as { evaluate: typeof evaluate; denyReasons: typeof denyReasons };
    if (mutated.denyReasons.toSorted().join() !== reasons.join()) return false;
    return enumeratePolicy(mutated.evaluate, 1_000_000).wrong === undefined;
  } catch {
    return false;
  }
}
