import { Counter, type Registry } from 'prom-client';
import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';

/**
 * Counts what models were asked and what they cost, from entries as they become durable. Since the start only: the log
 * has the rest. Labels come from the config and closed sets.
 */
export function createModelMetrics(registry: Registry): (entries: readonly Entry[]) => void {
  const registers = [registry];
  const attempts = new Counter({
    name: 'firebreak_model_attempts_total',
    help: 'Attempts at AI models, failed ones too.',
    labelNames: ['provider', 'outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'firebreak_model_tokens_total',
    help: 'Tokens that AI models billed.',
    labelNames: ['provider', 'kind'],
    registers,
  });
  const cost = new Counter({
    name: 'firebreak_model_cost_dollars_total',
    help: 'What attempts at AI models cost, in US dollars.',
    labelNames: ['provider'],
    registers,
  });
  return (entries) => {
    for (const entry of entries) {
      const fact = entry.kind === 'model.attempted' ? readFact(entry) : undefined;
      if (fact?.kind !== 'model.attempted') continue;
      const { provider, outcome, usdMicros } = fact.body;
      attempts.inc({ provider, outcome });
      cost.inc({ provider }, usdMicros / 1_000_000);
      for (const [kind, amount] of Object.entries(fact.body.tokens ?? {}))
        tokens.inc({ provider, kind }, amount);
    }
  };
}
