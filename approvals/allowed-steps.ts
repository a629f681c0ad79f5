import { causeOf, type Incident } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { serviceOfAlert } from '#incidents/service-of-alert.ts';
import type { Step } from './plan.ts';
import { requestersOf } from './requesters.ts';

/** Why a change may not be put before people in this incident, whatever the policy says. */
export type StepRefusal =
  | 'only_on_request' // it repairs nothing, or the config does not offer it for the named cause
  | 'only_alone' // what tells whether it worked is no signal
  | 'alert_of_another' // not an alert of this incident and service that still fires
  | 'not_a_node_cause'; // no diagnosis of this incident names that node

/**
 * What some changes need beside an approval. A silence: that a person asked for it, an alert of this incident
 * and of that service that fires, and no other change in its plan. A cordon: a diagnosis that names that node for that service. An operator's action:
 * that a person asked for exactly it, or that the config offers it for the cause that was named. Pure.
 */
export function stepRefusal(
  inventory: Inventory,
  incident: Incident,
  steps: readonly Step[],
): StepRefusal | undefined {
  for (const step of steps) {
    const reason = refusalOf(inventory, incident, { step, alone: steps.length === 1 });
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function refusalOf(
  inventory: Inventory,
  incident: Incident,
  { step, alone }: { step: Step; alone: boolean },
): StepRefusal | undefined {
  const isAsked = () => requestersOf(incident, [step]).length > 0;
  const { service, ref } = step.target;
  switch (step.tool) {
    case 'alert_silence': {
      const alert = incident.alerts.find((one) => `alert:${one.fingerprint}` === ref);
      const isIts = alert?.cleared === false && serviceOfAlert(inventory, incident, alert) === service;
      if (!isIts) return 'alert_of_another';
      if (!isAsked()) return 'only_on_request';
      return alone ? undefined : 'only_alone';
    }
    case 'node_cordon': {
      const named = causeOf(incident) === null ? [] : (incident.diagnosis?.hypotheses ?? []).slice(0, 1);
      const isIt = named.some((one) => one.service === service && one.object === ref);
      return isIt ? undefined : 'not_a_node_cause';
    }
    case 'operator_action': {
      const action = inventory.actions?.get(ref.slice('action:'.length));
      const cause = causeOf(incident);
      const isOffered =
        cause !== null && cause.service === service && action?.causes.some((one) => one === cause.cause);
      return isOffered === true || isAsked() ? undefined : 'only_on_request';
    }
    case 'service_restart':
    case 'service_rollback':
    case 'service_scale':
      return undefined;
  }
}
