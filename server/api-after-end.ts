import { type AfterEndInput, type AfterEndRefusal, sayAfterEnd } from '#approvals/after-end.ts';
import { unreachable } from '#core/errors.ts';
import type { ApiAnswer } from './http-api.ts';
import type { Firebreak } from './wire.ts';

/** Takes what a person says of a plan that has ended, and answers with what came of it in one sentence. */
export async function answerAfterEnd(firebreak: Firebreak, input: AfterEndInput): Promise<ApiAnswer> {
  await firebreak.recovered();
  const said = await sayAfterEnd(firebreak.gate, input);
  const { approval: id, wanted, person } = input;
  if (said.kind === 'said') return { status: 200, body: { approval: id, by: person.id, ...wanted } };
  const { reason } = said;
  const status = reason === 'not_found' ? 404 : reason === 'not_allowed' ? 403 : 409;
  return { status, body: { error: wordsOf(reason, input), reason } };
}

function wordsOf(reason: AfterEndRefusal, { approval, wanted, person }: AfterEndInput): string {
  switch (reason) {
    case 'not_found':
      return `there is no ${approval}`;
    case 'not_allowed':
      return wanted.kind === 'release'
        ? `${person.id} may not say what became of a change; ask an approver or an owner`
        : `${person.id} may look, but not ask for a proposal`;
    case 'not_quarantined':
      return `what became of ${approval} is known, or it never ran: there is nothing to release`;
    case 'not_over':
      return `${approval} waits, was decided by a person or was carried out: only one that expired, was withdrawn or could not be carried out is looked at again`;
    case 'incident_closed':
      return `the incident of ${approval} is closed or paused, or somebody has taken it`;
    default:
      return unreachable(reason);
  }
}
