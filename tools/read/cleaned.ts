import type { JsonValue } from '#core/canonical.ts';
import { foreign } from './foreign.ts';

/** The same value with each string, and each name of a part, as one harmless line without secrets of known formats. */
export function cleaned(value: JsonValue, longest: number): JsonValue {
  if (typeof value === 'string') return foreign(value, longest);
  if (Array.isArray(value)) return value.map((one) => cleaned(one, longest));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [foreign(key, 300), cleaned(one, longest)]),
  );
}

/** Compact JSON without what is null or empty. */
export function shown(value: JsonValue): string {
  return JSON.stringify(value, (_key, one: unknown) =>
    one === null || (Array.isArray(one) && one.length === 0) ? undefined : one,
  );
}
