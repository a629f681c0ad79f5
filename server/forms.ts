import type { Approval } from '#approvals/approval.ts';
import type { GateDeps } from '#approvals/gate-deps.ts';
import { mayApprove, mayRespond, type Person } from '#approvals/people.ts';
import { targetsOf } from '#approvals/plan-targets.ts';
import type { IncidentId, ServiceId } from '#core/ids.ts';
import { causeOf } from '#incidents/incident.ts';
import { nameableCauses } from '#incidents/nameable-causes.ts';
import { approveModal } from '#slack/cards/modals.ts';
import type { Click, Handlers } from '#slack/ports.ts';
import { wrongCauseForm } from '#slack/verbs/wrong-cause-form.ts';
import { approvalCard } from '#views/approval-card.ts';
import { personOf } from './person-of.ts';

export type FormsDeps = {
  readonly gate: Pick<GateDeps, 'approvals' | 'people' | 'inventory' | 'incidents'>;
  /** IANA name of the zone in which times read where Slack cannot write them. */
  readonly zone: string;
};

/**
 * The forms that clicks open: the names of what is changed, typed, for a yes that needs them, and what the cause was.
 * Whoever would be refused anyway gets no form but the answer why. Decides nothing.
 */
export function createForms({ gate, zone }: FormsDeps): Pick<Handlers, 'modal'> {
  return {
    modal: ({ who, on }) => {
      const person = personOf(gate.people, who);
      if (person === undefined) return null;
      if (on.kind === 'incident')
        return on.verb === 'wrong_cause' && mayRespond(person)
          ? wrongCauseForm({
              incident: on.incident,
              causes: nameableCauses(gate.inventory),
              services: servicesOf(gate, on.incident),
            })
          : null;
      const approval = approvalOf(gate, on);
      if (approval === undefined || !mustType(approval, person)) return null;
      const card = approvalCard(approval.plan, approval.hash);
      return approveModal(card, { targets: targetsOf(approval.plan), zone }) ?? null;
    },
  };
}

/** Every service of the config, the one of the named cause and that of the page first. */
function servicesOf({ inventory, incidents }: FormsDeps['gate'], id: IncidentId): readonly ServiceId[] {
  const incident = incidents.get(id);
  const near = [incident === undefined ? undefined : causeOf(incident)?.service, incident?.service];
  const first = near.flatMap((one) => (one != null && inventory.services.has(one) ? one : []));
  return [...new Set([...first, ...inventory.services.keys()])];
}

/** The proposal that somebody says yes to, if it is the one that they were shown. */
function approvalOf(
  { approvals }: FormsDeps['gate'],
  { approval: id, hash, decision }: Extract<Click['on'], { kind: 'approval' }>,
): Approval | undefined {
  const approval = decision === 'approve' ? approvals.get(id) : undefined;
  return approval?.hash === hash ? approval : undefined;
}

/** Whether the gate will ask this person for the names. */
function mustType({ state, plan, decisions }: Approval, person: Person): boolean {
  if (state !== 'pending' || !mayApprove(person)) return false;
  if (decisions.some(({ by }) => by === person.id)) return false;
  const isAsker = plan.requestedBy.includes(person.id);
  return plan.tier === 'R3' ? !isAsker : isAsker;
}
