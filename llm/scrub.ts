import type { JsonValue } from '#core/canonical.ts';
import { REDACTED, redact } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';

/** Makes a text fit to be kept. */
export type Scrub = (text: string) => string;

/**
 * Takes out secrets of known formats, and these very secrets wherever they stand: as they are, as JSON, a URL or base64
 * would write them. Shorter ones than 6 characters are left to the formats: they would hit ordinary words.
 */
export function createScrub(secrets: readonly Secret[]): Scrub {
  const without = withoutSecrets(secrets);
  return (text) => redact(without(text));
}

/** Takes out these very secrets, and nothing else that looks like one. */
export function withoutSecrets(secrets: readonly Secret[]): Scrub {
  const values = secrets.flatMap((secret) => formsOf(secret.reveal()));
  const longestFirst = [...new Set(values)].sort((a, b) => b.length - a.length);
  return (text) => {
    let clean = text;
    for (const value of longestFirst) clean = clean.replaceAll(value, REDACTED);
    return clean;
  };
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
