import type { Block } from '@slack/types';

/** A message as code drew it: one text for notifications, and blocks. */
export type Drawn = { readonly text: string; readonly blocks: readonly { readonly type: string }[] };

/** Why a message is not sent. Closed list; each of them is a mistake of ours, or an attack that got this far. */
export type OutgoingProblem =
  | 'too_many_blocks'
  | 'text_too_long'
  | 'token_not_allowed'
  | 'mention_not_known'
  | 'element_not_allowed'
  | 'link_not_allowed';

const MOST_BLOCKS = 50;
const MOST_TEXT = 3000;
/** The only parts of the form `<...>` that we write ourselves. */
const TOKEN =
  /^(?:!date\^\d{1,12}\^[^<>|^]{1,100}\|[^<>|]{1,100}|@([UW][A-Z0-9]{2,30})|https:\/\/[^\s<>|]{1,2000}\|[^<>|]{1,200})$/;
const PARTS = /<([^<>]*)(>?)/g;
const BANNED_ELEMENTS: ReadonlySet<unknown> = new Set([
  'usergroup',
  'broadcast',
  'channel',
  'image',
  'video',
]);

/**
 * Looks once more at what is about to be said, whoever drew it: no call to everybody, no mention of an account that the
 * config does not know, no picture or link from elsewhere but https, nothing over Slack's limits. Undefined: fine.
 */
export function outgoingProblem(
  { text, blocks }: Drawn,
  isKnown: (user: string) => boolean,
): OutgoingProblem | undefined {
  if (blocks.length > MOST_BLOCKS) return 'too_many_blocks';
  return textProblem(text, isKnown) ?? valueProblem(blocks, isKnown);
}

function textProblem(text: string, isKnown: (user: string) => boolean): OutgoingProblem | undefined {
  if (text.length > MOST_TEXT) return 'text_too_long';
  for (const [, part = '', end] of text.matchAll(PARTS)) {
    const token = TOKEN.exec(part);
    if (token === null || end === '') return 'token_not_allowed';
    if (token[1] !== undefined && !isKnown(token[1])) return 'mention_not_known';
  }
  return undefined;
}

function valueProblem(value: unknown, isKnown: (user: string) => boolean): OutgoingProblem | undefined {
  if (Array.isArray(value)) return firstOf(value.map((item) => valueProblem(item, isKnown)));
  if (typeof value !== 'object' || value === null) return undefined;
  const node = Object.entries(value);
  const { type, text, url, user_id } = Object.fromEntries(node);
  if (BANNED_ELEMENTS.has(type)) return 'element_not_allowed';
  if (type === 'user' && !(typeof user_id === 'string' && isKnown(user_id))) return 'mention_not_known';
  if (url !== undefined && !(typeof url === 'string' && url.startsWith('https://')))
    return 'link_not_allowed';
  if (type === 'mrkdwn' && typeof text === 'string') return textProblem(text, isKnown);
  if (typeof text === 'string' && text.length > MOST_TEXT) return 'text_too_long';
  return firstOf(node.map(([, member]) => valueProblem(member, isKnown)));
}

function firstOf(problems: readonly (OutgoingProblem | undefined)[]): OutgoingProblem | undefined {
  return problems.find((problem) => problem !== undefined);
}

/**
 * The arguments of a message that was looked at: nothing is expanded, linked or parsed by Slack that code did not write,
 * and no page is fetched for a preview.
 */
export function messageArgs({ text, blocks }: Drawn): {
  text: string;
  blocks: Block[];
  parse: 'none';
  link_names: false;
  unfurl_links: false;
  unfurl_media: false;
} {
  const quiet = { parse: 'none', link_names: false, unfurl_links: false, unfurl_media: false } as const;
  return { text, blocks: blocks.map(literal), ...quiet };
}

/** Texts as they stand: no address or name in them becomes a link, no `:name:` an emoji. */
function literal(block: { readonly type: string }): Block {
  return { ...block, ...Object.fromEntries(Object.entries(block).map(([key, of]) => [key, literally(of)])) };
}

function literally(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(literally);
  if (typeof value !== 'object' || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([key, member]) => [key, literally(member)]));
  if (copy.type === 'mrkdwn') return { ...copy, verbatim: true };
  return copy.type === 'plain_text' ? { ...copy, emoji: false } : copy;
}
