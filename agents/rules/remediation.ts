import type { JsonValue } from '#core/canonical.ts';
import { LIKELY } from '#diagnosis/assessment.ts';
import { cures } from '#incidents/cures.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { actionCallOf } from '#incidents/operator-action.ts';
import { deployRef, serviceOf } from '#incidents/refs.ts';
import type { RemediationBrief } from '#incidents/reports.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import { briefOf, resultsOf } from './transcript.ts';
import { type RulesRole, reportTurn, type Turn } from './turn.ts';

/** Capacity that is asked for beyond the demand that was seen. */
const HEADROOM = 1.35;
/** What a person who asks for a silence gets; an hour later somebody must look again. */
const SILENT_MINUTES = 60;

/** Proposes the one change that fits the cause, once; otherwise says that there is no safe action. */
export const remediationTurn: RulesRole = ({ items, callsLeft }, inventory) => {
  const brief = briefOf(items);
  if (brief?.role !== 'remediation') return null;
  const wasTried = resultsOf(items).some(({ tool }) => tool !== 'report');
  const change = wasTried || callsLeft < 1 ? null : changeFor(brief, inventory);
  return change ?? reportTurn({ role: 'remediation', outcome: 'no_safe_action' });
};

function changeFor(brief: RemediationBrief, inventory: Inventory): Turn | null {
  // Without a diagnosis the brief carries what a person asked for; otherwise what does not fit is not proposed.
  const fitting = cures[brief.cause] ?? [];
  if (brief.cause === 'unknown') {
    const asked = brief.requested[0];
    return asked === undefined ? null : changeTurn(brief, asked, inventory);
  }
  if (brief.confidence < LIKELY) return null;
  const asked = brief.requested.find((one) => isFor(brief, one));
  const [tool] = fitting;
  const usual = tool && { tool, target: brief.service };
  const change = asked ?? usual;
  return change === undefined ? null : changeTurn(brief, change, inventory);
}

/** Of the cordon and the operator's actions, those that the brief holds were put there by code, for this cause, or by a person. */
function isFor({ cause, service }: RemediationBrief, { tool, target }: RequestedAction): boolean {
  switch (tool) {
    case 'service_restart':
    case 'service_rollback':
    case 'service_scale':
      return cures[cause]?.includes(tool) === true && target === service;
    case 'node_cordon':
    case 'operator_action':
      return true;
    // It mends nothing.
    case 'alert_silence':
      return false;
  }
}

function changeTurn(brief: RemediationBrief, action: RequestedAction, inventory: Inventory): Turn | null {
  const { tool } = action;
  const args = argsFor(brief, action, inventory);
  return args === null ? null : { text: 'Proposing a change.', calls: [{ tool, args }] };
}

function argsFor(
  brief: RemediationBrief,
  { tool, target }: RequestedAction,
  { actions }: Inventory,
): JsonValue | null {
  const { service } = brief;
  switch (tool) {
    case 'node_cordon':
      return { target, service };
    case 'alert_silence':
      return { target, service, minutes: SILENT_MINUTES };
    case 'operator_action': {
      const call = actionCallOf(actions, target);
      return call === undefined
        ? null
        : { target: `action:${call.action.name}`, service, params: [...call.params] };
    }
    case 'service_restart':
      return { target };
    case 'service_rollback': {
      const wanted = brief.cause === 'unknown' ? deployRef(serviceOf(target), 1) : null;
      const to = brief.deploy ?? wanted;
      return to === null ? null : { target, to };
    }
    case 'service_scale': {
      const replicas = target === brief.service ? replicasFor(brief) : null;
      return replicas === null ? null : { target, replicas };
    }
  }
}

/** Enough instances for the demand and some headroom, at least one more, at most what is allowed. */
function replicasFor({ replicas, maxReplicas, pressure }: RemediationBrief): number | null {
  if (replicas === null || maxReplicas === null || replicas >= maxReplicas) return null;
  const wanted = Math.ceil((replicas * (pressure ?? 100) * HEADROOM) / 100);
  return Math.min(maxReplicas, Math.max(replicas + 1, wanted));
}
