import { z } from 'zod';
import type { Person, PersonalToken } from '#approvals/people.ts';
import { rights, roles } from '#approvals/rights.ts';
import { Digest, PersonId } from '#core/ids.ts';
import { DAY_MS } from '#core/zoned-time.ts';
import { pagerdutyUser } from './config-duty.ts';
import { id, words } from './config-fields.ts';
import { type Group, group, list } from './config-shape.ts';
import { slackAccounts } from './config-slack.ts';
import type { Problem } from './config-yaml.ts';

/** People, what they may do, and the personal tokens that they are known by. */

const PREFIX = 'sha256:';
const hash = z
  .string()
  .regex(
    /^sha256:[0-9a-f]{64}$/,
    'must be sha256: and the 64 hex digits of the token’s hash (the token itself never stands here)',
  );
/** The token counts to the end of that day, UTC. */
const lastDay = z.iso
  .date('is not a date such as 2027-01-31')
  .transform((text) => Date.parse(`${text}T00:00:00Z`) + DAY_MS);
const token = z.union([
  hash.transform((text) => ({ hash: text })),
  z.strictObject({
    hash,
    expires: lastDay.exactOptional(),
    scopes: z.array(z.enum(rights)).min(1).max(rights.length).exactOptional(),
  }),
]);

export const personFile = z.strictObject({
  id: PersonId,
  name: words,
  token: z.union([token.transform((one) => [one]), z.array(token).min(1).max(10)]).exactOptional(),
  roles: z.array(z.enum(roles)).min(1).max(8),
  teams: z.array(id).max(50).default([]),
  slack: slackAccounts.exactOptional(),
  pagerduty: pagerdutyUser.exactOptional(),
});
type PersonFile = z.infer<typeof personFile>;

/** A person as the server knows them. */
export function buildPerson({ id, name, roles, teams, token = [] }: PersonFile): Person {
  return { id, name, roles, teams, tokens: token.map(buildToken) };
}

function buildToken(file: NonNullable<PersonFile['token']>[number]): PersonalToken {
  return {
    hash: Digest.parse(file.hash.slice(PREFIX.length)),
    expires: 'expires' in file ? (file.expires ?? null) : null,
    scopes: 'scopes' in file ? (file.scopes ?? null) : null,
  };
}

/** One token is one person: the same hash twice, anywhere, is a mistake. */
export function checkPeople(people: unknown): Problem[] {
  const seen = new Map<unknown, string>();
  return list(people).flatMap((person, at) =>
    hashesOf(group(person), at).flatMap(({ hash, path }) => {
      const first = seen.get(hash);
      const here = `people[${at}].${path.slice(2).join('.')}`.replace(/\.(\d+)/g, '[$1]');
      if (first === undefined) seen.set(hash, here);
      return first === undefined ? [] : [{ path, message: `is the same as ${first}` }];
    }),
  );
}

function hashesOf({ token }: Group, at: number): { hash: unknown; path: (string | number)[] }[] {
  const one = (value: unknown, path: (string | number)[]) => {
    const hash = typeof value === 'string' ? value : group(value).hash;
    return hash === undefined ? [] : [{ hash, path }];
  };
  const path = ['people', at, 'token'];
  return Array.isArray(token)
    ? token.flatMap((value, index) => one(value, [...path, index]))
    : one(token, path);
}
