import { serviceOf } from '#incidents/refs.ts';
import { type Brief, type RemediationBrief, RequestedAction } from '#incidents/reports.ts';
import type { Runbook } from '#tools/tool.ts';

const MAX_ACTIONS = 4;

/**
 * The brief with what people asked for themselves and what the runbooks' typed front matter asks for: minted here from the
 * log and the files, so that neither a model nor the prose of a runbook can put an action before remediation. Other briefs
 * stay as they are.
 */
export function withRequestedActions(
  brief: Brief,
  { runbooks, asked }: { runbooks: readonly Runbook[]; asked: readonly RequestedAction[] },
): Brief {
  if (brief.role !== 'remediation') return brief;
  const byPeople = brief.requested.filter(({ tool, target }) =>
    asked.some((one) => one.tool === tool && one.target === target),
  );
  return { ...brief, requested: [...byPeople, ...actionsFor(brief, runbooks)].slice(0, MAX_ACTIONS) };
}

function actionsFor({ cause, service }: RemediationBrief, runbooks: readonly Runbook[]): RequestedAction[] {
  const id = serviceOf(service);
  const covering = runbooks.filter(({ services }) => services.length === 0 || services.includes(id));
  const actions = covering.flatMap((runbook) =>
    runbook.actions
      .filter((action) => action.cause === cause)
      .map(({ tool, target }) =>
        RequestedAction.parse({ tool, target: target === 'self' ? service : `service:${target}` }),
      ),
  );
  return actions;
}
