import { expect, test } from 'vitest';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { SpendFold } from '#incidents/spend-fold.ts';
import type { Settlement } from '#llm/ledger.ts';
import { watchProviders } from '#server/failing-providers.ts';
import { createLedger } from '#server/ledger.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { turn } from '../llm/a-turn.ts';

test('a provider counts as failing from a failed attempt until one is answered, whatever is ended here between', async () => {
  const clock = new FakeClock();
  const fold = new SpendFold();
  const log = await openMemoryLog({ clock, random: realRandom, folds: [fold] });
  const failing = watchProviders(log);
  const budget = { incident: 10 ** 9, day: 10 ** 9, roles: new Map() };
  const ledger = createLedger({ log, fold, clock, random: realRandom, budget });
  const attempt = async (provider: string, outcome: Settlement['outcome']) => {
    const one = await ledger.reserve({ turn, role: 'monitor', provider, model: 'm', usdMicros: 1 });
    if (one.kind !== 'reserved') throw new Error(one.reason);
    const common = { price: '2026-01-01', latencyMs: 1, attempt: 1, tokens: null, usdMicros: 0 };
    await ledger.settle(one.id, { outcome, ...common });
    return failing().map((each) => `${each.provider} ${each.reason}`);
  };
  expect(await attempt('a', 'ok')).toEqual([]);
  expect(await attempt('a', 'auth')).toEqual(['a auth']);
  expect(await attempt('b', 'timeout')).toEqual(['a auth', 'b timeout']);
  for (const outcome of ['aborted', 'too_long', 'recorded'] as const)
    expect(await attempt('a', outcome)).toEqual(['a auth', 'b timeout']);
  expect(await attempt('a', 'ok')).toEqual(['b timeout']);
});
