import type { Random } from '#core/clock.ts';
import { type IncidentId, type PersonId, RunId, type SessionKey } from '#core/ids.ts';
import { fact, runStream, SYSTEM } from '#incidents/entry.ts';
import type { Wake } from '#incidents/reports.ts';
import { type AgentSpec, MAX_COORDINATOR_RUNS } from './agent-spec.ts';
import { wakeItem } from './items.ts';
import type { LiveRuns } from './live-runs.ts';
import type { Reply } from './reply-check.ts';
import { performRun } from './run.ts';
import type { RunDeps } from './run-record.ts';
import {
  coordinatorRuns,
  isForAgents,
  needsPeople,
  owedCompletions,
  type RunRecord,
  sessionOf,
} from './session-state.ts';
import type { Transcripts } from './transcripts.ts';

export type CoordinatorDeps = RunDeps & {
  readonly random: Random;
  readonly live: LiveRuns;
  readonly transcripts: Transcripts;
};

/** The draft that opens an incident's coordinator session; it may stand in one append with the incident's opening. */
export function coordinatorDraft(incident: IncidentId, session: SessionKey, spec: AgentSpec) {
  const { role, allowlist, limits, prompt } = spec;
  const frozen = { allowlist: [...allowlist], limits: { ...limits }, prompt: prompt.hash };
  const body = { session, role, parent: null, brief: null, ...frozen };
  return fact('session.spawned', body, { actor: SYSTEM, traceId: incident, incident, session });
}

/**
 * One coordinator run, from its start in the log to its end. Resolves to false without one when the incident is
 * closed, was taken over, has had too many runs, or when the completion was already told. Throws when the log fails.
 */
export async function runCoordinator(
  deps: CoordinatorDeps,
  incident: IncidentId,
  wake: Wake | null,
): Promise<boolean> {
  return perform(deps, incident, { wake, words: null });
}

/** What a person asks; `text` is their own words, untrusted. */
export type Question = { readonly by: PersonId; readonly message: string; readonly text: string };
/** The last thing that a model said in answer to it, untrusted too. */
export type Answered = { readonly text: string; readonly model: string };

/** So many questions of one incident are put to a model, each with at most so many characters. */
const MAX_QUESTIONS = 10;
const MAX_QUESTION = 500;

/**
 * One coordinator run that answers a person; its words are in the log beside the run's start. Null where no model
 * answered, agents are to stay out, or enough was asked.
 */
export async function runQuestion(
  deps: CoordinatorDeps,
  incident: IncidentId,
  { by, message, text }: Question,
): Promise<Answered | null> {
  if ((deps.fold.incident(incident)?.questions ?? MAX_QUESTIONS) >= MAX_QUESTIONS) return null;
  const said: { last: Reply | null } = { last: null };
  const onReply = (reply: Reply): void => {
    said.last = reply;
  };
  const words = text.slice(0, MAX_QUESTION).toWellFormed();
  await perform(deps, incident, { wake: { kind: 'asked', by, message }, words, onReply });
  const { last } = said;
  if (last === null || last.by.mode === 'rules' || last.text.trim() === '') return null;
  return { text: last.text, model: last.by.model };
}

type Performed = {
  readonly wake: Wake | null;
  readonly words: string | null;
  readonly onReply?: (reply: Reply) => void;
};

async function perform(
  deps: CoordinatorDeps,
  incident: IncidentId,
  { wake, words, ...hooks }: Performed,
): Promise<boolean> {
  const state = deps.fold.incident(incident);
  const key = state?.coordinator ?? null;
  const session = state === undefined || key === null ? undefined : sessionOf(state, key);
  if (state === undefined || session === undefined || deps.live.isClosing()) return false;
  if (!isForAgents(state) || coordinatorRuns(state).length >= MAX_COORDINATOR_RUNS) return false;
  const items = await deps.transcripts.of(session);
  const run = RunId.parse(`run-${deps.random.uuid()}`);
  const deadline = deps.clock.now() + session.limits.wallMs;
  const start = { incident, session: session.key, run, deadline, wake, words };
  if (!(await recordStart(deps, start))) return false;
  items.push(wakeItem(wake, words));
  await deps.live.during({ incident, run, items }, (stopper) =>
    performRun(deps, { session, run, deadline, items, stopper, ...hooks }),
  );
  return true;
}

type Start = {
  incident: IncidentId;
  session: SessionKey;
  run: RunId;
  deadline: number;
  wake: Wake | null;
  words: string | null;
};

/** The start is the delivery: a completion's own stream lets only one of two starts tell it. */
async function recordStart(deps: CoordinatorDeps, start: Start): Promise<boolean> {
  const { incident, session, run, deadline, wake, words } = start;
  const child = wake?.kind === 'child_settled' ? wake.child : undefined;
  const streams = child === undefined ? [] : [runStream(child)];
  const payloads = words === null ? [] : [{ id: `${run}.question`, content: Buffer.from(words) }];
  const about = { actor: SYSTEM, traceId: run, incident, session, streams, payloads };
  const draft = fact('run.started', { session, run, role: 'coordinator', wake, deadline }, about);
  const expect = child === undefined ? {} : { [runStream(child)]: 1 };
  return (await deps.log.append([draft], { expect })).kind === 'appended';
}

/**
 * Tells the coordinator of every settled child that it was not told of, one run each, first settled first, and then of
 * what people wish.
 */
export async function deliverOwed(deps: CoordinatorDeps, incident: IncidentId): Promise<void> {
  for (;;) {
    const state = deps.fold.incident(incident);
    const wake =
      state === undefined ? undefined : (owedCompletions(state).flatMap(completionOf)[0] ?? state.wishes[0]);
    if (wake === undefined || !(await runCoordinator(deps, incident, wake))) return;
  }
}

function completionOf(run: RunRecord): readonly Wake[] {
  if (run.role === 'coordinator' || run.settled === null) return [];
  const { outcome, report } = run.settled;
  return [{ kind: 'child_settled', child: run.run, role: run.role, outcome, report }];
}

/** Escalates an incident that nothing would move any more; a page that was accepted is always answered. */
export async function askPeople(deps: CoordinatorDeps, incident: IncidentId): Promise<void> {
  const state = deps.fold.incident(incident);
  if (state === undefined || deps.live.isClosing() || !needsPeople(state)) return;
  await deps.invoke.one({ kind: 'system', incident }, 'incident_escalate', {
    reason: 'agent_failed',
    missing: [],
  });
}
