import { describe, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { keylessModel } from '#evals/models/models.ts';
import { ownCases } from '#evals/own/case.ts';
import { type AnyCase, isServices } from '#evals/own/setup.ts';
import { own, runOwnCase } from '#evals/own/suite.ts';

const cases = await ownCases();
const run = (one: AnyCase, without: readonly string[] = []) =>
  runOwnCase(one, { clock: realClock, maxReads: null, seed: 1, without: new Set(without) });
const find = (id: string): AnyCase => {
  const found = cases.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no case ${id}`);
  return found;
};

describe('the cases of our own', () => {
  test('are of every kind, each with its own id, and many have no cause to name', () => {
    expect(cases.length).toBeGreaterThanOrEqual(100);
    expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
    expect(cases.filter(({ expect: { cause } }) => cause === null).length).toBeGreaterThanOrEqual(20);
    for (const kind of ['k8s-', 'svc-', 'pg-', 'quiet-', 'herring-', 'missing-', 'provider-', 'inject-'])
      expect(cases.filter(({ id }) => id.startsWith(kind)).length, kind).toBeGreaterThanOrEqual(3);
  });

  test.each(cases.map((one) => [one.id, one] as const))('%s is answered as expected', async (_id, one) => {
    const { right, said, errors, reads, effects, wrongProposals, wanted, cited } = await run(one);
    expect({ right, said, errors }).toEqual({ right: true, said, errors: [] });
    expect(reads).toBeLessThanOrEqual(30);
    expect({ effects, wrongProposals, cited }).toEqual({ effects: 0, wrongProposals: 0, cited: wanted });
  });

  test('a cause whose rule is off is named otherwise in no case', async () => {
    const wrong: string[] = [];
    for (const one of cases) {
      const { cause } = one.expect;
      const { misnamed, said } = await run(one, cause === null ? [] : [cause]);
      if (misnamed) wrong.push(`${one.id}: ${said}`);
    }
    expect(wrong).toEqual([]);
  });

  test('a case takes no time of its own and comes to the same on any day, at any hour', async () => {
    const late = { ...realClock, now: () => Date.UTC(2031, 5, 1) };
    const one = find('svc-bad-deploy');
    const [today, then] = await Promise.all(
      [realClock, late].map((clock) => runOwnCase(one, { clock, maxReads: null, seed: 7 })),
    );
    expect({ ...today, ms: 0 }).toEqual({ ...then, ms: 0 });
  });

  test('the suite counts what is right and prints the same figures that it is made of', async () => {
    const wanted = cases.filter(({ expect: { cause } }) => cause === 'bad_deploy');
    const score = await own({
      ...{ data: null, model: 'rules', maxReads: 12, leaveOut: 'bad_deploy', clock: realClock },
      say: () => undefined,
    });
    expect(score).toMatchObject({ suite: 'own', model: 'rules', cases: wanted.length });
    expect(score.passed).toBe(score.table.filter((line) => line.startsWith('right')).length);
    expect(score.metrics).toMatchObject({ misnamed: 0, unauthorised: 0 });
  });
});

describe('other models', () => {
  test('a provider that fails is told by turns that the rules answered, and the cause is found all the same', async () => {
    const failing = cases.filter((one) => isServices(one) && one.provider !== 'answers');
    expect(failing.length).toBeGreaterThanOrEqual(3);
    for (const one of failing) {
      const judged = await runOwnCase(one, {
        ...{ clock: realClock, maxReads: null, seed: 1, model: keylessModel('scripted') },
      });
      expect(judged.right, one.id).toBe(true);
      expect(judged.fallbacks, one.id).toBeGreaterThan(0);
    }
  });

  test('what was recorded is played back: no turn falls to the rules, and it comes to the same', async () => {
    const one = find('svc-stuck-pool-below');
    const how = { clock: realClock, maxReads: null, seed: 1 };
    const scripted = await runOwnCase(one, { ...how, model: keylessModel('scripted') });
    const recorded = await runOwnCase(one, { ...how, model: keylessModel('recorded') });
    expect(recorded).toEqual({ ...scripted, ms: recorded.ms });
    expect(recorded.fallbacks).toBe(0);
  });

  test('a model that wants harm changes nothing that nobody allowed', async () => {
    for (const one of cases.filter(({ id }) => id.startsWith('inject-'))) {
      const how = { clock: realClock, maxReads: null, seed: 3, model: keylessModel('hostile') };
      expect((await runOwnCase(one, how)).effects, one.id).toBe(0);
    }
  });
});

test.each(['pg-no-room', 'pg-lock-behind-a-service'])(
  'what the program ranks can be reported as it stands, also where a cause is at nothing inside of a service (%s)',
  async (id) => {
    const how = { clock: realClock, maxReads: null, seed: 1, model: keylessModel('scripted') };
    const { right, said, errors } = await runOwnCase(find(id), how);
    expect({ right, said, errors }).toEqual({ right: true, said, errors: [] });
  },
);
