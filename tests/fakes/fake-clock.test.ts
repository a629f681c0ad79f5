import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

test('timers fire in the order in which they are due, each at its own time', async () => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b ${clock.now()}`));
  clock.after(10, () => seen.push(`a ${clock.now()}`));
  clock.after(20, () => seen.push(`c ${clock.now()}`));
  await clock.advance(15);
  expect(seen).toEqual(['a 10']);
  await clock.advance(5);
  expect(seen).toEqual(['a 10', 'b 20', 'c 20']);
});

test('a loop of sleeps runs as often as fits', async () => {
  const clock = new FakeClock(0);
  let rounds = 0;
  const loop = async (): Promise<void> => {
    for (;;) {
      await clock.sleep(100);
      rounds += 1;
    }
  };
  void loop();
  await clock.advance(1000);
  expect(rounds).toBe(10);
});

test('a cancelled timer never fires and an aborted sleep rejects with the reason', async () => {
  const clock = new FakeClock();
  let fired = false;
  clock.after(10, () => {
    fired = true;
  })();
  const stop = new AbortController();
  const sleeping = clock.sleep(10, stop.signal);
  stop.abort(new Error('enough'));
  await expect(sleeping).rejects.toThrow('enough');
  await clock.advance(20);
  expect(fired).toBe(false);
  expect(clock.waiting).toBe(0);
});

test('a jump of the wall clock moves no timer', async () => {
  const clock = new FakeClock(0);
  let fired = false;
  clock.after(100, () => {
    fired = true;
  });
  clock.jump(1_000_000);
  await clock.advance(50);
  expect(fired).toBe(false);
  expect(clock.now()).toBe(1_000_050);
  expect(clock.mono()).toBe(50);
});
