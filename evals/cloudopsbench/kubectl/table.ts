/** A table of `kubectl get` by its headers; columns begin where their header begins. Total: other text has no rows. */
export function tableOf(text: string): Record<string, string>[] {
  const [head, ...rows] = text.split('\n').filter((line) => line.trim() !== '');
  if (head === undefined) return [];
  const columns = [...head.matchAll(/\S+(?: \S+)*/g)].map((match) => ({ name: match[0], at: match.index }));
  return rows.map((row) =>
    Object.fromEntries(
      columns.map(({ name, at }, i) => [name, row.slice(at, columns[i + 1]?.at ?? row.length).trim()]),
    ),
  );
}

/** Age such as `98s`, `3m26s`, `2d3h` in seconds; null where it is none. */
export function ageOf(text: string | undefined): number | null {
  const found = /^(?:(\d{1,5})y)?(?:(\d{1,5})d)?(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/.exec(
    text?.trim() ?? '',
  );
  if (found === null || found[0] === '') return null;
  const [, years = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found;
  return (
    ((Number(years) * 365 + Number(days)) * 24 + Number(hours)) * 3600 +
    Number(minutes) * 60 +
    Number(seconds)
  );
}
