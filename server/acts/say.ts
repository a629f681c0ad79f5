import type { ApprovalFold } from '#approvals/approval-fold.ts';
import { mayRespond } from '#approvals/people.ts';
import type { IncidentId, ServiceId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { causeOf } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { RequestedAction } from '#incidents/requested-action.ts';
import type { Cause } from '#incidents/vocabulary.ts';
import type { SessionsFold } from '#sessions/sessions-fold.ts';
import type { Invoke } from '#tools/call-result.ts';
import { type ActDeps, type Acted, act, contextFor, refuse } from './act.ts';
import { agentsOut } from './agents-out.ts';
import { askedService } from './asked-service.ts';
import type { About } from './ownership.ts';
import { sameProposal } from './same-proposal.ts';

/** What the cause was, as a person says it; `cause` null: only that it was not the one that was named. */
export type SaidCause = {
  readonly right: boolean;
  readonly cause: Cause | null;
  readonly service: ServiceId | null;
};

type Known = ActDeps & { readonly inventory: Inventory };

/** Writes down whether the named cause was right. Also of an incident that is over: that is when people know. */
export async function giveVerdict(deps: Known, about: About, said: SaidCause): Promise<Acted> {
  const wanted = { ...about, what: 'verdict' } as const;
  const incident = deps.incidents.get(about.incident);
  const closed = deps.incidents.closed().some(({ id }) => id === about.incident);
  if (!mayRespond(about.person)) return refuse(deps, wanted, 'not_allowed');
  if (incident === undefined && !closed) return refuse(deps, wanted, 'not_found');
  if (said.service !== null && !deps.inventory.services.has(said.service))
    return refuse(deps, wanted, 'unknown_service');
  const named = incident === undefined ? null : causeOf(incident);
  if (said.right && incident !== undefined && named === null) return refuse(deps, wanted, 'no_cause');
  const verdict = { ...said, by: about.person.id };
  await deps.log.append([
    fact('verdict.given', verdict, contextFor(about.person, about.incident, about.trace)),
  ]);
  return { kind: 'done', incident: incident ?? null };
}

/** A person wants a service looked at: the coordinator sends a monitor there. */
export function steer(deps: Known, about: About, service: ServiceId): Promise<Acted> {
  return act(deps, { ...about, what: 'steer' }, (incident, context) => {
    if (!deps.inventory.services.has(service)) return 'unknown_service';
    const reason = agentsOut(incident);
    if (reason !== undefined) return reason;
    return { drafts: [fact('incident.steered', { by: about.person.id, service }, context)] };
  });
}

export type ChangeDeps = Known & {
  readonly approvals: Pick<ApprovalFold, 'of'>;
  readonly sessions: Pick<SessionsFold, 'incident'>;
};

/** A person asks for a change: it is prepared and put before people like any other, and counts as theirs; not one that waits already. */
export function requestChange(deps: ChangeDeps, about: About, action: RequestedAction): Promise<Acted> {
  const { tool, target } = action;
  return act(deps, { ...about, what: 'change' }, (incident, context) => {
    if (askedService(deps.inventory, incident, action) === null) return unknownOf(action);
    const reason = agentsOut(incident);
    if (reason !== undefined) return reason;
    if (sameProposal(deps.approvals, incident.id, action) !== undefined) return 'already_proposed';
    if (isBeingPrepared(deps, incident.id, action)) return 'already_asked';
    return { drafts: [fact('change.requested', { by: about.person.id, tool, target }, context)] };
  });
}

function unknownOf({ tool }: RequestedAction): 'unknown_service' | 'unknown_action' | 'no_such_alert' {
  if (tool === 'operator_action') return 'unknown_action';
  return tool === 'alert_silence' ? 'no_such_alert' : 'unknown_service';
}

/** Somebody asked for it, and agents have not come to an end with it. */
function isBeingPrepared(
  { sessions }: ChangeDeps,
  id: IncidentId,
  { tool, target }: RequestedAction,
): boolean {
  const { wishes = [], requests = [], runs = [] } = sessions.incident(id) ?? {};
  const isIt = (one: RequestedAction): boolean => one.tool === tool && one.target === target;
  if (wishes.some((wish) => wish.kind === 'requested' && isIt(wish.action))) return true;
  return requests.some(isIt) && runs.some(({ settled }) => settled === null);
}

export type ToolActDeps = ActDeps & { readonly invoke: Invoke };

/** Closes the incident on a person's word. */
export async function resolve(
  deps: ToolActDeps,
  about: About,
  resolution: 'by_hand' | 'nothing_wrong',
): Promise<Acted> {
  return throughTool(deps, about, { what: 'resolve', tool: 'incident_resolve', args: { resolution } });
}

/** Adds a person's words to the incident; they are content, for people. */
export async function note(deps: ToolActDeps, about: About, text: string): Promise<Acted> {
  return throughTool(deps, about, { what: 'note', tool: 'incident_note', args: { text } });
}

type ToolCall = {
  what: 'resolve' | 'note';
  tool: 'incident_resolve' | 'incident_note';
  args: { resolution: string } | { text: string };
};

async function throughTool(deps: ToolActDeps, about: About, { what, tool, args }: ToolCall): Promise<Acted> {
  const { person, incident: id, trace } = about;
  const wanted = { ...about, what };
  const incident = deps.incidents.get(id);
  if (!mayRespond(person)) return refuse(deps, wanted, 'not_allowed');
  if (incident === undefined) return refuse(deps, wanted, 'not_found');
  if (incident.resolved !== null) return refuse(deps, wanted, 'not_open');
  const { outcome } = await deps.invoke.one(
    { kind: 'person', id: person.id, incident: id, ...(trace !== undefined && { trace }) },
    tool,
    args,
  );
  return outcome.kind === 'ok'
    ? { kind: 'done', incident }
    : refuse(deps, wanted, incident.resolved === null ? 'resolution_refused' : 'not_open');
}
