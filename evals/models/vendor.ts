import { existsSync } from 'node:fs';
import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { Secret } from '#core/secret.ts';
import { createOutgoing } from '#llm/outgoing.ts';
import { costOf, type PriceRow, priceOf, publishedPrices } from '#llm/prices.ts';
import type { Provider } from '#llm/provider.ts';
import { recordTo, replayFrom } from '#llm/recorded.ts';
import { sendPolicyOf } from '#server/send-policy.ts';
import type { MakeModel } from './model-maker.ts';
import { routed } from './routed.ts';

/** A vendor's model, as `--model` names it. */
export type Wish = { readonly vendor: 'anthropic' | 'openai'; readonly name: string };

/** How it is asked: by the network, with what it says kept in a cassette or not; or out of a cassette, for nothing. */
export type Source =
  | { readonly kind: 'live'; readonly baseUrl: string; readonly key: Secret; readonly record: string | null }
  | { readonly kind: 'cassette'; readonly file: string };

export type Vendor = {
  readonly makeModel: MakeModel;
  /** Requests that the cassette does not hold. */
  drifts(): number;
  close(): Promise<void>;
};

/** A whole run may cost so much, in millionths of a dollar; then the rules answer. */
export const RUN_BUDGET = 5_000_000;
const TIMEOUT_MS = 60_000;

/** Reads `anthropic/NAME` or `openai/NAME`; null for what is neither. */
export function wishOf(text: string): Wish | null {
  const [, vendor, name] = /^(anthropic|openai)\/([A-Za-z0-9][A-Za-z0-9._:@-]{0,99})$/.exec(text) ?? [];
  if (name === undefined || (vendor !== 'anthropic' && vendor !== 'openai')) return null;
  return { vendor, name };
}

/**
 * Makes a vendor's model play the agents. Throws `usage` for a model without a published price, a cassette that is not there,
 * or one to be written that is there. Must be closed.
 */
export async function openVendor(wish: Wish, source: Source, clock: Clock): Promise<Vendor> {
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  const price = priceOf(publishedPrices, { provider: wish.vendor, model: wish.name, day });
  if (price === undefined)
    throw new FirebreakError(
      'usage',
      `nobody here knows what ${wish.vendor}/${wish.name} costs, so it is not asked`,
    );
  let drifts = 0;
  const { provider, close } = await sourceOf(wish, source, { price, onDrift: () => (drifts += 1) });
  const secrets = source.kind === 'live' ? [source.key] : [];
  return {
    makeModel: async () => ({
      ...(source.kind === 'live' && { paced: true }),
      model: (parts) => {
        const policyOf = sendPolicyOf(new Map(), parts.inventory);
        const outgoing = createOutgoing({ policyOf, secrets });
        return routed(parts, { provider, model: wish.name, price, outgoing });
      },
    }),
    drifts: () => drifts,
    close,
  };
}

type Opened = { readonly provider: Provider; close(): Promise<void> };

async function sourceOf(
  { vendor }: Wish,
  source: Source,
  { price, onDrift }: { price: PriceRow; onDrift: () => void },
): Promise<Opened> {
  if (source.kind === 'cassette') {
    const { file } = source;
    if (!existsSync(file))
      throw new FirebreakError(
        'usage',
        `${file} is not there; --live --record asks the real model and writes it`,
      );
    return {
      provider: await replayFrom({ name: vendor, file, secrets: [], onDrift }),
      close: async () => {},
    };
  }
  if (source.record !== null && existsSync(source.record))
    throw new FirebreakError('usage', `${source.record} is there already; name another file with --cassette`);
  const { createTransport } = await import('#llm/transport.ts');
  const transport = createTransport({ to: [source.baseUrl] });
  const where = {
    name: vendor,
    apiKey: source.key,
    baseUrl: source.baseUrl,
    transport,
    timeoutMs: TIMEOUT_MS,
  };
  const asked =
    vendor === 'anthropic'
      ? (await import('#llm/anthropic.ts')).createAnthropic(where)
      : (await import('#llm/openai.ts')).createOpenai({ ...where, kind: 'openai', api: 'responses' });
  const capped = withinBudget(asked, price);
  const provider =
    source.record === null ? capped : await recordTo(capped, { file: source.record, secrets: [source.key] });
  return { provider, close: () => transport.close() };
}

/** Asks no more once all of it has cost what a run may. Never throws. */
export function withinBudget(provider: Provider, price: PriceRow): Provider {
  const tokens = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0 };
  let spent = 0;
  return {
    name: provider.name,
    attempt: async (request, signal) => {
      if (spent >= RUN_BUDGET)
        return { kind: 'failed', reason: 'rejected', status: null, retryAfterMs: null, tokens };
      const attempt = await provider.attempt(request, signal);
      if (attempt.tokens !== null) spent += costOf(price, attempt.tokens);
      return attempt;
    },
  };
}
