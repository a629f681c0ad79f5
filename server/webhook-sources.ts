import { mayRespond } from '#approvals/people.ts';
import { sha256 } from '#core/hash.ts';
import { Digest } from '#core/ids.ts';
import type { LabelMatch } from '#intake/match-labels.ts';
import type { WebhookSource } from '#intake/verify-delivery.ts';
import type { Config, Source } from './config-build.ts';

/** Where `firebreak triage` posts, with the personal token of whoever may take an incident. */
export const CLI_SOURCE = 'cli';

/** Sources that may post: those with a token, of which only hashes are kept, or with a secret that signs. */
export function webhookSources(config: Config): readonly WebhookSource[] {
  const people = [...config.people.values()].filter(mayRespond);
  const cli = {
    id: CLI_SOURCE,
    format: 'any',
    auth: {
      kind: 'bearer',
      tokens: people.flatMap(({ tokenHash }) => (tokenHash === null ? [] : [Digest.parse(tokenHash)])),
    },
  } as const;
  return [...[...config.sources.values()].flatMap((source) => poster(source, matchesOf(config))), cli];
}

function poster(source: Source, matches: readonly LabelMatch[]): WebhookSource[] {
  const { id, kind } = source;
  if (kind === 'pagerduty') {
    const { secrets, services } = source;
    return secrets.length === 0 ? [] : [{ id, format: kind, auth: { kind: 'signature', secrets }, services }];
  }
  const tokens = source.tokens.map((token) => sha256(token.reveal()));
  return tokens.length === 0 ? [] : [{ id, format: kind, auth: { kind: 'bearer', tokens }, matches }];
}

/** The labels of each service, as the config lists them. */
export function matchesOf({ inventory }: Pick<Config, 'inventory'>): readonly LabelMatch[] {
  return [...inventory.services.values()].flatMap(({ id: service, match = [] }) =>
    match.map((labels) => ({ service, labels })),
  );
}
