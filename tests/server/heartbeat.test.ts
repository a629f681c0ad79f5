import { expect, test } from 'vitest';
import type { LogHealth } from '#audit/log.ts';
import type { GetAnswer } from '#intake/http-get.ts';
import { startHeartbeat } from '#server/heartbeat.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

function set() {
  const clock = new FakeClock();
  const beats: number[] = [];
  const told: string[] = [];
  const state = {
    health: { kind: 'ok' } as LogHealth,
    answer: { kind: 'answer', status: 200, text: '' } as GetAnswer,
  };
  const heartbeat = startHeartbeat({
    url: 'https://example.test/ping',
    everyMs: 60_000,
    clock,
    log: { health: () => state.health },
    get: async ({ url }) => {
      expect(url).toBe('https://example.test/ping');
      beats.push(clock.mono());
      return state.answer;
    },
    onHealth: (text) => told.push(text),
  });
  /** The loop comes round every second unless it hangs. */
  const pass = async (ms: number, hangs = false): Promise<void> => {
    for (let i = 0; i < ms; i += 1000) {
      if (!hangs) heartbeat.tick();
      await clock.advance(1000);
    }
  };
  return { clock, beats, told, state, heartbeat, pass };
}

test('the address is asked for at once and then again and again', async () => {
  const { beats, pass, told } = set();
  await pass(180_000);
  expect([beats, told]).toEqual([[0, 60_000, 120_000, 180_000], []]);
});

test('a server whose log cannot be written does not look alive, and does again when it can', async () => {
  const { beats, pass, state, told } = set();
  await pass(10_000);
  state.health = { kind: 'failed', reason: 'disk full', passing: true };
  await pass(120_000);
  expect(beats).toEqual([0]);
  state.health = { kind: 'ok' };
  await pass(60_000);
  expect(beats).toHaveLength(2);
  expect(told).toEqual(['no heartbeat: the log cannot be written', 'the heartbeat is heard']);
});

test('neither does one whose loop hangs', async () => {
  const { beats, pass, told } = set();
  await pass(10_000);
  await pass(120_000, true);
  expect([beats, told]).toEqual([[0], ['no heartbeat: the loop does not come round']]);
});

test('an address that does not answer is said once and tried on', async () => {
  const { beats, pass, state, told } = set();
  state.answer = { kind: 'failed', detail: 'ECONNREFUSED' };
  await pass(180_000);
  expect([beats.length, told]).toEqual([4, ['no heartbeat: ECONNREFUSED']]);
  state.answer = { kind: 'answer', status: 404, text: '' };
  await pass(60_000);
  expect(told.at(-1)).toBe('no heartbeat: answered with status 404');
});

test('after a stop nothing is asked for', async () => {
  const { beats, pass, heartbeat, clock } = set();
  await pass(1000);
  heartbeat.stop();
  await pass(120_000);
  expect([beats.length, clock.waiting]).toEqual([1, 0]);
});
