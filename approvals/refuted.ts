import { causeOf, type Incident } from '#incidents/incident.ts';
import type { Plan } from './plan.ts';

/**
 * Whether a plan rests on the named cause alone and a person said that this cause is wrong. What people asked for
 * themselves rests on their word, and a look at everything anew that a person wanted since begins a new count.
 */
export function isRefuted(
  incident: Pick<Incident, 'verdict' | 'diagnosis'>,
  { requestedBy, cause, service }: Pick<Plan, 'requestedBy' | 'cause' | 'service'>,
): boolean {
  const { verdict } = incident;
  if (verdict === null || verdict.right || verdict.readAnew || requestedBy.length > 0) return false;
  const named = causeOf(incident);
  return named?.cause === cause && named.service === service;
}
