import type { Send } from '../http-text.ts';

/** A longer line is none that the API server sends of one object. */
const MAX_LINE = 2 * 1024 * 1024;

/**
 * The lines of an answer, each as soon as it is there. Ends with the answer, with the signal, and when the answer is
 * refused or breaks off: whoever reads it looks again in another way. Never throws.
 */
export async function* linesOf(
  send: Send,
  { url, token }: { url: string; token: () => string },
  signal: AbortSignal,
): AsyncGenerator<string, void, undefined> {
  if (signal.aborted) return;
  try {
    const headers = { authorization: `Bearer ${token()}`, accept: 'application/json' };
    const answer = await send(url, { method: 'GET', redirect: 'error', headers, signal });
    if (answer.status !== 200 || answer.body === null) {
      await answer.body?.cancel();
      return;
    }
    yield* split(answer.body);
  } catch {
    // Broken off or stopped: what came so far was given.
  }
}

async function* split(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (rest + decoder.decode(part.value, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
      if (rest.length > MAX_LINE) return;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
