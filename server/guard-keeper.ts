import type { Finding } from '#doctor/examine.ts';
import type { Facts, LogFact } from '#doctor/facts.ts';
import type { OnAlert } from '#intake/delivery.ts';
import type { Anchors } from './anchors.ts';
import { heldSecrets, recheckConfig } from './doctor-config.ts';
import { gatherFacts, type OnlineRights } from './doctor-facts.ts';
import { verifyFully } from './doctor-log.ts';
import { type GuardDeps, guardOnce } from './guard.ts';
import type { Jobs } from './jobs.ts';
import type { Start } from './start.ts';

export type Guard = {
  /** Looks when it is time; cheap. */
  tick(): void;
  /** Looks now. Rejects when the log takes nothing. */
  now(): Promise<readonly Finding[]>;
  /** Ends what is under way. */
  close(): void;
};

export type GuardKeeperDeps = {
  readonly start: Pick<Start, 'options' | 'config' | 'clock' | 'log' | 'folds' | 'startedAt'>;
  readonly onAlert: OnAlert;
  readonly anchors: Anchors;
  readonly jobs: Jobs;
  readonly onError: (message: string) => void;
  /** Called whenever the log is found not to verify. */
  readonly onBadLog: (reason: string) => void;
  /** What other systems let us do, as they say themselves. */
  readonly online: () => Promise<OnlineRights>;
};

/** The first look comes soon after the start, when that is over. */
const FIRST_MS = 2 * 60_000;
/** Other systems are asked so often. */
const ONLINE_MS = 3_600_000;
/** Verifying takes at most one part in so many of the time. */
const SHARE = 60;

/** The guard of a running server: one look at a time, every so often and whenever somebody asks. */
export function createGuard(deps: GuardKeeperDeps): Guard {
  const { config, clock } = deps.start;
  const everyMs = config.doctor.guardMs;
  const closing = new AbortController();
  const guard = guardOf(deps, closing.signal);
  let dueAt = clock.mono() + Math.min(everyMs ?? 0, FIRST_MS);
  let looking: Promise<readonly Finding[]> | undefined;
  const now = (): Promise<readonly Finding[]> => {
    looking ??= guardOnce(guard).finally(() => {
      looking = undefined;
    });
    return looking;
  };
  return {
    tick: () => {
      if (everyMs === null || looking !== undefined || clock.mono() < dueAt) return;
      dueAt = clock.mono() + everyMs;
      deps.jobs.run('guard', async () => {
        await now().catch((error: unknown) => {
          if (!closing.signal.aborted) throw error;
        });
      });
    },
    now,
    close: () => closing.abort(new Error('the server stops')),
  };
}

function guardOf(deps: GuardKeeperDeps, signal: AbortSignal): GuardDeps {
  const { start, onAlert, anchors, onError } = deps;
  const { options, config, clock, log, folds } = start;
  return {
    ...{ log, folds, clock, onAlert, onError, dataDir: options.dataDir, configDigest: config.digest },
    look: lookFromInside(deps, signal),
    repairs: { uid: process.getuid?.(), ...(config.anchors !== null && { anchor: anchors.now }) },
  };
}

/** Everything that the server can find out about itself; the log is verified as often as its length lets it be. */
function lookFromInside(
  { start, online, onBadLog }: GuardKeeperDeps,
  signal: AbortSignal,
): () => Promise<Facts> {
  const { options, config, clock, folds, startedAt } = start;
  const { dataDir } = options;
  let last: { readonly now: number; readonly mono: number } | undefined;
  let verified: { readonly verdict: LogFact; readonly at: number; readonly tookMs: number } | undefined;
  let asked: { readonly rights: OnlineRights; readonly at: number } | undefined;
  const rights = async (): Promise<OnlineRights> => {
    if (asked === undefined || clock.mono() - asked.at >= ONLINE_MS)
      asked = { rights: await online(), at: clock.mono() };
    return asked.rights;
  };
  const verdict = async (): Promise<LogFact> => {
    const at = clock.mono();
    if (verified !== undefined && at - verified.at < verified.tookMs * SHARE) return verified.verdict;
    const found = await verifyFully({ dataDir, anchorFile: config.anchors?.file ?? null, signal });
    if (found.kind === 'bad') onBadLog(found.reason);
    verified = { verdict: found, at, tookMs: clock.mono() - at };
    return found;
  };
  return async () => {
    const log = { folds, verdict: await verdict() };
    const [now, mono] = [clock.now(), clock.mono()];
    const driftMs = last === undefined ? null : now - last.now - (mono - last.mono);
    last = { now, mono };
    return gatherFacts({
      ...{ dataDir, clock, config, log, driftMs, uid: process.getuid?.() },
      configFact: recheckConfig(config.file),
      secrets: heldSecrets(config),
      server: { pid: process.pid, startedAt },
      online: await rights(),
    });
  };
}
