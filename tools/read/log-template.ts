import { maskVariables } from '#diagnosis/logs/mask.ts';
import { foreign } from './foreign.ts';

/**
 * What lines of one kind have in common: times, ids, quoted text, addresses and numbers become placeholders. The result is
 * harmless for display, without secrets of known formats, and at most 200 characters long.
 */
export function logTemplate(message: string): string {
  return foreign(maskVariables(foreign(message.slice(0, 2000), 1000)), 200);
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
