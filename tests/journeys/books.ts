import type { Entry } from '#audit/log.ts';
import { readFact } from '#incidents/entry.ts';
import { costOf } from '#llm/prices.ts';
import type { Tokens } from '#llm/provider.ts';
import type { FakeProvider } from '../fakes/llm-provider/provider.ts';
import { PRICE } from './models.ts';

/** The same figures from both sides: what our entries say, and what the fake providers billed. */
export type Books = {
  readonly ours: { readonly tokens: Tokens; readonly usdMicros: number };
  readonly theirs: { readonly tokens: Tokens; readonly usdMicros: number };
  /** What is wrong between them, one line each. */
  readonly problems: readonly string[];
};

const price = { ...PRICE, provider: 'any', model: 'any' };

/**
 * Compares them. Tokens that were told must be booked, to the token. A reply that broke before it told counts as all that
 * was reserved, which must cover its own bill: what others counted too much does not make up for it. An attempt that we broke off ourselves counts like that too, whatever stood in
 * the part that nobody read any more.
 */
export function booksOf(entries: readonly Entry[], fakes: readonly FakeProvider[]): Books {
  const attempts = entries.flatMap((entry) => {
    const fact = readFact(entry);
    return fact?.kind === 'model.attempted' ? [fact.body] : [];
  });
  const bills = fakes.flatMap((fake) => fake.billed());
  const known = attempts.filter(({ tokens }) => tokens !== null);
  const told = bills.flatMap((bill) => bill.told ?? []);
  const ours = {
    tokens: sum(known.flatMap(({ tokens }) => tokens ?? [])),
    usdMicros: total(known.map(({ usdMicros }) => usdMicros)),
  };
  const theirs = { tokens: sum(told), usdMicros: total(told.map((tokens) => costOf(price, tokens))) };
  const aborted = attempts.filter(({ outcome }) => outcome === 'aborted');
  const exact = aborted.every(({ tokens }) => tokens !== null && total(Object.values(tokens)) === 0);
  const requests = fakes.reduce((count, fake) => count + fake.seen().length, 0);
  const counted = attempts.map(({ usdMicros }) => usdMicros).toSorted((a, b) => b - a);
  const billed = bills.map(({ tokens }) => costOf(price, tokens)).toSorted((a, b) => b - a);
  const checks: readonly (readonly [boolean, string])[] = [
    [!exact || same(ours, theirs), `booked ${JSON.stringify(ours)}, billed ${JSON.stringify(theirs)}`],
    // The n-th dearest of each: so there is a pairing in which no attempt counts less than its bill.
    [
      billed.every((usd, nth) => usd <= (counted[nth] ?? 0)),
      `${total(counted)} counted as spent, ${total(billed)} billed, or an attempt counts less than its bill`,
    ],
    [
      requests <= attempts.length && requests >= attempts.length - aborted.length,
      `${attempts.length} attempts, ${aborted.length} of them broken off, ${requests} requests`,
    ],
  ];
  return { ours, theirs, problems: checks.flatMap(([is, text]) => (is ? [] : [text])) };
}

const same = (a: object, b: object): boolean => JSON.stringify(a) === JSON.stringify(b);

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
