import type { Random } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { fact, runStream, SYSTEM } from '#incidents/entry.ts';
import type { Wake } from '#incidents/reports.ts';
import type { Item } from '#llm/model.ts';
import { MAX_INTERRUPTIONS } from './agent-spec.ts';
import {
  type Answered,
  askPeople,
  type CoordinatorDeps,
  coordinatorDraft,
  deliverOwed,
  type Question,
  runCoordinator,
  runQuestion,
} from './coordinator-run.ts';
import { briefItem } from './items.ts';
import { createLanes, type Lanes } from './lanes.ts';
import { createLiveRuns } from './live-runs.ts';
import { performRun } from './run.ts';
import type { RunDeps } from './run-record.ts';
import {
  coordinatorRuns,
  type IncidentSessions,
  interruptions,
  isForAgents,
  liveChildren,
  owedCompletions,
  sessionOf,
} from './session-state.ts';
import { createTranscripts } from './transcripts.ts';

export type WakeAnswer = 'queued' | 'busy' | 'unknown_incident' | 'closing';

/**
 * Who runs when. A coordinator runs in its incident's lane, one run at a time; its children run beside the lane, and a
 * child that settles makes the lane tell the coordinator. No lane, run or job waits for people.
 */
export type Scheduler = {
  /** Opens the coordinator session if the incident has none, then wakes it. Throws when the log fails. */
  open(incident: IncidentId, session: SessionKey, wake: Wake): Promise<WakeAnswer>;
  wake(incident: IncidentId, wake: Wake): WakeAnswer;
  /** Tells the coordinator what people wish and it was not told of, if it may work now. */
  heed(incident: IncidentId): void;
  /** Has the coordinator answer a person in a run of its own; null where no model does. Rejects when the log fails. */
  ask(incident: IncidentId, question: Question): Promise<Answered | null>;
  /** Takes up a child's started run; returns at once. */
  launch(incident: IncidentId, run: RunId): void;
  /** The transcript of a run that lasts; undefined for any other. */
  items(run: RunId): readonly Item[] | undefined;
  /** Stops the incident's runs at their next step; they settle as cancelled. */
  cancel(incident: IncidentId): void;
  /**
   * At start-up, before anything else: settles the runs of an earlier process as interrupted, then wakes coordinators
   * that are owed a completion or were cut off. Gives the open incidents whose coordinator never began.
   */
  recover(): Promise<readonly IncidentId[]>;
  /** Resolves when no run lasts or waits. */
  drain(): Promise<void>;
  /** Stops every run, waits until all have settled (interrupted), and starts no other. */
  close(): Promise<void>;
};

type Parts = CoordinatorDeps & { readonly lanes: Lanes; readonly children: Set<Promise<void>> };

/** Needs a fold that sees every entry before an append resolves. */
export function createScheduler(deps: RunDeps & { readonly random: Random }): Scheduler {
  const transcripts = createTranscripts(deps.log);
  const lanes = createLanes(deps.onError);
  const parts: Parts = { ...deps, transcripts, lanes, live: createLiveRuns(), children: new Set() };
  const drain = async () => {
    while (parts.children.size > 0 || lanes.size() > 0) {
      await Promise.all(parts.children);
      await lanes.drain();
    }
  };
  return {
    open: async (incident, session, wake) => {
      if ((deps.fold.incident(incident)?.coordinator ?? null) === null) {
        await deps.log.append([coordinatorDraft(incident, session, deps.specs.coordinator)]);
      }
      return enqueueWake(parts, incident, wake);
    },
    wake: (incident, wake) => enqueueWake(parts, incident, wake),
    heed: (incident) => {
      const began = (deps.fold.incident(incident)?.coordinator ?? null) !== null;
      if (began && !parts.live.isClosing()) enqueue(parts, incident, nothingFirst);
    },
    ask: (incident, question) => ask(parts, incident, question),
    launch: (incident, run) => launch(parts, incident, run),
    items: (run) => parts.live.items(run),
    cancel: (incident) => parts.live.stop(incident, 'cancelled'),
    recover: () => recover(parts),
    drain,
    close: async () => {
      parts.live.close();
      await drain();
    },
  };
}

