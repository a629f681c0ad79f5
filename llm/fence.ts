import { hash } from 'node:crypto';

/**
 * Foreign text between two lines that it cannot contain:
 *
 *     [LABEL id=0123456789abcdef]
 *     the text, as it is
 *     [end 0123456789abcdef]
 *
 * The id is taken from the digest of the text, so that the same text always gives the same bytes (providers cache by
 * them), and taken again until it does not occur in the text: no text closes its own fence. `label` is ours.
 */
export function fence(label: string, text: string): string {
  let id = idOf(text);
  while (text.includes(id)) id = idOf(id);
  return `[${label} id=${id}]\n${text}\n[end ${id}]`;
}

function idOf(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16);
}
