import { z } from 'zod';
import type { Log } from '#audit/log.ts';
import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { type IncidentId, RunId, type SessionKey } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { Brief } from '#incidents/reports.ts';
import type { NoteContext, Runbook, SessionTool, ToolResult } from '#tools/tool.ts';
import { type AgentSpecs, MAX_CHILDREN, MAX_LIVE_CHILDREN } from './agent-spec.ts';
import { type BriefRefusal, checkBrief } from './brief-check.ts';
import { type ChildRole, formatSessionKey } from './key.ts';
import { withRequestedActions } from './requested-actions.ts';
import {
  type IncidentSessions,
  isForAgents,
  lastDiagnosis,
  lifetimeChildren,
  liveChildren,
} from './session-state.ts';
import type { SessionsFold } from './sessions-fold.ts';

export const SpawnArgs = z.strictObject({
  role: z.enum(['monitor', 'diagnosis', 'remediation']),
  brief: Brief,
});
export type SpawnArgs = z.infer<typeof SpawnArgs>;

/** Why no sub-agent was started. */
export type SpawnRefusal =
  | BriefRefusal
  | 'caller_not_allowed'
  | 'run_ended'
  | 'incident_closed'
  | 'brief_mismatch'
  | 'too_many_live_children'
  | 'too_many_children';

export type SpawnDeps = {
  readonly log: Log;
  readonly random: Random;
  readonly fold: SessionsFold;
  readonly specs: AgentSpecs;
  readonly inventory: Inventory;
  readonly runbooks: readonly Runbook[];
  /** Takes up a run whose start is durable; does not wait for it. */
  readonly launch: (incident: IncidentId, run: RunId) => void;
};

/**
 * `sessions_spawn`: starts one sub-agent for the coordinator and returns at once. Allowlist, limits and deadline come
 * from the role's own definition and are frozen with the session; arguments cannot touch them. A child cannot spawn.
 */
export function spawnTool(deps: SpawnDeps): SessionTool<SpawnArgs> {
  return {
    kind: 'session',
    tier: 'R0',
    name: 'sessions_spawn',
    version: 1,
    description:
      'Starts a monitor, diagnosis or remediation sub-agent with a typed brief; its report wakes you later.',
    args: SpawnArgs,
    deadlineMs: 10_000,
    perform: (args, context) => spawn(deps, args, context),
  };
}

async function spawn(deps: SpawnDeps, args: SpawnArgs, context: NoteContext): Promise<ToolResult> {
  const { caller } = context;
  const incident = deps.fold.incident(caller.incident);
  if (caller.kind !== 'agent' || caller.role !== 'coordinator' || incident?.coordinator !== caller.session) {
    return refused('caller_not_allowed');
  }
  if (caller.signal.aborted) return refused('run_ended');
  const reason = refusalOf(deps, args, incident);
  if (reason !== null) return refused(reason);
  const { runbooks, inventory } = deps;
  const diagnosis = lastDiagnosis(incident);
  const brief = withRequestedActions(args.brief, {
    runbooks,
    inventory,
    diagnosis,
    asked: incident.requests,
  });
  const started = await start(
    deps,
    { ...args, brief },
    { incident: caller.incident, parent: caller.session, context },
  );
  deps.launch(caller.incident, started.run);
  const value = { status: 'accepted', childSessionKey: started.session, runId: started.run };
  return { kind: 'ok', value, text: `accepted: ${args.role} ${started.run}`, facts: value };
}

function refusalOf(deps: SpawnDeps, args: SpawnArgs, incident: IncidentSessions): SpawnRefusal | null {
  if (!isForAgents(incident)) return 'incident_closed';
  if (args.brief.role !== args.role) return 'brief_mismatch';
  if (liveChildren(incident).length >= MAX_LIVE_CHILDREN) return 'too_many_live_children';
  if (lifetimeChildren(incident) >= MAX_CHILDREN) return 'too_many_children';
  const evidence = deps.fold.evidence(incident.id);
  return checkBrief(args.brief, { incident, evidence, inventory: deps.inventory });
}

function refused(reason: SpawnRefusal): ToolResult {
  return { kind: 'gap', reason: 'refused', detail: reason };
}

type Parentage = { incident: IncidentId; parent: SessionKey; context: NoteContext };

async function start(deps: SpawnDeps, { role, brief }: SpawnArgs, { incident, parent, context }: Parentage) {
  const { allowlist, limits, prompt } = deps.specs[role];
  const session = childKey(role, deps.random);
  const run = RunId.parse(`run-${deps.random.uuid()}`);
  const deadline = context.clock.now() + limits.wallMs;
  const about = { actor: { kind: 'agent', id: 'coordinator' }, traceId: run, incident, session } as const;
  await deps.log.append([
    fact(
      'session.spawned',
      { session, role, parent, allowlist: [...allowlist], limits: { ...limits }, brief, prompt: prompt.hash },
      about,
    ),
    fact('run.started', { session, run, role, wake: null, deadline }, about),
  ]);
  return { session, run };
}

function childKey(role: ChildRole, random: Random): SessionKey {
  const key = formatSessionKey({ kind: 'subagent', role, uuid: random.uuid() });
  if (key === undefined) throw new FirebreakError('bug', 'a random uuid that is none');
  return key;
}
