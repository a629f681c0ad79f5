import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import type { Secret } from '#core/secret.ts';
import type { Web, WebRefusal } from './web.ts';

const Identity = z.looseObject({ team_id: z.string(), user_id: z.string() });
/** Asks Slack whose token ours is. */
export const WHO = { method: 'auth.test', args: {}, answer: Identity, repeatable: true };

/**
 * The same calls, but none before Slack said that the token is of this workspace; asked until it is known, and anew for
 * a token that was changed. One of another workspace is never used. `self` is our own account, once it is known.
 */
export function onlyIn(team: string, web: Web, token: Secret): { web: Web; self: () => string | undefined } {
  let user: string | undefined;
  let known: string | undefined;
  const tokenNow = (): string => sha256(token.ifUsable() ?? '');
  let asking: Promise<WebRefusal | undefined> | undefined;
  const ask = async (signal: AbortSignal | undefined): Promise<WebRefusal | undefined> => {
    const now = tokenNow();
    const asked = await web.call(WHO, signal);
    if (asked.kind === 'unknown') return { kind: 'unreachable', why: asked.why };
    if (asked.kind !== 'ok') return asked;
    if (asked.value.team_id !== team)
      return { kind: 'no', error: 'the bot token is of another workspace than slack.team' };
    user = asked.value.user_id;
    known = now;
    return undefined;
  };
  /** One question for all who wait for the answer. */
  const refusal = async (signal: AbortSignal | undefined): Promise<WebRefusal | undefined> => {
    asking ??= ask(signal);
    const answered = await asking;
    asking = undefined;
    return answered;
  };
  return {
    self: () => user,
    web: {
      call: async (call, signal) =>
        (known === tokenNow() ? undefined : await refusal(signal)) ?? web.call(call, signal),
    },
  };
}
