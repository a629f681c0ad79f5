import { z } from 'zod';
import rows from './prices.json' with { type: 'json' };
import type { Tokens } from './provider.ts';

const Micros = z.int().min(0).max(10_000_000_000);

/**
 * What a model costs from a day on, in millionths of a US dollar per million tokens. `provider` is a kind (`anthropic`,
 * `openai`) in the table of this repository, a name of the config in an operator's row.
 */
export const PriceRow = z.strictObject({
  provider: z.string(),
  model: z.string(),
  date: z.iso.date(),
  in: Micros,
  cacheRead: Micros,
  cacheWrite: Micros,
  out: Micros,
});
export type PriceRow = z.infer<typeof PriceRow>;

/** What the vendors publish, each row with the day on which it was read. Prices change: a row of the config wins. */
export const publishedPrices: readonly PriceRow[] = z.array(PriceRow).parse(rows);

export type PriceQuery = {
  readonly provider: string;
  readonly model: string;
  /** `2026-11-01`; later rows do not hold yet. */
  readonly day: string;
};

/** The newest row that holds on a day; undefined when there is none, and then the model must not be used. */
export function priceOf(
  table: readonly PriceRow[],
  { provider, model, day }: PriceQuery,
): PriceRow | undefined {
  return table
    .filter((row) => row.provider === provider && row.model === model && row.date <= day)
    .toSorted((a, b) => (a.date < b.date ? 1 : -1))[0];
}

const MILLION = 1_000_000n;

/** What so many tokens cost, in millionths of a dollar, rounded up. Exact for any count of tokens. */
export function costOf(price: PriceRow, { input, cacheRead, cacheWrite, output }: Tokens): number {
  const micros =
    BigInt(input) * BigInt(price.in) +
    BigInt(cacheRead) * BigInt(price.cacheRead) +
    BigInt(cacheWrite) * BigInt(price.cacheWrite) +
    BigInt(output) * BigInt(price.out);
  return Number((micros + MILLION - 1n) / MILLION);
}

/** The most that a request can cost: every input token at the dearest of the input prices, every output token used. */
export function worstCost(price: PriceRow, tokens: { input: number; output: number }): number {
  const dearest = Math.max(price.in, price.cacheRead, price.cacheWrite);
  return costOf({ ...price, in: dearest }, { ...tokens, cacheRead: 0, cacheWrite: 0 });
}
