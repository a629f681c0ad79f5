import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import { Alert } from '#incidents/alert.ts';
import type { Accepted } from '#intake/delivery.ts';
import { createWatch, type WatchRule, watchAlert } from '#intake/watch.ts';
import { type Reading, step, toldOf, toTell, type WatchState } from '#intake/watch-state.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

const rule: WatchRule = {
  service: ServiceId.parse('checkout'),
  environment: 'prod',
  condition: { kind: 'above', signal: 'error_ratio', limit: 0.05 },
  forMs: 10_000,
  everyMs: 2_000,
  severity: 'error',
};

function setUp(over: Partial<WatchRule> = {}, firingSince: number | null = null) {
  const clock = new FakeClock();
  const told: string[] = [];
  const world: { value: number | null | Error; probe: 'up' | 'down' | 'unseen'; accepted: Accepted } = {
    value: 0,
    probe: 'up',
    accepted: { kind: 'accepted', incidents: [] },
  };
  const start = clock.now();
  const watch = createWatch({
    rule: { ...rule, ...over },
    clock,
    firingSince,
    readSignal: async () => {
      if (world.value instanceof Error) throw world.value;
      return world.value;
    },
    probe: async () => world.probe,
    onAlert: async ({ alerts }) => {
      const at = (clock.now() - start) / 1000;
      if (world.accepted.kind === 'accepted') {
        told.push(...alerts.map((alert) => `${at} ${alert.status} since ${(alert.startsAt - start) / 1000}`));
      }
      return world.accepted;
    },
  });
  const looks = async (count: number) => {
    for (let n = 0; n < count; n += 1) {
      await watch.look(new AbortController().signal);
      await clock.advance(2_000);
    }
    return told.splice(0);
  };
  return { watch, looks, world, clock };
}

test('a condition that holds for its time fires once, with the time it began, and clears after as long a good time', async () => {
  const { looks, world } = setUp();
  expect(await looks(2)).toEqual([]);
  world.value = 0.31;
  expect(await looks(20)).toEqual(['14 firing since 4']);
  world.value = 0.01;
  expect(await looks(20)).toEqual(['54 cleared since 4']);
});

test('a shorter spell fires nothing', async () => {
  const { looks, world } = setUp();
  for (let round = 0; round < 5; round += 1) {
    world.value = 0.31;
    expect(await looks(5)).toEqual([]);
    world.value = 0.01;
    expect(await looks(1)).toEqual([]);
  }
});

test('a value that cannot be read neither fires nor clears', async () => {
  const { looks, world } = setUp();
  for (const blind of [null, new Error('timeout'), Number.NaN]) {
    world.value = 0.31;
    await looks(3);
    world.value = blind;
    expect(await looks(20)).toEqual([]);
  }
  world.value = 0.31;
  expect(await looks(6)).toHaveLength(1);
  for (const blind of [null, new Error('timeout')]) {
    world.value = blind;
    expect(await looks(20)).toEqual([]);
  }
});

test('a probe that fails fires, one that cannot be told does not', async () => {
  const { looks, world } = setUp({ condition: { kind: 'probe' } });
  world.probe = 'unseen';
  expect(await looks(20)).toEqual([]);
  world.probe = 'down';
  expect(await looks(6)).toEqual(['50 firing since 40']);
});

test('a limit from below works the other way round', async () => {
  const { looks, world } = setUp({ condition: { kind: 'below', signal: 'instances_up', limit: 2 } });
  world.value = 2;
  expect(await looks(20)).toEqual([]);
  world.value = 1;
  expect(await looks(6)).toHaveLength(1);
});

test('an alert that could not be recorded is handed over again at each look', async () => {
  const { looks, world } = setUp({ forMs: 0 });
  world.value = 1;
  world.accepted = { kind: 'unavailable' };
  expect(await looks(3)).toEqual([]);
  world.accepted = { kind: 'accepted', incidents: [] };
  expect(await looks(3)).toEqual(['6 firing since 0']);
});

test('a watch that fired before a restart clears without firing again', async () => {
  const { looks } = setUp({}, 1_000);
  expect(await looks(6)).toMatchObject([expect.stringContaining('cleared')]);
});

test('it looks at its interval until it is stopped', async () => {
  const { watch, clock, world, looks } = setUp();
  world.value = 1;
  const stop = new AbortController();
  const ended = watch.run(stop.signal);
  await clock.advance(11_000);
  stop.abort();
  await ended;
  expect(clock.waiting).toBe(0);
  expect(await looks(0)).toEqual(['10 firing since 0']);
});

test('the alert of a rule has the shape of an alert and keeps its fingerprint', () => {
  const firing = watchAlert(rule, 'firing', 5);
  expect(Alert.parse(firing)).toMatchObject({
    name: 'error_ratio above 0.05',
    summary: 'checkout: error_ratio above 0.05 for 10 s',
  });
  expect(watchAlert(rule, 'cleared', 9).fingerprint).toBe(firing.fingerprint);
  expect(watchAlert({ ...rule, condition: { kind: 'probe' } }, 'firing', 5).fingerprint).not.toBe(
    firing.fingerprint,
  );
});

test('firing and cleared take turns, whatever the readings and whatever could not be recorded', () => {
  const readings = fc.array(fc.tuple(fc.constantFrom<Reading>('good', 'bad', 'unseen'), fc.boolean()), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(readings, (all) => {
      let state: WatchState = { kind: 'quiet' };
      const told: string[] = [];
      all.forEach(([reading, durable], n) => {
        state = step(state, reading, { mono: n * 1000, wall: n * 1000, forMs: 2000 });
        const tell = toTell(state);
        if (tell === null || !durable) return;
        told.push(tell);
        state = toldOf(state);
      });
      expect(told).toEqual(told.map((_, n) => (n % 2 === 0 ? 'firing' : 'cleared')));
    }),
  );
});
