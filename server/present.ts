import type { Entry } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Incident } from '#incidents/incident.ts';
import type { PostContent } from '#tools/act/posts.ts';
import { createJobs } from './jobs.ts';
import { content, drawIncident } from './present/draw.ts';
import { createPatience, type Patience, type Tried } from './present/patience.ts';
import { createPictures, type Pictures } from './present/pictures.ts';
import { type PutDeps, put, type SendDeps, send } from './present/send.ts';
import { type Wanted, wantedOf } from './present/wanted.ts';

export type PresentDeps = SendDeps & {
  readonly clock: Clock;
  /** The alerting signal as a picture; null when there is nothing to draw. May take seconds. */
  readonly picture: (id: IncidentId) => Promise<PostContent | null>;
  readonly onError: (where: string, message: string) => void;
};

/** Whether an incident was moved to another channel. */
export type Moved = 'posted' | 'failed';

export type Present = {
  /** Begins to follow the log; what Slack does not show yet is posted. Call once, when what an earlier start left open has ended. */
  start(): void;
  /** The incident goes on in another channel: a new card there, to whose thread the log binds it. */
  move(incident: IncidentId, channel: string): Promise<Moved>;
  /** Resolves when nothing is being posted; what waits for its time is not waited for. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/** Changes are gathered for this long before anything is drawn. */
const GATHER_MS = 20;
/** Messages of one incident are edited at most once in this time. */
const EDIT_EVERY_MS = 1000;
/** A stop waits so long for a post that is under way; what becomes of it is then unknown, as after a crash. */
const CLOSE_MS = 2000;

/**
 * Keeps Slack showing what the log says. For each incident: idle -> (an entry of it) -> gathering -> posting the most
 * urgent thing that is missing -> looking again, until nothing is missing, or what is may not be done yet (an edit within
 * a second of the last one, a place that could not be reached): then a timer looks again. One post of an incident at a
 * time. Only timers are remembered here: what stands in Slack is read from the receipts in the log.
 */
export function createPresent(deps: PresentDeps): Present {
  const jobs = createJobs(deps.onError);
  const timers = createTimers(deps.clock, (id) => look(id));
  const turns = createTurns();
  const patience = createPatience(deps.clock);
  const pictures = createPictures({
    ...{ draw: deps.picture, jobs },
    onDrawn: (id, isDrawn) => {
      if (!isDrawn) patience.leave(keyOf(id, { kind: 'picture' }));
      if (isOpen) timers.within(id, 0);
    },
  });
  const doing = { ...deps, patience, pictures, picture: pictures.take };
  let isOpen = false;
  let unsubscribe = () => {};

  const look = (id: IncidentId): void =>
    jobs.run(`show ${id}`, async () => {
      const next = isOpen && !turns.isTaken(id) ? nextOf(doing, id) : undefined;
      if (next === undefined) return;
      if (next.wait > 0) return timers.within(id, next.wait);
      await alone(id, () => tryOne(doing, next));
    });
  const alone = async <T>(id: IncidentId, work: () => Promise<T>): Promise<T> => {
    try {
      return await turns.take(id, work);
    } finally {
      if (isOpen) timers.within(id, 0);
    }
  };
  return {
    start: () => {
      isOpen = true;
      unsubscribe = deps.log.subscribe((entries: readonly Entry[]) => {
        for (const entry of entries) for (const id of shownOn(deps, entry)) timers.within(id, GATHER_MS);
      });
      for (const { id } of deps.folds.incidents.current()) timers.within(id, 0);
    },
    move: (id, channel) => alone(id, () => moveTo(deps, id, channel)),
    idle: () => jobs.idle(),
    close: async () => {
      isOpen = false;
      unsubscribe();
      timers.clear();
      await Promise.race([jobs.idle(), deps.clock.sleep(CLOSE_MS)]);
    },
  };
}

/** The incidents whose messages may say something else after it: a stop stands on all, a proposal on others of its target. */
function shownOn({ folds }: PresentDeps, { kind, incidentId }: Entry): readonly IncidentId[] {
  const isForAll = kind === 'off.set' || kind === 'freeze.set' || kind.startsWith('approval.');
  if (isForAll) return folds.incidents.current().map(({ id }) => id);
  return incidentId === undefined ? [] : [incidentId];
}

type Doing = PutDeps & {
  readonly clock: Clock;
  readonly patience: Patience;
  readonly pictures: Pictures;
};
type Next = { readonly incident: Incident; readonly wanted: Wanted; readonly wait: number };

/** The most urgent thing that may be done now, else the one that may be done first. */
function nextOf({ patience, pictures, ...deps }: Doing, id: IncidentId): Next | undefined {
  const incident = deps.folds.incidents.get(id);
  if (incident === undefined) return undefined;
  const posted = deps.folds.posted.get(id);
  const edited = posted.editedAt + EDIT_EVERY_MS - deps.clock.now();
  const all = wantedOf(deps, incident, posted);
  if (all.every(({ kind }) => kind !== 'picture')) pictures.take(id);
  let first: Next | undefined;
  for (const wanted of all) {
    // A wall clock that went back does not hold an edit for longer.
    const pause = isEdit(wanted) ? Math.min(EDIT_EVERY_MS, edited) : 0;
    const wait = Math.max(0, pause, patience.wait(keyOf(id, wanted)));
    if (wanted.kind === 'picture' && wait === 0 && !pictures.ready(id)) continue;
    if (first === undefined || wait < first.wait) first = { incident, wanted, wait };
  }
  return first;
}

function isEdit(wanted: Wanted): boolean {
  return 'edit' in wanted && wanted.edit !== null;
}

function keyOf(id: IncidentId, wanted: Wanted): string {
  if (wanted.kind === 'card') return `${id} card ${wanted.channel}`;
  return `${id} ${wanted.kind} ${'about' in wanted ? wanted.about : ''}`;
}

/** A log that cannot take the call counts as a place that cannot be reached. */
async function tryOne(deps: Doing, { incident, wanted }: Next): Promise<void> {
  let tried: Tried = 'unreachable';
  try {
    tried = await put(deps, incident, wanted);
  } finally {
    deps.patience.note(keyOf(incident.id, wanted), tried);
  }
}

async function moveTo(deps: PresentDeps, id: IncidentId, channel: string): Promise<Moved> {
  const incident = deps.folds.incidents.get(id);
  const posted = deps.folds.posted.get(id);
  if (incident === undefined) return 'failed';
  const before = posted.card;
  // Whoever is to be called was called by the first card.
  const { content: drawn } = drawIncident(deps, incident, {
    ...posted,
    card: before && { ...before, mentions: 0 },
  });
  if ((await send(deps, id, { channel, what: 'card', content: drawn })) !== 'ok') return 'failed';
  if (before === null) return 'posted';
  const gone = { text: `${id} goes on in another channel.`, blocks: [] };
  await send(deps, id, { channel: before.channel, edit: before.ts, what: 'notice', content: content(gone) });
  return 'posted';
}

/** One timer for each incident: the earliest that was asked for. */
function createTimers(clock: Clock, fire: (id: IncidentId) => void) {
  const timers = new Map<IncidentId, { at: number; cancel: () => void }>();
  return {
    within: (id: IncidentId, ms: number): void => {
      const at = clock.mono() + ms;
      const known = timers.get(id);
      if (known !== undefined && known.at <= at) return;
      known?.cancel();
      const cancel = clock.after(ms, () => {
        timers.delete(id);
        fire(id);
      });
      timers.set(id, { at, cancel });
    },
    clear: (): void => {
      for (const { cancel } of timers.values()) cancel();
      timers.clear();
    },
  };
}

/** One work of an incident at a time, in the order in which they were asked for. */
function createTurns() {
  const last = new Map<IncidentId, Promise<unknown>>();
  return {
    isTaken: (id: IncidentId): boolean => last.has(id),
    take: async <T>(id: IncidentId, work: () => Promise<T>): Promise<T> => {
      const before = last.get(id);
      const mine = before === undefined ? work() : before.then(work);
      const settled = mine.catch(() => undefined);
      last.set(id, settled);
      try {
        return await mine;
      } finally {
        if (last.get(id) === settled) last.delete(id);
      }
    },
  };
}
