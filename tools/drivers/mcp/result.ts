import { shortForeign } from '../http-text.ts';
import type { McpAnswer } from '../mcp-port.ts';
import type { Seen } from '../seen.ts';
import type { WireResult } from './client.ts';

/** Text behind this is not looked at. */
const MAX_TEXT = 256 * 1024;

/** What a call gave as text: its text parts, or its structured content where it has none. An error of the tool is a gap. */
export function answerOf({ content, structuredContent, isError }: WireResult): Seen<McpAnswer> {
  const texts = content.flatMap(({ type, text }) => (type === 'text' && text !== undefined ? [text] : []));
  const whole = texts.length > 0 ? texts.join('\n') : structured(structuredContent);
  if (isError === true) {
    const detail = `the tool answered with an error: ${shortForeign(whole)}`;
    return { kind: 'gap', reason: 'bad_answer', detail };
  }
  const text = whole.slice(0, MAX_TEXT).toWellFormed();
  const leftOut = content.length - texts.length;
  return { kind: 'seen', value: { text, leftOut, truncated: whole.length > MAX_TEXT } };
}

function structured(content: unknown): string {
  return content === undefined || content === null ? '' : JSON.stringify(content);
}
