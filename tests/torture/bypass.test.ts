import { expect, test } from 'vitest';
import { attempts } from './bypass/attempts.ts';
import { diceOf } from './bypass/dice.ts';
import { collisions, hashPlans } from './bypass/hash-soundness.ts';
import { allowed, proposed } from './bypass/honest.ts';
import { added, required } from './bypass/named-attempts.ts';
import { aRig } from './bypass/rig.ts';
import { tryOnce } from './bypass/try-once.ts';
import { weaknesses } from './bypass/weaken.ts';
import { run } from './bypass.ts';

test('every attempt that is required is made, and none that nobody named', () => {
  expect(Object.keys(attempts).toSorted()).toEqual([...required, ...added].toSorted());
});

/** Much work for a busy machine. */
const LONG = { timeout: 180_000 };

test('none of the attempts succeeds', LONG, async () => {
  const { failed, passed, lines } = await run({ short: true });
  for (const line of lines) console.log(`bypass: ${line}`);
  expect({ failed, passed }).toEqual({ failed: 0, passed: required.length + added.length + 3 });
});

test('a plan that people allowed runs, each step once, and is no success of anybody', async () => {
  for (let seed = 0; seed < 10; seed += 1) {
    const rig = await aRig(diceOf(seed));
    const { plan } = await allowed(rig, await proposed(rig));
    await rig.push();
    expect(rig.truth.unauthorised).toEqual([]);
    expect(rig.truth.covered).toBe(plan.steps.length);
  }
});

test.each(weaknesses)('a gate where %s is noticed', LONG, async (weakness) => {
  expect(await noticedBy(weakness)).not.toBeUndefined();
});

/** The first attempt that gets something from a gate with this weakness. */
async function noticedBy(weakness: (typeof weaknesses)[number]): Promise<string | undefined> {
  for (let seed = 0; seed < 6; seed += 1)
    for (const [name, attempt] of Object.entries(attempts))
      if ((await tryOnce(attempt, seed, weakness)).unauthorised.length > 0) return name;
  return undefined;
}

test('two plans with one hash, or a hash that depends on the order of keys, would be noticed', () => {
  const { heads, plans, mutations, reordered, orderSensitive } = hashPlans({ seed: 1, plans: 80 });
  expect({ plans, reordered, orderSensitive }).toEqual({ plans: 80, reordered: 8, orderSensitive: 0 });
  expect(heads.length).toBe(plans + mutations);
  expect(mutations).toBeGreaterThan(100);
  expect(collisions(heads.slice())).toBe(0);
  expect(collisions(BigUint64Array.from([...heads, ...heads.slice(0, 2)]))).toBe(2);
});
