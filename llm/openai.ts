import OpenAI from 'openai';
import type { Secret } from '#core/secret.ts';
import { bearer } from './credentials.ts';
import { exchange, type ReplyReader } from './exchange.ts';
import { chatWire, createCompletionReader } from './openai-chat.ts';
import { createResponseReader, responsesWire } from './openai-responses.ts';
import type { Provider } from './provider.ts';
import { createRequestBytes, type Wire } from './request-bytes.ts';
import { checkedUrl, type Transport } from './transport.ts';

export type OpenaiOptions = {
  readonly name: string;
  /** Null for a server that asks for none. */
  readonly apiKey: Secret | null;
  readonly baseUrl: string;
  /** OpenAI itself, or a server that speaks like it. */
  readonly kind: 'openai' | 'openai_compatible';
  /** `chat` for most compatible servers; there `timeoutMs` must cover the whole answer, which is not streamed. */
  readonly api: 'responses' | 'chat';
  readonly transport: Transport;
  /** Until the answer begins, ms. */
  readonly timeoutMs: number;
};

const CONTENT = { 'content-type': 'application/json' };
const NO_KEY = 'none';

type Api = {
  readonly path: string;
  readonly wire: Wire;
  readonly stream: boolean;
  readonly createReader: () => ReplyReader;
};

const responses: Api = {
  ...{ path: '/responses', wire: responsesWire, stream: true, createReader: createResponseReader },
};
const chat = { path: '/chat/completions', stream: false, createReader: createCompletionReader };

function apiOf({ kind, api }: Pick<OpenaiOptions, 'kind' | 'api'>): Api {
  if (api === 'responses') return responses;
  return { ...chat, wire: chatWire(kind === 'openai' ? 'max_completion_tokens' : 'max_tokens') };
}

/**
 * OpenAI's Responses API, or Chat Completions of a compatible server, through OpenAI's SDK: one attempt per call. Takes
 * nothing from the environment. Throws `config_invalid` for an address or a key that cannot be used; attempts never
 * throw.
 */
export function createOpenai(options: OpenaiOptions): Provider {
  const { name, apiKey, baseUrl, transport, timeoutMs } = options;
  /** The key as it is now: it may have been changed since the start. */
  const authorization = () => (apiKey === null ? `Bearer ${NO_KEY}` : bearer(name, apiKey));
  const client = new OpenAI({
    apiKey: apiKey?.reveal() || NO_KEY,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    // Named again because the SDK lets headers from the environment win over its own.
    defaultHeaders: { authorization: authorization() },
    baseURL: checkedUrl(baseUrl).href,
    fetch: transport.fetch,
    timeout: timeoutMs,
    maxRetries: 0,
    logLevel: 'off',
  });
  const { path, wire, stream, createReader } = apiOf(options);
  const bytesOf = createRequestBytes(wire);
  return {
    name,
    attempt: async (request, signal) => {
      const { bytes: body, done } = bytesOf(request);
      const send = async (own: AbortSignal) => {
        const headers = { ...CONTENT, authorization: authorization() };
        return client.post(path, { body, headers, stream, signal: own }).asResponse();
      };
      const isTimeout = (error: unknown) => error instanceof OpenAI.APIConnectionTimeoutError;
      const attempt = await exchange({ send, isTimeout, reader: createReader() }, signal);
      if (attempt.kind === 'reply') done();
      return attempt;
    },
  };
}
