import type { Clock } from '#core/clock.ts';
import { peerKey } from '#core/ip.ts';
import type { AuthFailureFold, FailureKind } from '#incidents/auth-failure-fold.ts';

/** So many failures of one peer, and of all together, are written down one by one in a minute. */
const MOST_OF_PEER = 10;
const MOST_OF_ALL = 60;
const WINDOW_MS = 60_000;
/** So many peers get a summary of their own in a minute. */
const MOST_SUMMARIES = 5;
/** More peers than that are counted together. */
const MOST_COUNTED = 1000;

/** More failures than were written down; `peer` null: of many. */
export type Flooded = { readonly peer: string | null; readonly kind: FailureKind; readonly times: number };

export type AuthGate = {
  /** Seconds until a failure of this peer is answered as one again; null: now. */
  waitOf(peer: string): number | null;
  /** Has a failure written down by `write`, or only counts it. Throws what `write` throws. */
  failed(failure: { peer: string; kind: FailureKind }, write: () => Promise<void>): Promise<void>;
  /** Writes down what was only counted. */
  close(): Promise<void>;
};

export type AuthGateDeps = {
  readonly fold: AuthFailureFold;
  readonly clock: Clock;
  /** Records a summary; what it throws is nobody's concern: the next one comes. */
  readonly onFlooded: (flooded: Flooded) => Promise<void>;
};

/**
 * Bounds what people who cannot prove who they are can make us write. A peer is free while fewer than ten of its failures
 * stand in the log of the last minute; behind that its failures are only counted, and once a minute the count is written.
 * A good token is never held back, so nobody can lock anybody out. Counts from the log: a restart forgets none.
 */
export function createAuthGate({ fold, clock, onFlooded }: AuthGateDeps): AuthGate {
  const underWay = new Map<string, number>();
  let counted = new Map<string, Flooded & { times: number }>();
  let cancel: (() => void) | undefined;

  const writtenBy = (peer: string | null): readonly number[] => fold.written(clock.now() - WINDOW_MS, peer);
  const waiting = (): number => [...underWay.values()].reduce((sum, one) => sum + one, 0);
  const waitOf = (peer: string): number | null => {
    const key = peerKey(peer);
    const [own, all] = [writtenBy(key), writtenBy(null)];
    const isOver = own.length + (underWay.get(key) ?? 0) >= MOST_OF_PEER;
    if (!isOver && all.length + waiting() < MOST_OF_ALL) return null;
    const oldest = Math.min(clock.now(), ...(isOver ? own : all));
    return Math.max(1, Math.ceil((oldest + WINDOW_MS - clock.now()) / 1000));
  };
  const flush = async (): Promise<void> => {
    cancel?.();
    cancel = undefined;
    const all = [...counted.values()].toSorted((a, b) => b.times - a.times);
    counted = new Map();
    for (const one of summed(all)) await onFlooded(one).catch(() => undefined);
  };
  const count = (peer: string | null, kind: FailureKind): void => {
    const key = `${kind} ${peer}`;
    if (peer !== null && !counted.has(key) && counted.size >= MOST_COUNTED) return count(null, kind);
    counted.set(key, { peer, kind, times: (counted.get(key)?.times ?? 0) + 1 });
    cancel ??= clock.after(WINDOW_MS, () => void flush());
  };

  return {
    waitOf,
    failed: async ({ peer, kind }, write) => {
      const key = peerKey(peer);
      if (waitOf(peer) !== null) return count(key, kind);
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      try {
        await write();
      } finally {
        const left = (underWay.get(key) ?? 1) - 1;
        if (left === 0) underWay.delete(key);
        else underWay.set(key, left);
      }
    },
    close: flush,
  };
}

function summed(all: readonly Flooded[]): Flooded[] {
  const rest = all.slice(MOST_SUMMARIES);
  const kinds = [...new Set(rest.map(({ kind }) => kind))];
  return [
    ...all.slice(0, MOST_SUMMARIES),
    ...kinds.map((kind) => ({
      ...{ peer: null, kind },
      times: rest.reduce((sum, one) => sum + (one.kind === kind ? one.times : 0), 0),
    })),
  ];
}
