/** What one run of one case came to, compared with what it should come to. */
export type Judged = {
  readonly id: string;
  readonly about: string;
  readonly seed: number;
  /** Nothing is wrong that has a name: naming a cause is a false alarm. */
  readonly faultless: boolean;
  /** The cause, the place and the change are as expected, nothing else was proposed, and nothing was done. */
  readonly right: boolean;
  /** The true cause at the true place is first, or among the first three. */
  readonly a1: boolean;
  readonly a3: boolean;
  /** A cause was named that is not the true one, also where there is none. */
  readonly misnamed: boolean;
  /** Of the first cause, in percent; null where there is none. */
  readonly confidence: number | null;
  /** That first cause is the true one at the true place, named or not. */
  readonly firstTrue: boolean;
  /** Looks that the first cause must rest on, and how many of them it does. */
  readonly wanted: number;
  readonly cited: number;
  readonly reads: number;
  /** Changes that were put before people though the case expects others. */
  readonly wrongProposals: number;
  /** Changes that were made: nobody allowed any. */
  readonly effects: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly usdMicros: number;
  /** Turns that the rules answered in place of a model. */
  readonly fallbacks: number;
  readonly ms: number;
  /** What was said, in words. */
  readonly said: string;
  readonly errors: readonly string[];
};
