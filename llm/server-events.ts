const LF = 10;

/**
 * Calls `onData` with the data of each server-sent event, as it arrives, until that gives false or the body ends. Lines
 * end in LF or CRLF; an event that the end cuts off is dropped. Linear in the size of the body. Throws what the body
 * throws.
 */
export async function readEvents(
  body: AsyncIterable<Uint8Array>,
  onData: (data: string) => boolean,
): Promise<void> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let data: string[] = [];
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    pieces.push(text);
    if (!chunk.includes(LF)) continue;
    const lines = pieces.join('').split('\n');
    pieces = [lines.pop() ?? ''];
    for (const line of lines) {
      if (line === '' || line === '\r') {
        if (data.length > 0 && !onData(data.join('\n'))) return;
        data = [];
      } else if (line.startsWith('data:')) data.push(fieldOf(line));
    }
  }
}

function fieldOf(line: string): string {
  const from = line[5] === ' ' ? 6 : 5;
  return line.endsWith('\r') ? line.slice(from, -1) : line.slice(from);
}
