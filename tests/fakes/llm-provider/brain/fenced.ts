/** What stands between the fences of one message, with the label in front; a text without a fence has no label. */
export function unfenced(text: string): { label: string; text: string } {
  const found = /^\[(.*) id=([0-9a-f]+)\]\n([\s\S]*)\n\[end \2\]\s*$/.exec(text);
  const [, label = '', , inside = text] = found ?? [];
  return { label, text: inside };
}

/** The first line that is a JSON value; undefined where there is none. */
export function jsonLine(text: string): unknown {
  for (const line of text.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      return JSON.parse(line);
    } catch {}
  }
  return undefined;
}
