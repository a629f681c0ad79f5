import { expect, test } from 'vitest';
import type { ChildEvents, ExecutorChild } from '#server/executor/child.ts';
import { type ExecutorHealth, keepExecutor } from '#server/executor/keeper.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { permits } from './permits.ts';

/** A child that does what the test tells it to. */
type Puppet = ChildEvents & { killed: boolean };

function setUp() {
  const clock = new FakeClock();
  const children: Puppet[] = [];
  const seen: ExecutorHealth['kind'][] = [];
  const start = (events: ChildEvents): ExecutorChild => {
    const puppet = { ...events, killed: false };
    children.push(puppet);
    return {
      pid: children.length,
      change: async () => ({ kind: 'done', generation: 8, tookMs: 1 }),
      kill: () => {
        puppet.killed = true;
        queueMicrotask(() => events.onEnd('it was ended'));
      },
    };
  };
  const keeper = keepExecutor({ clock, start, onHealth: ({ kind }) => seen.push(kind) });
  const last = (): Puppet => {
    const puppet = children.at(-1);
    if (puppet === undefined) throw new Error('no child was started');
    return puppet;
  };
  const { permit } = permits(clock, () => 7);
  return { clock, children, seen, keeper, last, permit };
}

test('changes go to the child once it can begin, and are refused before and after, with nothing sent', async () => {
  const { keeper, last, permit } = setUp();
  const refused = { kind: 'refused', reason: 'executor_down' };
  expect(await keeper.change(permit(), 1000)).toMatchObject(refused);
  last().onReady();
  expect(await keeper.change(permit(), 1000)).toMatchObject({ kind: 'done' });
  last().onEnd('it ended with SIGKILL');
  expect(await keeper.change(permit(), 1000)).toMatchObject(refused);
  expect(keeper.health()).toEqual({ kind: 'down', why: 'it ended with SIGKILL' });
});

test('a child that ended is started again after a moment', async () => {
  const { clock, children, seen, keeper, last } = setUp();
  last().onReady();
  await clock.advance(60_000);
  last().onEnd('it ended with code 1');
  await clock.advance(199);
  expect(children).toHaveLength(1);
  await clock.advance(1);
  expect(keeper.health()).toEqual({ kind: 'starting', why: 'it ended with code 1' });
  last().onReady();
  expect({ children: children.length, seen }).toEqual({
    children: 2,
    seen: ['up', 'down', 'starting', 'up'],
  });
});

test('after three quick deaths in a row it stays down for 30 s; one that lived long starts the count anew', async () => {
  const { clock, children, last } = setUp();
  const dieQuickly = async (): Promise<void> => {
    last().onEnd('it ended with code 1');
    await clock.advance(200);
  };
  await dieQuickly();
  await dieQuickly();
  expect(children).toHaveLength(3);
  await dieQuickly();
  await clock.advance(29_799);
  expect(children).toHaveLength(3);
  await clock.advance(1);
  expect(children).toHaveLength(4);
  await dieQuickly();
  expect(children).toHaveLength(4);
  await clock.advance(30_000);
  last().onReady();
  await clock.advance(10_000);
  await dieQuickly();
  expect(children).toHaveLength(6);
});

test('whoever asks when changes are possible is told as soon as they are, or at their limit', async () => {
  const { clock, keeper, last } = setUp();
  const told: string[] = [];
  void keeper.ready(5000).then((word) => told.push(`patient ${word}`));
  void keeper.ready(100).then((word) => told.push(`hasty ${word}`));
  await clock.advance(100);
  expect(told).toEqual(['hasty down']);
  last().onReady();
  await clock.advance(0);
  expect(told).toEqual(['hasty down', 'patient up']);
  expect(await keeper.ready(0)).toBe('up');
  expect(clock.waiting).toBe(0);
});

test('a server that stops makes nobody wait, and its child is not started again', async () => {
  const { clock, children, keeper, last } = setUp();
  const waiting = keeper.ready(60_000);
  keeper.release();
  expect(await waiting).toBe('closed');
  last().onReady();
  expect(await keeper.ready(0)).toBe('closed');
  await keeper.close();
  await clock.advance(60_000);
  expect({ killed: last().killed, children: children.length }).toEqual({ killed: true, children: 1 });
});

test('closing while the child is down starts none', async () => {
  const { clock, children, keeper, last } = setUp();
  last().onEnd('it ended with code 1');
  await keeper.close();
  await clock.advance(60_000);
  expect(children).toHaveLength(1);
});
