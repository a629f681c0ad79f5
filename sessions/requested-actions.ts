import type { Inventory } from '#incidents/inventory.ts';
import { NodeRef, serviceOf } from '#incidents/refs.ts';
import type { Brief, DiagnosisReport, RemediationBrief } from '#incidents/reports.ts';
import { RequestedAction } from '#incidents/requested-action.ts';
import type { Runbook } from '#tools/tool.ts';

const MAX_ACTIONS = 4;

type Sources = {
  readonly runbooks: readonly Runbook[];
  readonly inventory: Inventory;
  /** What people asked for. */
  readonly asked: readonly RequestedAction[];
  /** The last diagnosis of the incident. */
  readonly diagnosis: DiagnosisReport | null;
};

/**
 * The brief with what people asked for themselves, what the runbooks' typed front matter asks for, the operator's actions
 * that the config offers for the cause, and the node that the diagnosis found it at: minted here from the log and the
 * files, so that neither a model nor the prose of a runbook can put an action before remediation. Other briefs stay as
 * they are.
 */
export function withRequestedActions(brief: Brief, sources: Sources): Brief {
  if (brief.role !== 'remediation') return brief;
  const byPeople = brief.requested.filter(({ tool, target }) =>
    sources.asked.some((one) => one.tool === tool && one.target === target),
  );
  const byFiles = [...actionsFor(brief, sources.runbooks), ...offeredFor(brief, sources.inventory)];
  return { ...brief, requested: [...byPeople, ...byFiles, ...nodeOf(brief, sources)].slice(0, MAX_ACTIONS) };
}

/** Those without parameters: nothing tells which values the others should have. */
function offeredFor({ cause, service }: RemediationBrief, { actions }: Inventory): RequestedAction[] {
  const id = serviceOf(service);
  return [...(actions?.values() ?? [])]
    .filter((one) => one.service === id && one.causes.includes(cause) && one.params.size === 0)
    .map(({ name }) => ({ tool: 'operator_action', target: `action:${name}` }));
}

/** Where nothing could be changed there, nothing is offered. */
function nodeOf({ cause, service }: RemediationBrief, { inventory, diagnosis }: Sources): RequestedAction[] {
  const id = serviceOf(service);
  const at = inventory.services.get(id);
  const found = diagnosis?.hypotheses.find((one) => one.cause === cause && one.service === id)?.object;
  const node = NodeRef.safeParse(found);
  const isReachable = at?.cluster !== undefined && at.workload !== undefined;
  return node.success && isReachable ? [{ tool: 'node_cordon', target: node.data }] : [];
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
