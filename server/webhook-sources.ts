import { mayRespond } from '#approvals/people.ts';
import { sha256 } from '#core/hash.ts';
import { Digest } from '#core/ids.ts';
import type { WebhookSource } from '#intake/webhook.ts';
import type { Config } from './config-build.ts';

/** Where `firebreak triage` posts, with the personal token of whoever may take an incident. */
export const CLI_SOURCE = 'cli';

/** Sources that may post: those with a token; only hashes are kept for the comparison. */
export function webhookSources(config: Config): readonly WebhookSource[] {
  const people = [...config.people.values()].filter(mayRespond);
  const cli = {
    id: CLI_SOURCE,
    format: 'any',
    tokens: people.flatMap(({ tokenHash }) => (tokenHash === null ? [] : [Digest.parse(tokenHash)])),
  } as const;
  const systems = [...config.sources.values()].flatMap(({ id, kind, token }) =>
    token === null ? [] : [{ id, format: kind, tokens: [sha256(token.reveal())] }],
  );
  return [...systems, cli];
}
