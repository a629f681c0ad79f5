import type { Fact } from '#incidents/entry.ts';
import type { FirebreakProcess } from './firebreak-process.ts';

export type Entry = Fact['entry'];

/**
 * Follows the log of a running Firebreak as anyone with a token may: server-sent events, one entry each. Ends when the
 * server closes the stream or `signal` aborts; throws only what `onEntry` throws.
 */
export async function followEntries(
  server: FirebreakProcess,
  token: string,
  follow: { signal: AbortSignal; onEntry: (entry: Entry) => void },
): Promise<void> {
  for await (const entry of entriesOf(server, token, follow.signal)) follow.onEntry(entry);
}

async function* entriesOf(
  server: FirebreakProcess,
  token: string,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  let text = '';
  for await (const chunk of chunksOf(server, token, signal)) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const lines = text.slice(0, end).split('\n');
      const data = lines.find((line) => line.startsWith('data:'));
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data.slice('data:'.length));
    }
  }
}

/** Text as it comes; a server that goes away, or our own stop, ends it. */
async function* chunksOf(
  server: FirebreakProcess,
  token: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/v1/entries?after=-1`, { headers, signal });
    if (!response.ok || response.body === null) return;
    yield* response.body.pipeThrough(new TextDecoderStream());
  } catch (error) {
    if (!signal.aborted && !(error instanceof TypeError)) throw error;
  }
}
