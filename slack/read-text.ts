const TOKEN = /<([@#!]?)([^<>|]{0,3000})(?:\|[^<>]{0,3000})?>/g;
const ENTITIES: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

/**
 * A text of Slack as people read it, still untrusted: a mention of a known account becomes `@alice`, of our own
 * `@firebreak`, of another `@unknown`, a channel that was chosen `<#C0SHOP>`, a link its address, `@here` and the like plain words; entities are decoded.
 */
export function readText(text: string, nameOf: (user: string) => string | null): string {
  return text
    .replace(TOKEN, (_token, kind: string, name: string) => {
      if (kind === '@') return `@${nameOf(name) ?? 'unknown'}`;
      if (kind === '#') return `<#${name}>`;
      if (kind === '!') return name.split('^')[0] ?? '';
      return name;
    })
    .replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity] ?? entity);
}
