import type { Runbook, ToolContext } from '#tools/tool.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createFakeWorld, type FakeWorld } from '../fakes/fake-world.ts';

/** What a tool may use, over a simulated shop that has run for two minutes. */
export function fakeContext(more: { seed?: number; runbooks?: Runbook[] } = {}): {
  clock: FakeClock;
  shop: FakeWorld;
  context: ToolContext;
} {
  const clock = new FakeClock();
  const shop = createFakeWorld({ clock, seed: more.seed ?? 1 });
  const { inventory } = shop;
  const context = {
    world: { ...shop.world, history: () => [] },
    inventory,
    clock,
    runbooks: more.runbooks ?? [],
    signal: new AbortController().signal,
  };
  return { clock, shop, context };
}
