import { z } from 'zod';
import type { PersonId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import { address, secretRef, secretRefs } from './config-fields.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Problem } from './config-yaml.ts';
import { isLoopback } from './loopback.ts';

/** The workspace we talk in, how we hear from it, and who of it is who here. */

const teamId = z.string().regex(/^[TE][A-Z0-9]{2,20}$/, 'is not the id of a workspace such as T0123456789');
const channelId = z
  .string()
  .regex(/^[CG][A-Z0-9]{2,20}$/, 'is not the id of a Slack channel such as C0123456789 (see its details)');

export const slackFile = z.strictObject({
  team: teamId,
  app: z.string().regex(/^A[A-Z0-9]{2,20}$/, 'is not the id of an app such as A0123456789'),
  /** `socket`: we connect to Slack. `http`: Slack posts to /v1/slack, through a proxy of yours. */
  mode: z.enum(['socket', 'http']).default('socket'),
  bot_token: secretRef,
  app_token: secretRef.exactOptional(),
  signing_secret: secretRefs.exactOptional(),
  default_channel: channelId,
  /** Channels with guests or people of other organisations that may be posted into all the same. */
  allow_shared: z.array(channelId).max(100).default([]),
  api_url: address
    .refine(
      (text) =>
        text.startsWith('https:') || isLoopback(URL.parse(text)?.hostname.replace(/^\[|\]$/g, '') ?? ''),
      'must begin with https, unless it is this machine',
    )
    .refine((text) => text.endsWith('/'), 'must end with a slash, as in .../api/')
    .exactOptional(),
});
export type SlackFile = z.infer<typeof slackFile>;

const account = z.strictObject({
  team: teamId.exactOptional(),
  user: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,20}$/, 'is not the id of a Slack account such as U0123456789 (see the profile)'),
});
/** The accounts of one person; whoever has two is still one person. */
export const slackAccounts = z.union([account.transform((one) => [one]), z.array(account).min(1).max(5)]);

export type SlackSettings = {
  readonly team: string;
  readonly app: string;
  /** Null: where Slack itself is. */
  readonly apiUrl: string | null;
  readonly botToken: Secret;
  readonly door:
    | { readonly kind: 'socket'; readonly appToken: Secret }
    | { readonly kind: 'http'; readonly signingSecrets: readonly Secret[] };
  readonly defaultChannel: string;
  readonly allowShared: readonly string[];
  /** By `accountKey`. */
  readonly people: ReadonlyMap<string, PersonId>;
};

/** A Slack account: an id of a user means nothing without its workspace. */
export function accountKey(team: string, user: string): string {
  return `${team}/${user}`;
}

type Known = {
  readonly slack?: SlackFile;
  readonly people: readonly { readonly id: PersonId; readonly slack?: z.infer<typeof slackAccounts> }[];
};

/** The settings of a file that was checked; null: there is no Slack. */
export function buildSlack(
  { slack, people }: Known,
  secretOf: (ref: string | undefined) => Secret,
): SlackSettings | null {
  if (slack === undefined) return null;
  const { team, app, mode } = slack;
  const accounts = people.flatMap((person) =>
    (person.slack ?? []).map((one): [string, PersonId] => [
      accountKey(one.team ?? team, one.user),
      person.id,
    ]),
  );
  return {
    ...{ team, app, apiUrl: slack.api_url ?? null, botToken: secretOf(slack.bot_token) },
    door:
      mode === 'socket'
        ? { kind: mode, appToken: secretOf(slack.app_token) }
        : { kind: mode, signingSecrets: (slack.signing_secret ?? []).map(secretOf) },
    ...{ defaultChannel: slack.default_channel, allowShared: slack.allow_shared },
    people: new Map(accounts),
  };
}

/** What a mode needs, and accounts that would be two people. */
export function checkSlack(root: Group): Problem[] {
  const slack = root.slack === undefined ? undefined : group(root.slack);
  return [...(slack === undefined ? [] : checkMode(slack)), ...checkAccounts(root, slack)];
}

function checkMode(slack: Group): Problem[] {
  const mode = slack.mode ?? 'socket';
  const path = ['slack', ...(slack.mode === undefined ? [] : ['mode'])];
  if (mode === 'socket' && slack.app_token === undefined)
    return [{ path, message: 'mode socket needs app_token, the token that begins with xapp-' }];
  if (mode === 'http' && slack.signing_secret === undefined)
    return [{ path, message: 'mode http needs signing_secret: without it nobody could be believed' }];
  return [];
}

function checkAccounts(root: Group, slack: Group | undefined): Problem[] {
  const seen = new Map<string, number>();
  return list(root.people).flatMap((person, at): Problem[] => {
    const { slack: written } = group(person);
    if (written === undefined) return [];
    const path = ['people', at, 'slack'];
    if (slack === undefined) return [{ path, message: 'there is no slack in this file to know them from' }];
    return (Array.isArray(written) ? written : [written]).flatMap((one): Problem[] => {
      const { team = slack.team, user } = group(one);
      const key = accountKey(String(team), String(user));
      const first = seen.get(key);
      if (first === undefined) {
        seen.set(key, at);
        return [];
      }
      if (first === at) return [{ path, message: `${String(user)} is listed twice` }];
      return [{ path, message: `${String(user)} is already the account of people[${first}]` }];
    });
  });
}
