import type { Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { Log } from '#audit/log.ts';
import type { ApiAnswer, PolicyRequest } from './http-api.ts';
import type { PolicyInForce } from './policy-in-force.ts';

/** What the config allows beyond what was accepted, and the digest to accept it by. */
export function policyAnswer(inForce: PolicyInForce): ApiAnswer {
  return { status: 200, body: { standing: inForce.loaded, ...inForce.waiting() } };
}

/** Takes on everything that the config allows: owners only, and only exactly what they were shown. */
export async function acceptPolicy(
  { inForce, log, trace }: { inForce: PolicyInForce; log: Log; trace?: string },
  { id }: Person,
  { standing }: PolicyRequest,
): Promise<ApiAnswer> {
  if (!inForce.mayAccept(id)) {
    const refused = { by: id, what: 'accept_policy', reason: 'not_allowed', approval: null } as const;
    await recordRefused(log, refused, { trace });
    return { status: 403, body: { error: 'only an owner accepts what the config allows more' } };
  }
  if (standing !== inForce.loaded)
    return {
      status: 409,
      body: { error: 'the server runs with another config than the one that was shown' },
    };
  const accepted = inForce.waiting();
  const isAny = accepted.answers.length + accepted.people.length > 0;
  if (isAny) await inForce.accept(id, trace);
  return { status: 200, body: { standing, ...accepted } };
}
