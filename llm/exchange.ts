import { failed, failureOf, NO_TOKENS } from './failure.ts';
import type { Attempt } from './provider.ts';
import { readEvents } from './server-events.ts';
import { chunksOf } from './transport.ts';

/** Makes a reply out of what a provider sends. */
export type ReplyReader = {
  readonly accepts: 'text/event-stream' | 'application/json';
  /** Takes one event, or the whole body; false when nothing after it matters. Never throws. */
  push(data: string): boolean;
  /** The attempt as far as it was read: a reply once it is whole, else why there is none. */
  attempt(): Attempt;
};

export type Exchange = {
  /** Sends the request through the vendor's SDK; rejects with what that throws. */
  readonly send: (signal: AbortSignal) => Promise<Response>;
  readonly isTimeout: (error: unknown) => boolean;
  readonly reader: ReplyReader;
};

/** One request, one answer. Stops as soon as `signal` aborts. Never throws. */
export async function exchange({ send, isTimeout, reader }: Exchange, signal: AbortSignal): Promise<Attempt> {
  if (signal.aborted) return failed('aborted', NO_TOKENS);
  // The SDKs leave their listeners on a signal; a run's signal lives for many attempts.
  const own = new AbortController();
  const abort = () => own.abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    const response = await send(own.signal);
    return await read(response, reader);
  } catch (error) {
    if (signal.aborted) return { ...failed('aborted'), tokens: tokensOf(reader) };
    const known = reader.attempt();
    if (known.kind === 'reply') return known;
    const failure = failureOf(error, isTimeout(error));
    return { ...failure, tokens: tokensOf(reader) ?? failure.tokens };
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

async function read(response: Response, reader: ReplyReader): Promise<Attempt> {
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== reader.accepts) {
    await drop(response);
    return { ...failed('invalid_reply'), status: response.status };
  }
  if (reader.accepts === 'application/json') reader.push(await response.text());
  else await readEvents(chunksOf(response), (data) => reader.push(data));
  return reader.attempt();
}

/** Ends the connection rather than reading an answer that nobody wants. */
async function drop(response: Response): Promise<void> {
  for await (const _ of chunksOf(response)) return;
}

function tokensOf(reader: ReplyReader) {
  return reader.attempt().tokens;
}
