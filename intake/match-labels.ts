import type { ServiceId } from '#core/ids.ts';
import type { Labels } from './foreign-text.ts';

/** A service, and labels that an alert about it carries, each with its value; `*` stands for any text. */
export type LabelMatch = { readonly service: ServiceId; readonly labels: Readonly<Record<string, string>> };

/** Values of labels beyond this length fit nothing. */
const MOST_CHARS = 300;

/** The one service that the labels fit by the config; null when they fit none, or several. Pure; does not throw. */
export function matchedService(labels: Labels, matches: readonly LabelMatch[] = []): ServiceId | null {
  const fitting = matches.filter((match) =>
    Object.entries(match.labels).every(([name, pattern]) => fits(labels.get(name), pattern)),
  );
  const services = new Set(fitting.map(({ service }) => service));
  const [service = null] = services;
  return services.size === 1 ? service : null;
}

/** Each part between stars is found as early as it can be, so that the work stays small whatever the text is. */
function fits(value: string | undefined, pattern: string): boolean {
  if (value === undefined || value.length > MOST_CHARS) return false;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return value === pattern;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of rest) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - at >= last.length && value.endsWith(last);
}
