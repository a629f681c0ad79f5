import { expect, test } from 'vitest';
import { createGuard } from '#tools/drivers/breaker.ts';
import { guardMetrics } from '#tools/drivers/guarded.ts';
import type { MetricsDriver } from '#tools/drivers/ports.ts';
import type { Gap, Seen } from '#tools/drivers/seen.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { fakeContext } from './fake-context.ts';
import { never } from './loopback.ts';

const gone: Gap = { kind: 'gap', reason: 'unreachable', detail: 'ECONNREFUSED' };
const fine: Seen<number> = { kind: 'seen', value: 7 };

/** A driver whose next answers are set by the test, behind a breaker with three failures and a rest of ten seconds. */
function behindBreaker() {
  const clock = new FakeClock();
  const world = { answer: fine as Seen<number>, asked: 0 };
  const guard = createGuard({ name: 'prometheus main' }, clock);
  const ask = guard(async (_query: string, _signal: AbortSignal) => {
    world.asked += 1;
    return world.answer;
  });
  return { clock, world, guard, look: () => ask('x', never) };
}

async function opened() {
  const rig = behindBreaker();
  rig.world.answer = gone;
  for (let n = 0; n < 3; n += 1) await rig.look();
  return rig;
}

test('after three failures in a row nothing is asked, and the gap says since when and why', async () => {
  const { world, look } = await opened();
  expect(world.asked).toBe(3);
  expect(await look()).toEqual({
    kind: 'gap',
    reason: 'unreachable',
    detail: 'prometheus main has not answered since 2026-01-05T03:12:00.000Z (ECONNREFUSED)',
  });
  expect(world.asked).toBe(3);
});

test('an answer in between forgets earlier failures', async () => {
  const { world, look } = behindBreaker();
  for (const answer of [gone, gone, fine, gone, gone]) {
    world.answer = answer;
    await look();
  }
  world.answer = fine;
  expect(await look()).toEqual(fine);
});

test.each(['refused', 'bad_answer', 'no_data', 'too_large'] as const)(
  'a gap %s is an answer and opens nothing',
  async (reason) => {
    const { world, look } = behindBreaker();
    world.answer = { kind: 'gap', reason, detail: '' };
    for (let n = 0; n < 10; n += 1) await look();
    expect(world.asked).toBe(10);
  },
);

test('after the rest one look is asked and the others wait for none; an answer closes it', async () => {
  const rig = behindBreaker();
  const slow = Promise.withResolvers<Seen<number>>();
  let asked = 0;
  const ask = rig.guard(async (_signal: AbortSignal): Promise<Seen<number>> => {
    asked += 1;
    return asked <= 3 ? gone : slow.promise;
  });
  for (let n = 0; n < 3; n += 1) await ask(never);
  await rig.clock.advance(10_000);
  const trial = ask(never);
  expect(await ask(never)).toMatchObject({ kind: 'gap', reason: 'unreachable' });
  expect(asked).toBe(4);
  slow.resolve(fine);
  expect(await trial).toEqual(fine);
  expect(await ask(never)).toEqual(fine);
});

test('a failure after the rest opens it for another rest, since the first failure', async () => {
  const { clock, world, look } = await opened();
  await clock.advance(10_000);
  expect(await look()).toEqual(gone);
  expect(world.asked).toBe(4);
  await clock.advance(9999);
  expect(await look()).toMatchObject({ detail: expect.stringContaining('03:12:00') });
  expect(world.asked).toBe(4);
  await clock.advance(1);
  world.answer = fine;
  expect(await look()).toEqual(fine);
});

test('a driver that never answers and heeds no signal is ended by the cap, and that counts', async () => {
  const clock = new FakeClock();
  const guard = createGuard({ name: 'x', capMs: 1000, failures: 1 }, clock);
  const look = guard((_signal: AbortSignal) => new Promise<Seen<number>>(() => {}));
  const first = look(never);
  await clock.advance(1000);
  expect(await first).toEqual({ kind: 'gap', reason: 'timeout', detail: 'no answer within 1000 ms' });
  expect(await look(never)).toMatchObject({ reason: 'unreachable' });
  expect(clock.waiting).toBe(0);
});

test('a look that its caller stopped ends at once and counts for nothing', async () => {
  const clock = new FakeClock();
  const guard = createGuard({ name: 'x', failures: 1 }, clock);
  let answers = false;
  const look = guard((_signal: AbortSignal) =>
    answers ? Promise.resolve(fine) : new Promise<Seen<number>>(() => {}),
  );
  const stop = new AbortController();
  const stopped = look(stop.signal);
  stop.abort();
  expect(await stopped).toMatchObject({ kind: 'gap', reason: 'timeout' });
  answers = true;
  expect(await look(never)).toEqual(fine);
});

test('a driver that throws is a gap, never a crash', async () => {
  const guard = createGuard({ name: 'x' }, new FakeClock());
  const look = guard((_signal: AbortSignal): Promise<Seen<number>> => {
    throw new TypeError('cannot read x of undefined');
  });
  expect(await look(never)).toEqual({
    kind: 'gap',
    reason: 'bad_answer',
    detail: 'cannot read x of undefined',
  });
});

test('slow expressions of a model leave the signals that a change is judged by as they are', async () => {
  const clock = new FakeClock();
  const late: Gap = { kind: 'gap', reason: 'timeout', detail: 'no answer within 5000 ms' };
  const series = { t: [1], v: [1] };
  const driver: MetricsDriver = {
    series: async () => ({ kind: 'seen', value: series }),
    promql: async () => late,
  };
  const metrics = guardMetrics(
    driver,
    createGuard({ name: 'prometheus main' }, clock),
    createGuard({ name: 'prometheus main for written expressions' }, clock),
  );
  const { context } = fakeContext();
  const [service] = context.inventory.services.values();
  if (service === undefined) throw new Error('the inventory is empty');
  const grid = { service, from: 0, to: 1, stepMs: 1 };
  for (let n = 0; n < 5; n += 1) await metrics.promql?.({ ...grid, expression: 'up' }, never);
  expect(await metrics.promql?.({ ...grid, expression: 'up' }, never)).toMatchObject({
    reason: 'unreachable',
  });
  const source = { kind: 'up' } as const;
  expect(await metrics.series({ ...grid, signal: 'instances_up', source }, never)).toEqual({
    kind: 'seen',
    value: series,
  });
});
