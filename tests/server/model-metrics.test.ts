import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { SpendFold } from '#incidents/spend-fold.ts';
import { createLedger } from '#server/ledger.ts';
import { createModelMetrics } from '#server/model-metrics.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { turn } from '../llm/a-turn.ts';

test('attempts, tokens and cost are counted by provider, as they become durable', async () => {
  const clock = new FakeClock();
  const fold = new SpendFold();
  const log = await openMemoryLog({ clock, random: realRandom, folds: [fold] });
  const registry = new Registry();
  log.subscribe(createModelMetrics(registry));
  const budget = { incident: 10 ** 9, day: 10 ** 9, roles: new Map() };
  const ledger = createLedger({ log, fold, clock, random: realRandom, budget });
  for (const outcome of ['timeout', 'ok'] as const) {
    const one = await ledger.reserve({
      turn,
      role: 'monitor',
      provider: 'a',
      model: 'm',
      usdMicros: 500_000,
    });
    if (one.kind !== 'reserved') throw new Error(one.reason);
    const tokens = outcome === 'ok' ? { input: 7, cacheRead: 3, cacheWrite: 0, output: 2 } : null;
    const common = { price: '2026-01-01', latencyMs: 1, attempt: 1 };
    await ledger.settle(one.id, { outcome, tokens, usdMicros: 250_000, ...common });
  }
  const text = await registry.metrics();
  expect(text).toContain('firebreak_model_attempts_total{provider="a",outcome="timeout"} 1');
  expect(text).toContain('firebreak_model_attempts_total{provider="a",outcome="ok"} 1');
  expect(text).toContain('firebreak_model_tokens_total{provider="a",kind="cacheRead"} 3');
  expect(text).toContain('firebreak_model_cost_dollars_total{provider="a"} 0.5');
});
