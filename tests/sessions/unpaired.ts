import type { Item } from '#llm/model.ts';

/** What of a transcript a provider would refuse: each reply's calls have exactly one result each, in order, right behind it. */
export function unpaired(items: readonly Item[]): string[] {
  const problems: string[] = [];
  items.forEach((item, index) => {
    if (item.kind !== 'reply') return;
    const after = items.slice(index + 1);
    const end = after.findIndex((next) => next.kind !== 'result');
    const results = end < 0 ? after : after.slice(0, end);
    const got = results.flatMap((result) => (result.kind === 'result' ? [result.id] : []));
    if (got.join() !== item.calls.map((one) => one.id).join()) problems.push(`${index}: ${got.join()}`);
  });
  return problems;
}
