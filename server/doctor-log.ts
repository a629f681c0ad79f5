import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { isSameStanding, standingOf, within } from '#approvals/policy-standing.ts';
import { createReplay } from '#approvals/semantic-replay.ts';
import { parseNotes } from '#audit/kept-checkpoints.ts';
import type { Entry } from '#audit/log.ts';
import { fileSize, segmentName } from '#audit/segment-files.ts';
import { logDirOf, verifyLog } from '#audit/verify.ts';
import type { AnchorFact, DiskFact, LogFact, ProviderFact, RetentionFact, SpendFact } from '#doctor/facts.ts';
import { plainReason } from '#views/words.ts';
import type { Config } from './config-build.ts';
import { createFolds, type Folds, foldList } from './folds.ts';

const DAY = 24 * 3_600_000;
/** Erasing looks once a day. */
const SWEEP = 2 * DAY;

export type VerifyInput = {
  readonly dataDir: string;
  /** File with checkpoints that were kept elsewhere; null: none is configured. */
  readonly anchorFile: string | null;
  readonly onEntry?: (entry: Entry) => void;
  readonly signal: AbortSignal;
};

/** Whether there is a log in the data directory. */
export function hasLogIn(dataDir: string): boolean {
  return fileSize(logDirOf(dataDir), segmentName(0)) > 0;
}

/**
 * Checks every byte of the log, that it holds the checkpoints which were kept elsewhere, and that what it says was allowed
 * when it happened. Works while it is written. Rejects when a file cannot be read, or with the signal's reason.
 */
export async function verifyFully({ dataDir, anchorFile, onEntry, signal }: VerifyInput): Promise<LogFact> {
  const replay = createReplay();
  const verified = await verifyLog({
    dir: dataDir,
    signal,
    against: anchorFile === null ? [] : parseNotes(textOr(anchorFile)).notes,
    onEntry: (entry) => {
      replay.apply(entry);
      onEntry?.(entry);
    },
  });
  if (verified.kind === 'bad')
    return {
      kind: 'bad',
      reason: `${verified.reason}, at entry ${verified.entry} (${verified.segment} line ${verified.line})`,
    };
  const [problem] = replay.problems();
  if (problem !== undefined)
    return { kind: 'bad', reason: `entry ${problem.entry} was not allowed: ${plainReason(problem.rule)}` };
  return { kind: 'intact', entries: verified.entries };
}

/** The log of a data directory through the folds, verified on the way. */
export async function readWhole(
  input: Omit<VerifyInput, 'onEntry'>,
): Promise<{ folds: Folds; verdict: LogFact }> {
  const folds = createFolds();
  const all = foldList(folds);
  const onEntry = (entry: Entry): void => {
    for (const fold of all) fold.apply(entry);
  };
  return { verdict: await verifyFully({ ...input, onEntry }), folds };
}

/** What was verified, unless a damaged log waits for somebody to look at it. */
export function standingLog(verdict: LogFact, { damage }: Folds): LogFact {
  if (verdict.kind !== 'intact' || damage.damage === null) return verdict;
  return { kind: 'replaced', folder: damage.damage.folder };
}

export function anchorsOf({ anchors }: Config, { posture }: Folds): AnchorFact {
  return { everyMs: anchors?.everyMs ?? null, lastAt: posture.anchorAt, startedAt: posture.firstTs };
}

/** How much of the config was not accepted yet: services and people whose say would grow. */
export function waitingOf(config: Config, { policy }: Folds): number {
  const loaded = standingOf(config);
  if (policy.accepted === null) return 0;
  const counts = within(policy.accepted, loaded);
  if (isSameStanding(counts, loaded)) return 0;
  const missing = <T>(all: readonly T[], has: readonly T[]): number =>
    all.filter((one) => !has.some((other) => JSON.stringify(other) === JSON.stringify(one))).length;
  return missing(loaded.services, counts.services) + missing(loaded.people, counts.people);
}

export function diskOf(dataDir: string, folds: Folds | null, now: number): DiskFact {
  const { bavail, bsize } = statfsSync(dataDir);
  const first = folds?.posture.firstTs ?? null;
  const days = first === null ? 0 : (now - first) / DAY;
  return { freeBytes: bavail * bsize, growthPerDay: days < 1 ? null : Math.round(logBytes(dataDir) / days) };
}

function logBytes(dataDir: string): number {
  const dir = logDirOf(dataDir);
  return readdirSync(dir).reduce((sum, name) => sum + fileSize(dir, name), 0);
}

export function providersOf({ models }: Config, { posture }: Folds): ProviderFact[] {
  return (models?.providers ?? []).map(({ name: id }) => {
    const past = posture.provider(id);
    return {
      id,
      lastOkAt: past?.lastOkAt ?? null,
      failuresInRow: past?.failuresInRow ?? 0,
      reason: past === undefined || past.reason === null ? null : plainReason(past.reason),
    };
  });
}

export function spendOf({ models }: Config, { spend }: Folds, now: number): SpendFact | null {
  if (models === null) return null;
  const today = dayOf(now);
  const before = Array.from({ length: 14 }, (_none, at) => dayOf(now - (at + 1) * DAY));
  const days = spend.days();
  const first = [...days.keys()].toSorted()[0] ?? today;
  return {
    today: days.get(today) ?? 0,
    before: before.filter((day) => day >= first).map((day) => days.get(day) ?? 0),
  };
}

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10);

export function retentionOf({ retention }: Config, { incidents, erased }: Folds, now: number): RetentionFact {
  const { payloadsMs } = retention;
  if (payloadsMs === null) return { payloadsMs, overdue: 0 };
  const ended = [...incidents.closed(), ...incidents.current()];
  const overdue = ended.filter(
    ({ id, resolved }) => resolved !== null && now - resolved.at > payloadsMs + SWEEP && !erased.has(id),
  );
  return { payloadsMs, overdue: overdue.length };
}

function textOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The file in which the time of the guard's last look is kept. */
export const guardFile = (dataDir: string): string => join(dataDir, 'cache', 'guard.json');
