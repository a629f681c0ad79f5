import { Secret } from '#core/secret.ts';
import { createAnthropic } from '#llm/anthropic.ts';
import { createOpenai } from '#llm/openai.ts';
import type { Provider } from '#llm/provider.ts';
import type { Transport } from '#llm/transport.ts';

export type Vendor = {
  readonly api: 'anthropic' | 'responses' | 'chat';
  create(url: string, transport: Transport, timeoutMs?: number): Provider;
};

const apiKey = new Secret('sk-test-0123456789');

/** The three APIs, each made for the address of a server that speaks it. */
export const vendors: readonly Vendor[] = [
  {
    api: 'anthropic',
    create: (baseUrl, transport, timeoutMs = 5000) =>
      createAnthropic({ name: 'a', apiKey, baseUrl, transport, timeoutMs }),
  },
  ...(['responses', 'chat'] as const).map(
    (api): Vendor => ({
      api,
      create: (url, transport, timeoutMs = 5000) =>
        createOpenai({ kind: 'openai', name: 'o', apiKey, baseUrl: `${url}/v1`, api, transport, timeoutMs }),
    }),
  ),
];
