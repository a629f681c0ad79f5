/** A text of Slack as a tree: whoever draws it makes an element per node and puts texts in as texts. */
export type Rich =
  | { readonly t: 'text' | 'code' | 'pre' | 'mention'; readonly text: string }
  | { readonly t: 'bold' | 'italic' | 'strike' | 'quote'; readonly in: readonly Rich[] }
  | { readonly t: 'link'; readonly href: string; readonly text: string }
  /** `at` in seconds since 1970; `format` as Slack has it, `{time}` or `{ago}`. */
  | { readonly t: 'date'; readonly at: number; readonly format: string; readonly text: string }
  | { readonly t: 'break' };

/** The name of a person or channel by its id. */
export type NameOf = (id: string) => string | undefined;

const FENCE = /```([\s\S]+?)```/g;
const INLINE = /`([^`\n]+)`|<([^<>\n]+)>|(?<![\p{L}\p{N}])([*_~])(?=\S)(.+?)(?<=\S)\3(?![\p{L}\p{N}])/gu;
const RUNS = { '*': 'bold', _: 'italic', '~': 'strike' } as const;
const DATE = /^!date\^(\d{1,12})\^([^^|]{1,80})(?:\^[^|]*)?\|(.*)$/;

/**
 * Reads Slack's own markup: bold, italic, struck, code, quotes, dates, mentions, links to the web. Takes any text; what
 * is no markup stays text, letter for letter.
 */
export function mrkdwn(text: string, nameOf: NameOf = () => undefined): Rich[] {
  const parts: Rich[] = [];
  let from = 0;
  for (const fence of text.matchAll(FENCE)) {
    parts.push(...lines(text.slice(from, fence.index), nameOf));
    parts.push({ t: 'pre', text: plain(fence[1] ?? '') });
    from = fence.index + fence[0].length;
  }
  return [...parts, ...lines(text.slice(from), nameOf)];
}

/** A text without any markup. */
export function unmarked(text: string): Rich[] {
  return text.split('\n').flatMap((line, index): Rich[] => [...broken(index), ...worded(line)]);
}

function lines(text: string, nameOf: NameOf): Rich[] {
  return text.split('\n').flatMap((line, index): Rich[] => {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line)?.[1];
    if (quote === undefined) return [...broken(index), ...inline(line, nameOf)];
    return [...broken(index), { t: 'quote', in: inline(quote, nameOf) }];
  });
}

const broken = (index: number): Rich[] => (index === 0 ? [] : [{ t: 'break' }]);
const worded = (text: string): Rich[] => (text === '' ? [] : [{ t: 'text', text }]);

function inline(text: string, nameOf: NameOf): Rich[] {
  const parts: Rich[] = [];
  let from = 0;
  for (const found of text.matchAll(INLINE)) {
    const [whole, code, token, sign, inside = ''] = found;
    parts.push(...worded(plain(text.slice(from, found.index))));
    from = found.index + whole.length;
    if (code !== undefined) parts.push({ t: 'code', text: plain(code) });
    else if (token !== undefined) parts.push(special(token, nameOf));
    else if (sign === '*' || sign === '_' || sign === '~')
      parts.push({ t: RUNS[sign], in: inline(inside, nameOf) });
  }
  return [...parts, ...worded(plain(text.slice(from)))];
}

/** What stands between `<` and `>`. */
function special(token: string, nameOf: NameOf): Rich {
  const date = DATE.exec(token);
  if (date !== null)
    return { t: 'date', at: Number(date[1]), format: date[2] ?? '', text: plain(date[3] ?? '') };
  const bar = token.indexOf('|');
  const head = bar === -1 ? token : token.slice(0, bar);
  const label = bar === -1 ? undefined : plain(token.slice(bar + 1));
  if (head.startsWith('@') || head.startsWith('#')) {
    const id = head.slice(1);
    return { t: 'mention', text: `${head.charAt(0)}${plain(nameOf(id) ?? label ?? id)}` };
  }
  if (head.startsWith('!')) return { t: 'mention', text: `@${label ?? plain(head.slice(1))}` };
  const href = plain(head);
  if (/^https?:\/\//.test(href)) return { t: 'link', href, text: label ?? href };
  return { t: 'text', text: plain(`<${token}>`) };
}

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&' };

/** The three entities that Slack knows, read once: `&amp;lt;` is `&lt;`. */
function plain(text: string): string {
  return text.replace(/&(?:lt|gt|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}
