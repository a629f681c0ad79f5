import { endAfter, type PayloadEnd } from './chain.ts';
import type { Fold } from './fold.ts';
import type { Entry } from './log.ts';
import { tampered } from './recover.ts';
import { type Claim, claimOf, saveFolds } from './snapshot.ts';
import { createStreamVersions } from './stream-versions.ts';
import { verifyLog } from './verify.ts';

export type BackgroundVerdict =
  | { kind: 'ok'; entries: number }
  | { kind: 'tampered'; reason: string }
  /** The log was closed first. */
  | { kind: 'stopped' };

export type BackgroundCheck = {
  logDir: string;
  publicKey: string;
  /** Size at opening. */
  size: number;
  claimed: Claim | undefined;
  /** New folds of the same names and versions as the ones that were opened with. */
  makeFolds: () => readonly Fold[];
  signal: AbortSignal;
};

/**
 * Verifies the whole log as it was at opening, and that a full replay gives the states the snapshot claimed. Streams,
 * with async reads, so that the event loop stays free. Throws only if a file cannot be read.
 */
export async function checkInBackground(check: BackgroundCheck): Promise<BackgroundVerdict> {
  const replay = replayUpTo(check);
  try {
    const verified = await verifyLog({
      dir: check.logDir,
      publicKey: check.publicKey,
      upTo: check.size,
      onEntry: replay.take,
      signal: check.signal,
    });
    if (verified.kind === 'bad') return { kind: 'tampered', reason: tampered(verified).message };
    if (!replay.agrees()) return { kind: 'tampered', reason: 'the snapshot does not follow from the log' };
    return { kind: 'ok', entries: verified.entries };
  } catch (error) {
    if (check.signal.aborted) return { kind: 'stopped' };
    throw error;
  }
}

/** Recomputes what the snapshot claimed, and forgets the states as soon as it has compared them. */
function replayUpTo(check: BackgroundCheck): { take(entry: Entry): void; agrees(): boolean } {
  const { claimed } = check;
  if (!claimed) return { take: () => undefined, agrees: () => true };
  const folds = check.makeFolds();
  const versions = createStreamVersions();
  let payloadEnd: PayloadEnd = { segment: 0, at: 0 };
  let agreed = false;
  const take = (entry: Entry): void => {
    if (entry.seq >= claimed.size) return;
    for (const fold of folds) fold.apply(entry);
    for (const stream of entry.streams) versions.add(stream);
    payloadEnd = endAfter(payloadEnd, entry.payloads) ?? payloadEnd;
    if (entry.seq !== claimed.size - 1) return;
    const { size, streams } = claimed;
    const replayed = claimOf({ size, lastTs: entry.ts, payloadEnd, streams, folds: saveFolds(folds) });
    agreed = replayed.digest === claimed.digest && versions.equals(streams);
    for (const fold of folds) fold.reset();
  };
  return { take, agrees: () => agreed };
}
