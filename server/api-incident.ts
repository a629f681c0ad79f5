import type { Person } from '#approvals/people.ts';
import { unreachable } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Acted, ActRefusal } from './acts/act.ts';
import { acceptHandover, acknowledge, offerHandover, pause, resume, take } from './acts/ownership.ts';
import { refusalWords } from './acts/refusal-words.ts';
import { merge, type RegroupDeps, split } from './acts/regroup.ts';
import { type ChangeDeps, giveVerdict, requestChange, resolve, steer, type ToolActDeps } from './acts/say.ts';
import type { ApiAnswer } from './http-api.ts';
import type { IncidentRequest } from './incident-request.ts';

export type SayDeps = RegroupDeps & ToolActDeps & ChangeDeps & Parameters<typeof offerHandover>[0];
type Saying = { readonly person: Person; readonly incident: IncidentId; readonly trace: string };

/** Takes a person's word about an incident; roles are looked at for each. A no is answered in one sentence and recorded. */
export async function sayOfIncident(
  deps: SayDeps,
  about: Saying,
  request: IncidentRequest,
): Promise<ApiAnswer> {
  if (request.verb === 'split') {
    const { acted, opened } = await split(deps, about, request.alerts);
    return answerOf(acted, about, { verb: 'split', opened });
  }
  return answerOf(await actOn(deps, about, request), about, { verb: request.verb });
}

function actOn(
  deps: SayDeps,
  about: Saying,
  request: Exclude<IncidentRequest, { verb: 'split' }>,
): Promise<Acted> {
  switch (request.verb) {
    case 'ack':
      return acknowledge(deps, about);
    case 'take':
      return take(deps, about);
    case 'pause':
      return pause(deps, about);
    case 'resume':
      return resume(deps, about);
    case 'accept':
      return acceptHandover(deps, about);
    case 'hand_over':
      return offerHandover(deps, about, request.to);
    case 'resolve':
      return resolve(deps, about, request.resolution);
    case 'verdict': {
      const { right, cause, service } = request;
      return giveVerdict(deps, about, { right, cause, service });
    }
    case 'look':
      return steer(deps, about, request.service);
    case 'change':
      return requestChange(deps, about, request.action);
    case 'merge':
      return merge(deps, about, request.into);
    default:
      return unreachable(request);
  }
}

function answerOf(
  acted: Acted,
  { person, incident }: Saying,
  said: { verb: string; opened?: IncidentId | null },
): ApiAnswer {
  if (acted.kind === 'done') return { status: 200, body: { incident, by: person.id, ...said } };
  const { reason } = acted;
  return {
    status: statusOf(reason),
    body: { error: refusalWords(reason, acted.incident, 'terminal'), reason },
  };
}

function statusOf(reason: ActRefusal): 403 | 404 | 409 {
  if (reason === 'not_allowed') return 403;
  return reason === 'not_found' ? 404 : 409;
}
