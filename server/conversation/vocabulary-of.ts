import type { ClosedIncident, Incident } from '#incidents/incident.ts';
import type { Vocabulary } from '#slack/verbs/heard.ts';
import type { ConversationDeps } from './deps.ts';

/** What a sentence about this incident can name. */
export function vocabularyOf(
  { inventory, people }: Pick<ConversationDeps, 'inventory' | 'people'>,
  incident: Incident | ClosedIncident | undefined,
): Vocabulary {
  const alerts = incident !== undefined && 'alerts' in incident ? incident.alerts : [];
  const { services, actions } = inventory;
  return {
    ...{ services: [...services.keys()], people: [...people.keys()], alerts },
    ...(actions !== undefined && { actions }),
  };
}
