import type { CallId, Digest, IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import type { OperatorAction } from '#incidents/operator-action.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import type { Cause } from '#incidents/vocabulary.ts';

/** What a sentence can name: references of the config and of the incident that the thread is about. */
export type Vocabulary = {
  readonly services: readonly ServiceId[];
  readonly people: readonly PersonId[];
  /** The operator's own actions by name; left out = none. */
  readonly actions?: ReadonlyMap<string, OperatorAction>;
  readonly alerts: readonly {
    readonly fingerprint: Digest;
    readonly name: string;
    readonly service: string | null;
  }[];
};

/** What a person wants done; only verbs, references, enums and bounded numbers. */
export type Act =
  | { readonly verb: 'ack' | 'take' | 'pause' | 'resume' | 'accept' | 'right_cause' | 'postmortem' }
  | { readonly verb: 'hand_over'; readonly to: PersonId | null }
  | { readonly verb: 'resolve'; readonly resolution: 'by_hand' | 'nothing_wrong' }
  | { readonly verb: 'wrong_cause'; readonly cause: Cause | null; readonly service: ServiceId | null }
  | { readonly verb: 'move'; readonly channel: string }
  | { readonly verb: 'merge'; readonly into: IncidentId }
  | { readonly verb: 'split'; readonly alerts: readonly Digest[] }
  | { readonly verb: 'look'; readonly service: ServiceId }
  | {
      readonly verb: 'change';
      readonly action: RequestedAction;
      /** The version or number that was said with it. Nothing takes it; whoever said it is told so. */
      readonly wanted: string | null;
    };

/** What a person wants to know; answered by code. `decide`: how to say yes or no, which no sentence can. */
export type Topic = 'why' | 'changed' | 'status' | 'help' | 'decide';
export type Ask = { readonly verb: Topic } | { readonly verb: 'evidence'; readonly call: CallId | null };

/**
 * How a sentence was read.
 * - act, ask: it is exactly one that is known.
 * - note: from this character on it is a remark for people.
 * - doubt: nearly one that is known; it is asked back and never taken.
 * - missing: it is one that is known, but what it names is not.
 * - question: said to us, and none that is known.
 * - none: people talk to each other.
 */
export type Heard =
  | { readonly kind: 'act'; readonly act: Act }
  | { readonly kind: 'ask'; readonly ask: Ask }
  | { readonly kind: 'note'; readonly from: number }
  | { readonly kind: 'doubt'; readonly reading: Act | Ask }
  | {
      readonly kind: 'missing';
      readonly what: 'service' | 'person' | 'cause' | 'channel' | 'incident' | 'alert' | 'call' | 'action';
    }
  | { readonly kind: 'question' }
  | { readonly kind: 'none' };
