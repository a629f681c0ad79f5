import type { Fact } from '#incidents/entry.ts';
import type { FirebreakProcess } from './firebreak-process.ts';

export type Entry = Fact['entry'];

/**
 * Follows the log of a running Firebreak as anyone with a token may: server-sent events, one entry each. Ends when the
 * server closes the stream or `signal` aborts; never throws for that.
 */
export async function followEntries(
  server: FirebreakProcess,
  token: string,
  follow: { signal: AbortSignal; onEntry: (entry: Entry) => void },
): Promise<void> {
  try {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${server.url}/v1/entries?after=-1`, { headers, signal: follow.signal });
    if (!response.ok || response.body === null) return;
    let text = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const data = text
          .slice(0, end)
          .split('\n')
          .find((line) => line.startsWith('data:'));
        text = text.slice(end + 2);
        if (data !== undefined) follow.onEntry(JSON.parse(data.slice(5)));
      }
    }
  } catch {
    // The server went away or we stopped following: both end the stream.
  }
}
