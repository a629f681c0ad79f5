import type { Person } from '#approvals/people.ts';
import type { ApiAnswer } from './http-api.ts';
import {
  addMaintenance,
  endMaintenance,
  listMaintenance,
  type MaintenanceAnswer,
  type MaintenanceDeps,
} from './maintenance.ts';
import type { MaintenanceRequest } from './maintenance-request.ts';

/** What is left alone. */
export function maintenanceAnswer(deps: MaintenanceDeps): ApiAnswer {
  return { status: 200, body: listMaintenance(deps) };
}

/** Adds or ends maintenance in a person's name, and answers with the window or with why not. */
export async function changeMaintenance(
  deps: MaintenanceDeps,
  person: Person,
  request: MaintenanceRequest,
): Promise<ApiAnswer> {
  return 'add' in request
    ? answerOf(await addMaintenance(deps, person, request.add))
    : answerOf(await endMaintenance(deps, person, request.end));
}

function answerOf(answer: MaintenanceAnswer): ApiAnswer {
  if (answer.kind === 'done') {
    const { id, service, until } = answer.window;
    return { status: 200, body: { id, service, until } };
  }
  const { reason, text } = answer;
  const status = reason === 'not_allowed' || reason === 'too_long' ? 403 : reason === 'not_found' ? 404 : 409;
  return { status, body: { error: text, reason } };
}
