import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import {
  type EscalationInput,
  expectedRung,
  isAnswered,
  nextRung,
  type Rung,
} from '#incidents/escalation.ts';
import type { RungState } from '#incidents/rung-fold.ts';

const MIN = 60_000;
const T0 = Date.UTC(2026, 0, 5, 3, 12);
const bob = PersonId.parse('bob');
const RUNGS: readonly Rung[] = [
  { afterMs: 5 * MIN, notify: 'team' },
  { afterMs: 10 * MIN, notify: bob },
];
const reachedAt = (at: number, rung = 0) => ({ rung, at, people: [], team: 'team-shop', reason: 'critical' });

type Over = { state?: Partial<RungState>; incident?: Partial<EscalationInput['incident']> };
function input({ state = {}, incident = {} }: Over = {}): EscalationInput {
  return {
    incident: { resolved: null, takenBy: null, paused: null, handover: null, ...incident },
    state: { criticalAt: null, neededAt: null, raised: null, signAt: 0, seenAt: null, reached: [], ...state },
    rungs: RUNGS,
  };
}
const asked: Partial<RungState> = { criticalAt: T0, reached: [reachedAt(T0)] };

test('an incident that is not critical asks nobody by itself', () => {
  expect(nextRung(input())).toBeNull();
});

test.each([
  [{ criticalAt: T0 }, 'critical'],
  [{ neededAt: T0 }, 'people_needed'],
  [{ raised: 'approval_waiting' as const }, 'approval_waiting'],
  [{ raised: 'approval_expired' as const }, 'approval_expired'],
])('whoever is on duty is asked at once when the log says %j', (state, reason) => {
  const next = nextRung(input({ state }));
  expect(next).toMatchObject({ rung: 0, notify: 'rota', reason });
  expect(next?.at).toBeLessThanOrEqual(T0);
});

test('the next ones are asked when nobody answered for their time, one after the other, and then nobody more', () => {
  expect(nextRung(input({ state: asked }))).toEqual({
    rung: 1,
    notify: 'team',
    at: T0 + 5 * MIN,
    reason: 'nobody_answered',
  });
  const second = { ...asked, reached: [reachedAt(T0), reachedAt(T0 + 5 * MIN, 1)] };
  expect(nextRung(input({ state: second }))).toMatchObject({ rung: 2, notify: 'bob', at: T0 + 15 * MIN });
  const last = { ...second, reached: [...(second.reached ?? []), reachedAt(T0 + 15 * MIN, 2)] };
  expect(nextRung(input({ state: last }))).toBeNull();
});

test('a plan that waits or expired brings the next rung at once', () => {
  const next = nextRung(input({ state: { ...asked, raised: 'approval_waiting' } }));
  expect(next).toMatchObject({ rung: 1, at: T0, reason: 'approval_waiting' });
});

test('a decision shows that somebody is there: the time counts from it', () => {
  expect(nextRung(input({ state: { ...asked, signAt: T0 + 3 * MIN } }))?.at).toBe(T0 + 8 * MIN);
});

const answered: Partial<EscalationInput['incident']>[] = [
  { takenBy: bob },
  { paused: { by: bob, at: T0 } },
  { resolved: { resolution: 'recovered', by: 'firebreak', at: T0 } },
];
test.each(answered)('nobody more is asked once there is an answer: %j', (incident) => {
  for (const state of [{ criticalAt: T0 }, asked, { ...asked, raised: 'approval_expired' as const }])
    expect(nextRung(input({ state, incident }))).toBeNull();
});

test('that somebody has seen it holds the next ones back for half an hour, and is not enough for longer', () => {
  const seen: Partial<RungState> = { ...asked, seenAt: T0 + MIN, signAt: T0 + MIN };
  expect(nextRung(input({ state: seen }))).toMatchObject({ rung: 1, at: T0 + 31 * MIN, reason: 'not_taken' });
});

test('an offer that nobody accepts for ten minutes is a reason to ask the next ones, one after the other', () => {
  const offered = { takenBy: bob, handover: { by: bob, to: null, at: T0 + 20 * MIN } };
  const next = nextRung(input({ state: asked, incident: offered }));
  expect(next).toMatchObject({ rung: 1, notify: 'team', at: T0 + 30 * MIN, reason: 'handover_waiting' });
  const told = { ...asked, reached: [reachedAt(T0), reachedAt(T0 + 30 * MIN, 1)] };
  expect(nextRung(input({ state: told, incident: offered }))).toMatchObject({ rung: 2, at: T0 + 40 * MIN });
  expect(isAnswered({ ...input().incident, acknowledgedBy: null, ...offered }, told)).toBe(false);
  expect(isAnswered({ ...input().incident, acknowledgedBy: null, ...offered }, { reached: [] })).toBe(true);
  expect(nextRung(input({ incident: offered }))).toMatchObject({ rung: 0, notify: 'rota' });
});

test('what is sure to come is shown before it is due, and is what comes', () => {
  expect(expectedRung(input({ state: asked }), T0 + 2 * MIN)).toMatchObject({ rung: 1, at: T0 + 2 * MIN });
  expect(expectedRung(input({ state: asked }), T0 + 7 * MIN)).toMatchObject({ rung: 1, at: T0 + 5 * MIN });
  expect(expectedRung(input(), T0 + 7 * MIN)).toMatchObject({ rung: 0, at: T0 + 7 * MIN });
  expect(expectedRung(input({ state: asked, incident: { takenBy: bob } }), T0)).toBeNull();
});

test('whatever happened, rungs come one after the other and not before the one before them', () => {
  const times = fc.integer({ min: T0, max: T0 + 60 * MIN });
  const states = fc.record({
    criticalAt: fc.option(times),
    neededAt: fc.option(times),
    raised: fc.constantFrom(null, 'approval_waiting' as const, 'approval_expired' as const),
    signAt: times,
    seenAt: fc.option(times),
    reached: fc
      .array(times, { maxLength: 4 })
      .map((all) => all.toSorted((a, b) => a - b).map((at, rung) => reachedAt(at, rung))),
  });
  fc.assert(
    fc.property(states, (state) => {
      const next = nextRung(input({ state }));
      if (next === null) return;
      expect(next.rung).toBe(state.reached.length);
      const last = state.reached.at(-1);
      if (last !== undefined) expect(next.at).toBeGreaterThanOrEqual(last.at);
    }),
  );
});
