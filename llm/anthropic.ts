import Anthropic from '@anthropic-ai/sdk';
import type { Secret } from '#core/secret.ts';
import { createMessageReader } from './anthropic-reply.ts';
import { anthropicWire } from './anthropic-wire.ts';
import { bearer } from './credentials.ts';
import { exchange } from './exchange.ts';
import type { Provider } from './provider.ts';
import { createRequestBytes } from './request-bytes.ts';
import { checkedUrl, type Transport } from './transport.ts';

export type AnthropicOptions = {
  readonly name: string;
  readonly apiKey: Secret;
  readonly baseUrl: string;
  readonly transport: Transport;
  /** Until the answer begins, ms. */
  readonly timeoutMs: number;
};

const CONTENT = { 'content-type': 'application/json' };

/**
 * Anthropic's Messages API through its SDK: one attempt per call, streamed, so that a stop takes effect at once. Takes
 * nothing from the environment. Throws `config_invalid` for an address or a key that cannot be used; attempts never
 * throw.
 */
export function createAnthropic({ name, apiKey, baseUrl, transport, timeoutMs }: AnthropicOptions): Provider {
  const client = new Anthropic({
    apiKey: apiKey.reveal(),
    // Named again because the SDK lets headers from the environment win over its own.
    defaultHeaders: { authorization: bearer(name, apiKey) },
    webhookKey: null,
    baseURL: checkedUrl(baseUrl).href,
    fetch: transport.fetch,
    timeout: timeoutMs,
    maxRetries: 0,
    logLevel: 'off',
  });
  const bytesOf = createRequestBytes(anthropicWire);
  return {
    name,
    attempt: async (request, signal) => {
      const { bytes: body, done } = bytesOf(request);
      const send = async (own: AbortSignal) => {
        // The key as it is now: it may have been changed since the start.
        const headers = { ...CONTENT, authorization: bearer(name, apiKey) };
        return client.post('/v1/messages', { body, headers, stream: true, signal: own }).asResponse();
      };
      const isTimeout = (error: unknown) => error instanceof Anthropic.APIConnectionTimeoutError;
      const attempt = await exchange({ send, isTimeout, reader: createMessageReader() }, signal);
      if (attempt.kind === 'reply') done();
      return attempt;
    },
  };
}
