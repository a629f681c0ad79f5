import type { Model } from '#llm/model.ts';
import type { PriceRow } from '#llm/prices.ts';
import type { Provider } from '#llm/provider.ts';
import type { RouterDeps } from '#llm/route.ts';
import { routedModel } from '#llm/router.ts';
import { createLedger } from '#server/ledger.ts';
import type { ModelParts } from '../engine.ts';

/** Most that one case may cost: a case that runs away must not empty a purse. */
const PER_CASE = 1_000_000;

export type RoutedOptions = {
  readonly provider: Provider;
  readonly model: string;
  /** Left out = nothing is billed. */
  readonly price?: PriceRow;
  /** What may leave; left out = everything as it is, for providers on this machine. */
  readonly outgoing?: RouterDeps['outgoing'];
};

/** A provider as a case's model, the way a server asks it: retries, breaker, books in the log, and the rules where it fails. */
export function routed(parts: ModelParts, { provider, model, price, outgoing }: RoutedOptions): Model {
  const { log, folds, clock, random, rules } = parts;
  const free = { in: 0, cacheRead: 0, cacheWrite: 0, out: 0, date: '2026-01-01' };
  const route = {
    ...{ provider, model, maxOutputTokens: 4096 },
    price: price ?? { provider: provider.name, model, ...free },
  };
  return routedModel({
    routes: () => [route],
    ...{ rules, clock, random },
    ledger: createLedger({
      ...{ log, fold: folds.spend, clock, random },
      budget: { incident: PER_CASE, day: PER_CASE, roles: new Map() },
    }),
    outgoing: outgoing ?? ((items) => items),
    onError: () => undefined,
  });
}
