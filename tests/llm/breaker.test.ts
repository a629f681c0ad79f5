import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBreaker, createBreakers, type Pass } from '#llm/breaker.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

/** A breaker that three failures have opened, on a clock of its own. */
function opened(): { clock: FakeClock; enter: () => Pass | null } {
  const clock = new FakeClock();
  const { enter } = createBreaker(clock);
  for (let n = 0; n < 3; n += 1) enter()?.failed();
  return { clock, enter };
}

test('one that worked in between starts the count anew', () => {
  const { enter } = createBreaker(new FakeClock());
  for (let n = 0; n < 5; n += 1) {
    enter()?.failed();
    enter()?.failed();
    enter()?.worked();
  }
  expect(enter()).not.toBeNull();
});

test('after 30 s one probe passes and all others are turned away until it is back', async () => {
  const { clock, enter } = opened();
  await clock.advance(29_999);
  expect(enter()).toBeNull();
  await clock.advance(1);
  const probe = enter();
  expect(probe).not.toBeNull();
  expect(enter()).toBeNull();
  probe?.worked();
  expect([enter(), enter()]).not.toContain(null);
});

test('a probe that fails opens it for another 30 s', async () => {
  const { clock, enter } = opened();
  await clock.advance(30_000);
  enter()?.failed();
  await clock.advance(29_999);
  expect(enter()).toBeNull();
  await clock.advance(1);
  expect(enter()).not.toBeNull();
});

test('an attempt from before it opened that fails late does not lengthen the 30 s', async () => {
  const clock = new FakeClock();
  const { enter } = createBreaker(clock);
  const [late, ...others] = [enter(), enter(), enter(), enter()];
  for (const one of others) one?.failed();
  await clock.advance(29_000);
  late?.failed();
  await clock.advance(1000);
  expect(enter()).not.toBeNull();
});

test('a probe that ends undecided proves nothing: the next one may try at once', async () => {
  const { clock, enter } = opened();
  await clock.advance(30_000);
  enter()?.undecided();
  const next = enter();
  expect(next).not.toBeNull();
  expect(enter()).toBeNull();
});

test('names do not share a breaker', () => {
  const breakers = createBreakers(new FakeClock());
  for (let n = 0; n < 3; n += 1) breakers('a').enter()?.failed();
  expect(breakers('a').enter()).toBeNull();
  expect(breakers('b').enter()).not.toBeNull();
});

const Step = fc.oneof(
  fc.constant({ kind: 'enter' } as const),
  fc.record({
    kind: fc.constant('leave' as const),
    how: fc.constantFrom('failed' as const, 'undecided' as const),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
);

test('whatever fails or ends undecided, in whatever order: while it is open at most one is out at a time', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { maxLength: 60 }), async (steps) => {
      const { clock, enter } = opened();
      let out: Pass | null = null;
      for (const step of steps) {
        if (step.kind === 'wait') await clock.advance(step.ms);
        else if (step.kind === 'enter') {
          const pass = enter();
          if (out !== null) expect(pass).toBeNull();
          out ??= pass;
        } else {
          out?.[step.how]();
          out = null;
        }
      }
    }),
  );
});
