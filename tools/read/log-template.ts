import { foreign } from './foreign.ts';

/** What varies between lines of the same kind, widest first; every pattern is bounded, so time stays linear. */
const variable: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, '<time>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/"[^"]{0,300}"/g, '<text>'],
  [/(?<![A-Za-z])'[^']{0,300}'/g, '<text>'],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b/g, '<address>'],
  [/\b0x[0-9a-f]{1,64}\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]{0,63}\d)(?=[0-9a-f]{0,63}[a-f])[0-9a-f]{6,64}\b/gi, '<hex>'],
  [/(?<![A-Za-z0-9<])[-+]?\d[\d_]{0,40}(?:\.\d{1,40})?/g, '<n>'],
];

/**
 * What lines of one kind have in common: times, ids, quoted text, addresses and numbers become placeholders. The result is
 * harmless for display, without secrets of known formats, and at most 200 characters long.
 */
export function logTemplate(message: string): string {
  let template = foreign(message.slice(0, 2000), 1000);
  for (const [pattern, placeholder] of variable) template = template.replace(pattern, placeholder);
  return foreign(template, 200);
}

export type Grouped = { template: string; count: number; firstAt: number | null };

/** Groups messages by template, the most frequent first, equal counts by text. */
export function groupByTemplate(lines: readonly { at: number | null; message: string }[]): Grouped[] {
  const groups = new Map<string, Grouped>();
  for (const { at, message } of lines) {
    const template = logTemplate(message);
    const group = groups.get(template) ?? { template, count: 0, firstAt: null };
    group.count += 1;
    if (at !== null && (group.firstAt === null || at < group.firstAt)) group.firstAt = at;
    groups.set(template, group);
  }
  return [...groups.values()].sort((a, b) => b.count - a.count || (a.template < b.template ? -1 : 1));
}
