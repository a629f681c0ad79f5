import type { JsonValue } from '#core/canonical.ts';
import { LIKELY } from '#diagnosis/assess.ts';
import { cures } from '#incidents/cures.ts';
import { deployRef, type ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { RemediationBrief, RequestedAction } from '#incidents/reports.ts';
import { briefOf, resultsOf } from './transcript.ts';
import { type RulesRole, reportTurn, type Turn } from './turn.ts';

/** Capacity that is asked for beyond the demand that was seen. */
const HEADROOM = 1.35;

/** Proposes the one change that fits the cause, once; otherwise says that there is no safe action. */
export const remediationTurn: RulesRole = ({ items, callsLeft }) => {
  const brief = briefOf(items);
  if (brief?.role !== 'remediation') return null;
  const wasTried = resultsOf(items).some(({ tool }) => tool !== 'report');
  const change = wasTried || callsLeft < 1 ? null : changeFor(brief);
  return change ?? reportTurn({ role: 'remediation', outcome: 'no_safe_action' });
};

function changeFor(brief: RemediationBrief): Turn | null {
  // Without a diagnosis the brief carries what a person asked for; otherwise what does not fit is not proposed.
  const fitting = cures[brief.cause] ?? [];
  if (brief.cause === 'unknown') {
    const asked = brief.requested[0];
    return asked === undefined ? null : changeTurn(brief, asked);
  }
  if (brief.confidence < LIKELY) return null;
  const asked = brief.requested.find(
    ({ tool, target }) => fitting.includes(tool) && target === brief.service,
  );
  const [tool] = fitting;
  return tool === undefined ? null : changeTurn(brief, asked ?? { tool, target: brief.service });
}

function changeTurn(brief: RemediationBrief, { tool, target }: RequestedAction): Turn | null {
  const args = argsFor(brief, tool, target);
  return args === null ? null : { text: 'Proposing a change.', calls: [{ tool, args }] };
}

function argsFor(
  brief: RemediationBrief,
  tool: RequestedAction['tool'],
  target: ServiceRef,
): JsonValue | null {
  switch (tool) {
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
