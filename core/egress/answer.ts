import type { IncomingMessage } from 'node:http';
import type { Clock } from '../clock.ts';
import { EgressRefused } from './refused.ts';

export type AnswerLimits = { readonly maxBytes: number; readonly totalMs: number };
type About = {
  readonly place: string;
  readonly method: string;
  /** Null: none. */
  readonly limits: AnswerLimits | null;
  readonly clock: Clock;
};

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const EMPTY: ReadonlySet<number> = new Set([204, 205, 304]);

/** The answer as `fetch` gives it, its body within the limits. Throws `EgressRefused` for a redirect, or one that says it is too large. */
export function responseOf(message: IncomingMessage, about: About): Response {
  const status = message.statusCode ?? 0;
  // What fails later is what the body fails with.
  message.on('error', () => {});
  if (REDIRECTS.has(status)) {
    message.destroy();
    throw new EgressRefused(
      'redirect',
      `${about.place} answers that it is elsewhere, which is not followed; write the address it has now in the config`,
      { sent: true },
    );
  }
  if (Number(message.headers['content-length'] ?? 0) > (about.limits?.maxBytes ?? Number.POSITIVE_INFINITY)) {
    message.destroy();
    throw tooLarge(about);
  }
  if (status < 200 || status > 599) {
    message.destroy();
    throw new Error(`${about.place} answers with status ${status}`);
  }
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2)
    headers.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '');
  const hasBody = about.method !== 'HEAD' && !EMPTY.has(status);
  if (!hasBody) message.resume();
  return new Response(hasBody ? streamOf(message, about) : null, { status, headers });
}

function streamOf(message: IncomingMessage, about: About): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { limits, clock } = about;
  const parts: AsyncIterator<Buffer<ArrayBuffer>> = message[Symbol.asyncIterator]();
  const cancel =
    limits === null ? () => {} : clock.after(limits.totalMs, () => message.destroy(tooLong(about)));
  message.once('close', cancel);
  let bytes = 0;
  return new ReadableStream(
    {
      pull: async (controller) => {
        const part = await parts.next();
        if (part.done) return controller.close();
        bytes += part.value.byteLength;
        if (limits === null || bytes <= limits.maxBytes) return controller.enqueue(part.value);
        message.destroy();
        controller.error(tooLarge(about));
      },
      cancel: () => void message.destroy(),
    },
    { highWaterMark: 0 },
  );
}

function tooLarge({ place, limits }: About): EgressRefused {
  const what = `the answer of ${place} is larger than ${limits?.maxBytes} bytes and was not read to its end`;
  return new EgressRefused('too_large', `${what}; ask for less`, { sent: true });
}

function tooLong({ place, limits }: About): Error {
  return Object.assign(new Error(`the answer of ${place} took longer than ${limits?.totalMs} ms`), {
    code: 'ETIMEDOUT',
  });
}
