import type { Item, ModelCall, ToolSpec } from './model.ts';

/** What goes to a provider for one attempt. `model` is the provider's own name of the model. */
export type ProviderRequest = {
  readonly model: string;
  readonly head: string;
  readonly tools: readonly ToolSpec[];
  readonly items: readonly Item[];
  readonly maxOutputTokens: number;
  /** Some tool must be called: the run's last turn. */
  readonly mustCall: boolean;
};

/** Tokens as the provider billed them; `input` counts neither `cacheRead` nor `cacheWrite`. */
export type Tokens = {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
};

/**
 * Why an attempt gave no answer. `rate_limited`, `overloaded`, `unavailable` and `timeout` may pass by themselves;
 * `auth`, `unknown_model`, `too_long` and `rejected` will not; `aborted` was our own wish; `invalid_reply` was an answer
 * that is none.
 */
export type AttemptFailure =
  | 'rate_limited'
  | 'overloaded'
  | 'unavailable'
  | 'timeout'
  | 'auth'
  | 'unknown_model'
  | 'too_long'
  | 'rejected'
  | 'invalid_reply'
  | 'aborted';

export type Attempt =
  | {
      readonly kind: 'reply';
      readonly text: string;
      readonly calls: readonly ModelCall[];
      readonly stop: 'tool_use' | 'end' | 'length' | 'refusal';
      readonly tokens: Tokens;
      /** Replayed from a recording: nothing was billed. */
      readonly recorded?: true;
    }
  | {
      readonly kind: 'failed';
      readonly reason: AttemptFailure;
      readonly status: number | null;
      /** What the provider asked us to wait, ms. */
      readonly retryAfterMs: number | null;
      /**
       * What it billed all the same; null where it did not say. Null counts as the whole reservation, unless `status` says
       * that the request was refused (nobody bills that); zeros where the request never got out.
       */
      readonly tokens: Tokens | null;
    };

/** One vendor or compatible server: one request, one answer, no retries of its own. Never throws for its failures. */
export type Provider = {
  /** The name in the config. */
  readonly name: string;
  attempt(request: ProviderRequest, signal: AbortSignal): Promise<Attempt>;
};
