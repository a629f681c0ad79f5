import { expect, test } from 'vitest';
import { keepServing, type Served } from '#server/keep-serving.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

/** Servers that are started one after the other; the test says when the disk is back and whether a start works. */
async function kept() {
  const clock = new FakeClock();
  const state = { mended: false, broken: false, started: [] as (number | undefined)[], stopped: 0 };
  const said: string[] = [];
  const start = async (port: number | undefined): Promise<Served> => {
    if (state.broken) throw new Error('disk full');
    state.started.push(port);
    state.mended = false;
    return {
      url: 'http://127.0.0.1:7',
      port: 7,
      mended: () => state.mended,
      stop: async () => {
        state.stopped += 1;
      },
    };
  };
  const running = await keepServing({ start, clock, onRestart: (message) => said.push(message) });
  return { clock, state, said, running };
}

test('while nothing is wrong nothing is started again', async () => {
  const { clock, state, running } = await kept();
  await clock.advance(60_000);
  expect(state.started).toEqual([undefined]);
  await running.stop();
  expect([state.stopped, clock.waiting]).toEqual([1, 0]);
});

test('when the disk is back it stops and starts anew at the same port, again and again', async () => {
  const { clock, state, said } = await kept();
  for (let time = 1; time <= 3; time += 1) {
    state.mended = true;
    await clock.advance(2000);
    expect([state.started.at(-1), state.started.length, state.stopped]).toEqual([7, time + 1, time]);
  }
  expect(said).toHaveLength(3);
});

test('a start that fails is tried again until it works', async () => {
  const { clock, state, said } = await kept();
  state.mended = true;
  state.broken = true;
  await clock.advance(5000);
  expect(said.filter((message) => message === 'cannot start: disk full').length).toBeGreaterThan(2);
  state.broken = false;
  await clock.advance(2000);
  expect(state.started).toEqual([undefined, 7]);
});

test('a stop while it starts anew ends that too', async () => {
  const { clock, state, running } = await kept();
  state.mended = true;
  state.broken = true;
  await clock.advance(1500);
  const stopping = running.stop();
  await clock.advance(2000);
  await stopping;
  expect([state.stopped, clock.waiting]).toEqual([1, 0]);
});

test('the first start throws what is wrong', async () => {
  const start = () => Promise.reject(new Error('port taken'));
  await expect(keepServing({ start, clock: new FakeClock(), onRestart: () => undefined })).rejects.toThrow(
    'port taken',
  );
});