function enqueueWake(parts: Parts, incident: IncidentId, wake: Wake): WakeAnswer {
  if (parts.live.isClosing()) return 'closing';
  if ((parts.fold.incident(incident)?.coordinator ?? null) === null) return 'unknown_incident';
  return enqueue(parts, incident, async () => void (await runCoordinator(parts, incident, wake)));
}

/** Every job ends by delivering what became due meanwhile, so a full lane loses no completion. */
function enqueue(parts: Parts, incident: IncidentId, first: () => Promise<void>): 'queued' | 'busy' {
  return parts.lanes.enqueue(incident, async () => {
    await first();
    await deliverOwed(parts, incident);
    await askPeople(parts, incident);
  });
}

function ask(parts: Parts, incident: IncidentId, question: Question): Promise<Answered | null> {
  const began = (parts.fold.incident(incident)?.coordinator ?? null) !== null;
  if (!began || parts.live.isClosing()) return Promise.resolve(null);
  const { promise, resolve, reject } = Promise.withResolvers<Answered | null>();
  const queued = enqueue(parts, incident, () =>
    runQuestion(parts, incident, question).then(resolve, (error: unknown) => {
      reject(error);
      throw error;
    }),
  );
  return queued === 'queued' ? promise : Promise.resolve(null);
}

const nothingFirst = async () => {};

function launch(parts: Parts, incident: IncidentId, run: RunId): void {
  const work = runChild(parts, incident, run)
    .catch(parts.onError)
    .finally(() => parts.children.delete(work));
  parts.children.add(work);
}

async function runChild(parts: Parts, incident: IncidentId, run: RunId): Promise<void> {
  const state = parts.fold.incident(incident);
  const record = state?.runs.find((candidate) => candidate.run === run);
  const session = state === undefined || record === undefined ? undefined : sessionOf(state, record.session);
  if (record === undefined || session === undefined || session.brief === null) {
    throw new FirebreakError('bug', `${run} was launched but never spawned`);
  }
  const items = [briefItem(session.brief)];
  await parts.live.during({ incident, run, items }, (stopper) =>
    performRun(parts, { session, run, deadline: record.deadline, items, stopper }),
  );
  if (!parts.live.isClosing()) enqueue(parts, incident, nothingFirst);
}

async function recover(parts: Parts): Promise<readonly IncidentId[]> {
  const neverBegan: IncidentId[] = [];
  for (const incident of [...parts.fold.incidents()]) {
    await settleForeignRuns(parts, incident);
    if (!isForAgents(incident)) continue;
    if (coordinatorRuns(incident).length === 0) neverBegan.push(incident.id);
    else if (wasCutOff(incident)) {
      enqueue(parts, incident.id, async () => void (await runCoordinator(parts, incident.id, null)));
    } else enqueue(parts, incident.id, nothingFirst);
  }
  return neverBegan;
}

/** A run that this process does not carry has ended with the one that did. It is never taken up again. */
async function settleForeignRuns(parts: Parts, incident: IncidentSessions): Promise<void> {
  for (const run of incident.runs) {
    if (run.settled !== null || parts.live.has(run.run)) continue;
    const stream = runStream(run.run);
    const ended = { outcome: 'interrupted', reason: 'restart', report: null, droppedClaims: 0 } as const;
    const body = { session: run.session, run: run.run, role: run.role, ...ended };
    const about = { actor: SYSTEM, traceId: run.run, incident: incident.id, session: run.session };
    const draft = fact('run.settled', body, { ...about, streams: [stream] });
    await parts.log.append([draft], { expect: { [stream]: 0 } });
  }
}

/** A completion that is owed makes the coordinator go on by itself; only without one must it be told to. */
function wasCutOff(incident: IncidentSessions): boolean {
  if (owedCompletions(incident).length > 0 || liveChildren(incident).length > 0) return false;
  const last = coordinatorRuns(incident).at(-1)?.settled;
  return last?.outcome === 'interrupted' && interruptions(incident) < MAX_INTERRUPTIONS;
}
