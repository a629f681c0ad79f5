import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';
import { costOf } from '#llm/prices.ts';
import type { Tokens } from '#llm/provider.ts';
import type { FakeProvider } from '../fakes/llm-provider/provider.ts';
import { PRICE } from './models.ts';

/** The same figures from both sides: what our entries say, and what the fake providers billed. */
export type Books = {
  readonly ours: {
    readonly tokens: Tokens;
    readonly usdMicros: number;
    readonly attempts: number;
    /** Broken off by us, some before anything was sent. */
    readonly aborted: number;
  };
  readonly theirs: { readonly tokens: Tokens; readonly usdMicros: number; readonly requests: number };
  /** Attempts whose bill nobody could know: they count as all that was reserved, which must cover what was billed. */
  readonly untold: {
    readonly attempts: number;
    readonly replies: number;
    readonly countedUsdMicros: number;
    readonly billedUsdMicros: number;
  };
};

const price = { ...PRICE, provider: 'any', model: 'any' };

export function booksOf(entries: readonly Entry[], fakes: readonly FakeProvider[]): Books {
  const attempts = entries.flatMap((entry) => {
    const fact = readFact(entry);
    return fact?.kind === 'model.attempted' ? [fact.body] : [];
  });
  const bills = fakes.flatMap((fake) => fake.billed());
  const known = attempts.filter(({ tokens }) => tokens !== null);
  const told = bills.flatMap((bill) => bill.told ?? []);
  const untold = attempts.filter(({ tokens, usdMicros }) => tokens === null && usdMicros > 0);
  const untoldBills = bills.filter((bill) => bill.told === null);
  return {
    ours: {
      tokens: sum(known.flatMap(({ tokens }) => tokens ?? [])),
      usdMicros: total(known.map(({ usdMicros }) => usdMicros)),
      attempts: attempts.length,
      aborted: attempts.filter(({ outcome }) => outcome === 'aborted').length,
    },
    theirs: {
      tokens: sum(told),
      usdMicros: total(told.map((tokens) => costOf(price, tokens))),
      requests: fakes.reduce((count, fake) => count + fake.seen().length, 0),
    },
    untold: {
      attempts: untold.length,
      replies: untoldBills.length,
      countedUsdMicros: total(untold.map(({ usdMicros }) => usdMicros)),
      billedUsdMicros: total(untoldBills.map(({ tokens }) => costOf(price, tokens))),
    },
  };
}

function sum(all: readonly Tokens[]): Tokens {
  const of = (kind: keyof Tokens) => total(all.map((tokens) => tokens[kind]));
  return {
    input: of('input'),
    cacheRead: of('cacheRead'),
    cacheWrite: of('cacheWrite'),
    output: of('output'),
  };
}

const total = (figures: readonly number[]): number => figures.reduce((all, figure) => all + figure, 0);
