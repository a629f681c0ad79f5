import type { CallId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { Item, ModelCall } from './model.ts';
import { createScrub, type Scrub, scrubbed, withoutSecrets } from './scrub.ts';

/** What of a source leaves for a provider: all but our own secrets, all but what looks like any secret, or nothing. */
export const sendPolicies = ['full', 'redacted', 'never'] as const;
export type SendPolicy = (typeof sendPolicies)[number];

/**
 * Which rule holds for what a call answered. `earlier` gives that of an evidence id of the same transcript, for calls that
 * read evidence again; undefined where this transcript does not hold it.
 */
export type PolicyOf = (call: ModelCall, earlier: (call: CallId) => SendPolicy | undefined) => SendPolicy;

/** What a model reads in place of a result that may not be sent. */
export const KEPT_BACK =
  'Not shown: the operator keeps what this source says on this machine. Treat it as not seen.';

export type OutgoingOptions = {
  readonly policyOf: PolicyOf;
  /** Our own credentials: they leave in no text, whatever the rule says. */
  readonly secrets: readonly Secret[];
};

type ResultItem = Extract<Item, { kind: 'result' }>;
type Sent = { readonly item: Item; readonly policy: SendPolicy };

/**
 * The one place between a transcript and a provider. Every text is redacted; a result whose source says `full` is left as
 * it is but for our own secrets, and one whose source says `never` becomes a gap. Gives the same object for the same item
 * every time, so that whoever serialises it can do so once; `value`, which only rules read, is left out of every copy.
 */
export function createOutgoing({
  policyOf,
  secrets,
}: OutgoingOptions): (items: readonly Item[]) => readonly Item[] {
  const scrubs: Scrubs = { full: withoutSecrets(secrets), redacted: createScrub(secrets) };
  const sent = new WeakMap<Item, Sent>();
  return (items) => {
    const calls = new Map<string, ModelCall>();
    const evidence = new Map<CallId, SendPolicy>();
    return items.map((item) => {
      const made = sent.get(item) ?? (item.kind === 'result' ? resultFor(item, calls) : usual(item));
      sent.set(item, made);
      if (item.kind === 'reply') for (const call of item.calls) calls.set(call.id, call);
      if (item.kind === 'result' && item.call !== null) evidence.set(item.call, made.policy);
      return made.item;
    });

    function usual(item: Item): Sent {
      return { item: shown(item, scrubs.redacted), policy: 'redacted' };
    }

    function resultFor(item: ResultItem, asked: ReadonlyMap<string, ModelCall>): Sent {
      const call = asked.get(item.id);
      const policy = call === undefined ? 'redacted' : policyOf(call, (id) => evidence.get(id));
      return { item: resultShown(item, policy, scrubs), policy };
    }
  };
}

type Scrubs = { readonly full: Scrub; readonly redacted: Scrub };

function resultShown(item: ResultItem, policy: SendPolicy, scrubs: Scrubs): Item {
  if (policy === 'never' && item.outcome !== 'refused')
    return { ...item, outcome: 'gap', value: null, text: KEPT_BACK };
  return shown(item, policy === 'full' ? scrubs.full : scrubs.redacted);
}

function shown(item: Item, scrub: Scrub): Item {
  if (item.kind !== 'reply') return { ...item, value: null, text: scrub(item.text) };
  const calls = item.calls.map((call) => ({ ...call, args: scrubbed(call.args, scrub) }));
  return { ...item, text: scrub(item.text), calls };
}
