import { may, type People } from '#approvals/people.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { LabelMatch } from '#intake/match-labels.ts';
import type { WebhookSource } from '#intake/verify-delivery.ts';
import type { Config, Source } from './config-build.ts';

/** Where `firebreak triage` posts, with the personal token of whoever may take an incident. */
export const CLI_SOURCE = 'cli';

/** Sources that may post: those with a token, of which only hashes are kept, or with a secret that signs. */
export function webhookSources(
  config: Config,
  { people, now }: { readonly people: People; readonly now: () => number },
): readonly WebhookSource[] {
  const cli = {
    id: CLI_SOURCE,
    format: 'any',
    auth: {
      kind: 'bearer',
      tokens: () => notingTokens(people, now()),
    },
  } as const;
  return [...[...config.sources.values()].flatMap((source) => poster(source, matchesOf(config))), cli];
}

/** Hashes of the personal tokens that, at this moment, are good for more than looking. */
function notingTokens(people: People, now: number): readonly Digest[] {
  return [...people.values()].flatMap(({ roles, tokens }) =>
    tokens
      .filter(({ expires }) => expires === null || now < expires)
      .filter(({ scopes }) => may({ roles, ...(scopes !== null && { scopes }) }, 'note'))
      .map(({ hash }) => hash),
  );
}

function poster(source: Source, matches: readonly LabelMatch[]): WebhookSource[] {
  const { id, kind } = source;
  if (kind === 'pagerduty') {
    const { secrets, services } = source;
    return secrets.length === 0 ? [] : [{ id, format: kind, auth: { kind: 'signature', secrets }, services }];
  }
  if (source.tokens.length === 0) return [];
  return [{ id, format: kind, auth: { kind: 'bearer', tokens: usable(source.tokens) }, matches }];
}

/** Hashes of the tokens as they are now, asked for with each delivery: one that cannot be used lets nobody in. */
function usable(tokens: readonly Secret[]): () => readonly Digest[] {
  return () => tokens.flatMap((token) => token.ifUsable() ?? []).map((token) => sha256(token));
}

/** The labels of each service, as the config lists them. */
export function matchesOf({ inventory }: Pick<Config, 'inventory'>): readonly LabelMatch[] {
  return [...inventory.services.values()].flatMap(({ id: service, match = [] }) =>
    match.map((labels) => ({ service, labels })),
  );
}
