import type { Clock, Random } from '#core/clock.ts';
import type { Ledger } from './ledger.ts';
import type { Item, Model } from './model.ts';
import type { PriceRow } from './prices.ts';
import type { Provider } from './provider.ts';

/** One candidate: a model of a provider, what it costs, and how much it may write. */
export type Route = {
  readonly provider: Provider;
  /** The provider's own name of the model. */
  readonly model: string;
  readonly price: PriceRow;
  readonly maxOutputTokens: number;
};

export type RouterDeps = {
  /** Candidates of a role, best first; none = the rules play it. */
  readonly routes: (role: string) => readonly Route[];
  /** Answers when nobody else does; costs nothing. */
  readonly rules: Model;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly random: Random;
  /** What may leave; redaction happens there. */
  readonly outgoing: (items: readonly Item[]) => readonly Item[];
  /** Told of a provider that threw, which is a bug of its adapter. */
  readonly onError: (error: unknown) => void;
};
