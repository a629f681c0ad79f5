import { withHeader } from '#core/egress/headers.ts';
import type { Secret } from '#core/secret.ts';

/**
 * The same `fetch` with the token as it is at the moment of the call: one that was changed counts at once, and where it
 * cannot be used any more nothing is sent and the call throws.
 */
export function authorised(send: typeof fetch, token: Secret): typeof fetch {
  return async (input, init = {}) => {
    const headers = withHeader(init.headers, 'authorization', `Bearer ${token.reveal()}`);
    return send(input, { ...init, headers });
  };
}
