import type { Clock } from '#core/clock.ts';

/** Why a run has to end before it is done. */
export type StopCause = 'deadline' | 'cancelled' | 'shutdown';

/** Stops one run: everything that the run waits for hears `signal`. The first cause counts. */
export type Stopper = {
  readonly signal: AbortSignal;
  stop(cause: StopCause): void;
  cause(): StopCause | null;
};

export function createStopper(): Stopper {
  const controller = new AbortController();
  let cause: StopCause | null = null;
  return {
    signal: controller.signal,
    stop: (why) => {
      if (cause !== null) return;
      cause = why;
      controller.abort(new Error(why));
    },
    cause: () => cause,
  };
}

/** How long stopped work may take to confirm that it has stopped, in ms. */
export const STOP_GRACE_MS = 5_000;

/**
 * Waits for `work`; once stopped, only until it confirms or the grace is over. A passed deadline alone never counts as
 * stopped. What `work` rejects with is thrown, unless it comes too late to matter.
 */
export async function confirmed<T>(
  work: Promise<T>,
  stopper: Stopper,
  clock: Clock,
): Promise<{ kind: 'done'; value: T } | { kind: 'unconfirmed' }> {
  let cancel = () => {};
  const grace = new Promise<{ kind: 'unconfirmed' }>((resolve) => {
    const begin = () => {
      cancel = clock.after(STOP_GRACE_MS, () => resolve({ kind: 'unconfirmed' }));
    };
    cancel = () => stopper.signal.removeEventListener('abort', begin);
    if (stopper.signal.aborted) begin();
    else stopper.signal.addEventListener('abort', begin, { once: true });
  });
  try {
    return await Promise.race([work.then((value) => ({ kind: 'done', value }) as const), grace]);
  } finally {
    cancel();
  }
}
