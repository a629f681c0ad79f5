import { inert } from '#core/inert.ts';
import type { Incident, IncidentAlert } from '#incidents/incident.ts';
import { plainReason } from './words.ts';

/** Why an alert belongs to its incident. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['new_fault', 'opened it'],
  ['unknown_service', 'opened it, its service is not in the config'],
  ['other_environment', 'opened it, in another environment than its service'],
  ['same_service', 'joined: same service'],
  ['inhibited', 'joined quietly: a worse one of the service fires'],
  ['related_service', 'joined: a service that depends on it or that it depends on'],
  ['same_group', 'joined: the sender groups them'],
  ['fired_again', 'fired again'],
  ['reopened', 'opened it again'],
  ['flapping', 'flaps: held as firing until it is calm for 10 min'],
]);

/**
 * What the incident is made of and why, one alert each; empty where it is one alert that opened it. Foreign text is inert.
 */
export function alertWords({ alerts }: Pick<Incident, 'alerts'>): string[] {
  const [first, ...others] = alerts;
  if (first !== undefined && others.length === 0 && first.reason === 'new_fault') return [];
  return alerts.map(oneAlert);
}

function oneAlert({ name, service, cleared, reason }: IncidentAlert): string {
  const why = REASONS.get(reason) ?? plainReason(reason);
  return `${inert(name)}${service === null ? '' : ` ${service}`} (${why}${cleared ? ', cleared' : ''})`;
}
