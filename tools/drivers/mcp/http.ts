import type { FetchLike, Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { headersFrom, withHeader } from '#core/egress/headers.ts';
import type { McpPlace } from './settings.ts';
import { MAX_MESSAGE_BYTES } from './stdio.ts';

export type HttpDeps = {
  /** How a request leaves; it follows no redirects. */
  readonly fetch: FetchLike;
  readonly onTooLarge: () => void;
};

/**
 * Speaks with a server over streamable HTTP: one POST for each message, whose answer is cut off after 4 MiB. No stream of the server's
 * own is opened, no redirect is followed, and no way of signing in is taken but the token of the config.
 */
export async function createHttpTransport(
  { url, token }: Extract<McpPlace, { kind: 'url' }>,
  deps: HttpDeps,
): Promise<Transport> {
  const { StreamableHTTPClientTransport } = await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js'
  );
  const bounded: FetchLike = async (to, init) => {
    // Streams of its own are where a server could say things nobody asked for; 405 is how it says that it has none.
    if (init?.method !== 'POST') return new Response(null, { status: 405 });
    const headers =
      token === null
        ? headersFrom(init.headers)
        : withHeader(init.headers, 'authorization', `Bearer ${token.reveal()}`);
    const response = await deps.fetch(to, { ...init, headers, redirect: 'error' });
    return within(response, () => {
      deps.onTooLarge();
      void http.close();
    });
  };
  const http = new StreamableHTTPClientTransport(new URL(url), {
    fetch: bounded,
    reconnectionOptions: {
      initialReconnectionDelay: 1000,
      maxReconnectionDelay: 1000,
      reconnectionDelayGrowFactor: 1,
      maxRetries: 0,
    },
  });
  return plain(http);
}

type Http = InstanceType<
  typeof import('@modelcontextprotocol/sdk/client/streamableHttp.js')['StreamableHTTPClientTransport']
>;

/** The same as the plain interface: without the session's id, so that a new connection always introduces itself. */
function plain(http: Http): Transport {
  const transport: Transport = {
    start: () => http.start(),
    send: (message) => http.send(message),
    close: () => http.close(),
    setProtocolVersion: (version) => http.setProtocolVersion(version),
  };
  http.onmessage = (message) => transport.onmessage?.(message);
  http.onerror = (error) => transport.onerror?.(error);
  http.onclose = () => transport.onclose?.();
  return transport;
}

/** The same answer, which ends in an error where it is too large. */
function within(response: Response, onTooLarge: () => void): Response {
  if (response.body === null) return response;
  let bytes = 0;
  const cap = new TransformStream<Uint8Array, Uint8Array>({
    transform(part, controller) {
      bytes += part.byteLength;
      if (bytes <= MAX_MESSAGE_BYTES) return controller.enqueue(part);
      onTooLarge();
      controller.error(new RangeError(`more than ${MAX_MESSAGE_BYTES} bytes`));
    },
  });
  const { status, statusText, headers } = response;
  return new Response(response.body.pipeThrough(cap), { status, statusText, headers });
}
