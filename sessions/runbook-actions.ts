import { serviceOf } from '#incidents/refs.ts';
import { type Brief, type RemediationBrief, RequestedAction } from '#incidents/reports.ts';
import type { Runbook } from '#tools/tool.ts';

const MAX_ACTIONS = 4;

/**
 * The brief with what the runbooks' typed front matter asks for: minted here from the files, so that neither a model nor
 * the prose of a runbook can put an action before remediation. Other briefs stay as they are.
 */
export function withRunbookActions(brief: Brief, runbooks: readonly Runbook[]): Brief {
  return brief.role === 'remediation' ? { ...brief, requested: actionsFor(brief, runbooks) } : brief;
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
  return actions.slice(0, MAX_ACTIONS);
}
