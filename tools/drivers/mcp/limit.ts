import type { Clock } from '#core/clock.ts';
import type { Gap } from '../seen.ts';

/** The limit of a request was over, or whoever waited for it stopped. */
export class Late extends Error {
  readonly gap: Gap;
  constructor(detail: string) {
    super(detail);
    this.gap = { kind: 'gap', reason: 'timeout', detail };
  }
}

export type Limit = {
  readonly clock: Clock;
  readonly ms: number;
  /** What is waited for: `answer`. */
  readonly what: string;
  readonly signal?: AbortSignal;
};

/** The work's own outcome, or `Late` at its limit or when the signal aborts; the work is told to stop and is not waited for. */
export async function within<T>(
  { clock, ms, what, signal }: Limit,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const ended = Promise.withResolvers<never>();
  const end = (detail: string): void => {
    const late = new Late(detail);
    ended.reject(late);
    stop.abort(late);
  };
  const cancel = clock.after(ms, () => end(`no ${what} within ${ms} ms`));
  const onAbort = (): void => end('stopped while waiting');
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal?.aborted === true) onAbort();
    return await Promise.race([ended.promise, work(stop.signal)]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}
