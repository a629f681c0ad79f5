import type { JsonValue } from '#core/canonical.ts';
import type { Clean } from '#core/clean.ts';
import { REDACTED, redact, withoutTexts } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';

/** Makes a text fit to be kept. */
export type Scrub = Clean;

/**
 * Takes out secrets of known formats, and these very secrets wherever they stand: as they are, as JSON, a URL or base64
 * would write them, and with escapes or look-alikes. Shorter ones than 6 characters are left to the formats: they would hit ordinary words.
 */
export function createScrub(secrets: readonly Secret[]): Scrub {
  const without = withoutSecrets(secrets);
  return (text) => redact(without(text));
}

/**
 * Takes out these very secrets, and nothing else that looks like one: as they are now, and as they were before their last
 * change, when others may still hold them.
 */
export function withoutSecrets(secrets: readonly Secret[]): Scrub {
  const held: { readonly secret: Secret; values: readonly string[] }[] = secrets.map((secret) => {
    return { secret, values: [] };
  });
  let longestFirst: readonly string[] = [];
  return (text) => {
    let isChanged = false;
    for (const one of held) {
      const value = one.secret.ifUsable();
      if (value === undefined || value === one.values[0]) continue;
      one.values = [value, ...one.values.slice(0, 1)];
      isChanged = true;
    }
    if (isChanged) longestFirst = allForms(held.flatMap(({ values }) => values));
    let clean = text;
    for (const form of longestFirst) clean = clean.replaceAll(form, REDACTED);
    return withoutTexts(clean, longestFirst);
  };
}

function allForms(values: readonly string[]): readonly string[] {
  return [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length);
}

function formsOf(value: string): string[] {
  if (value.length < 6) return [];
  const bytes = Buffer.from(value);
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  return [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    base64,
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ];
}

/** Every text in a value, keys as well, made fit to be kept. */
export function scrubbed(value: JsonValue, scrub: Scrub): JsonValue {
  if (typeof value === 'string') return scrub(value);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((one) => scrubbed(one, scrub));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [scrub(key), scrubbed(one, scrub)]));
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
