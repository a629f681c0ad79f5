import { redact } from '#core/redact.ts';
import { allOf, type SeedCheck } from './check.ts';

/** Put together here, so that none stands in the tree. */
const BODY = 'a1B2c3D4e5F6g7H8i9J0k1L2m3N4';
const SECRETS: readonly (readonly [line: string, secret: string])[] = [
  [`sk-ant-api03-${BODY}`, BODY],
  [`ghp_${BODY}`, BODY],
  [`xoxb-1234567890-${BODY}`, BODY],
  [`AKIA${'ABCDEFGH12345678'}`, 'ABCDEFGH12345678'],
  [`postgres://shop:${BODY}@db:5432/shop`, BODY],
  [`password=${BODY}`, BODY],
  [`Authorization: Bearer ${BODY}`, BODY],
];

/** Seven formats of secrets, each inside a line of a log. */
export function maskingCheck(): SeedCheck {
  const masked = SECRETS.filter(([line, secret]) => !redact(`call failed: ${line} (503)`).includes(secret));
  return allOf(
    { name: 'formats of secrets that are taken out of text', recorded: 'MasterClaw: 2 of 7' },
    { good: masked.length, of: SECRETS.length, words: 'taken out' },
  );
}
