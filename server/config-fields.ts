import { z } from 'zod';
import { parseCidr, parseIp } from '#core/ip.ts';

/** Settings that many parts of the file have. Messages complete the sentence that starts with the value. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^(\d{1,9})(ms|s|m|h)$/;
const DAY = 24 * 3_600_000;

/** `500ms`, `10s`, `15m`, `2h`, at most a day -> milliseconds. */
export const duration = (leastMs = 1) =>
  z
    .string()
    .regex(DURATION, 'is not a duration such as 500ms, 10s or 15m')
    .transform((text) => {
      const [, count, unit] = DURATION.exec(text) ?? [];
      return Number(count) * (UNITS[unit ?? ''] ?? 0);
    })
    .refine((ms) => ms >= leastMs && ms <= DAY, `is not between ${leastMs}ms and 24h`);

/** A name that the file gives to a part of it. */
export const id = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,39}$/, 'is not an id: small letters, digits, - and _, a letter first');
/** A few words for people. */
export const words = z.string().min(1).max(120);
/** An address of this or another machine. */
export const address = z.string().refine((text) => {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}, 'is not an address such as http://127.0.0.1:9090 (without user and password)');

/** A path without the way up and without characters that nobody sees. */
const SECRET_PATH = String.raw`file:(?!(?:.*/)?\.\.(?:/|$))[^\p{Cc}]{1,500}`;

/** A machine by its name or address, or a block of addresses. */
export const hostOrBlock = z
  .string()
  .max(253)
  .refine(
    (text) =>
      parseCidr(text) !== undefined ||
      parseIp(text) !== undefined ||
      (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) && !/^[\d.]+$/.test(text)),
    'is not a name of a machine, an address, or a block such as 10.0.0.0/16',
  );

/** Where a secret lies; the secret itself never stands in the file. */
export const secretRef = z
  .string()
  .regex(
    new RegExp(
      `^(?:env:[A-Za-z_][A-Za-z0-9_]{0,99}|keychain:[A-Za-z0-9][A-Za-z0-9._/-]{0,99}|${SECRET_PATH})$`,
      'u',
    ),
    'must say where the secret lies: env:NAME, keychain:NAME or file:/path without .. (the secret itself never stands here)',
  );
/** Where the credential for changes lies: whoever uses it starts with an empty environment. */
export const actSecretRef = z
  .string()
  .regex(
    new RegExp(`^${SECRET_PATH}$`, 'u'),
    'must be file:/path: what makes changes starts with an empty environment; write the token to a file, chmod 600, and name it here',
  );
/** Several while one takes the place of another: each of them is good. */
export const secretRefs = z.union([secretRef.transform((ref) => [ref]), z.array(secretRef).min(1).max(5)]);

/** Settings that say where a secret lies, or a list of such. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  ...['token', 'secret', 'routing_key', 'bot_token', 'app_token', 'signing_secret', 'webhook'],
]);
