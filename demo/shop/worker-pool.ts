/** A taken worker: `release` gives it back; a second call does nothing. */
export type Worker = { release(): void };
/** Why no worker was given. */
export type NoWorker = 'queue full' | 'given up';
type Waiting = { readonly signal: AbortSignal; readonly done: (outcome: Worker | NoWorker) => void };

/**
 * A fixed number of workers with a bounded queue, first come first served.
 * A request is: waiting -> working -> done, or refused at once when the queue is full, or given up while waiting.
 */
export type WorkerPool = {
  take(signal: AbortSignal): Promise<Worker | NoWorker>;
  busy(): number;
  waiting(): number;
  /** From now on workers that are taken are never given back. */
  jam(): void;
  jammed(): boolean;
};

/** Makes a pool of `workers` with room for `queue` waiting requests. */
export function createWorkerPool(workers: number, queue: number): WorkerPool {
  let busy = 0;
  let jammed = false;
  const line: Waiting[] = [];

  function worker(): Worker {
    let held = true;
    busy += 1;
    return {
      release: () => {
        if (!held || jammed) return;
        held = false;
        busy -= 1;
        next();
      },
    };
  }
  function next(): void {
    while (busy < workers) {
      const first = line.shift();
      if (first === undefined) return;
      first.done(first.signal.aborted ? 'given up' : worker());
    }
  }
  return {
    take: (signal) => {
      if (busy < workers) return Promise.resolve(worker());
      if (line.length >= queue) return Promise.resolve('queue full');
      return new Promise((resolve) => {
        const entry: Waiting = { signal, done: resolve };
        line.push(entry);
        const leave = (): void => {
          const at = line.indexOf(entry);
          if (at >= 0) line.splice(at, 1);
          resolve('given up');
        };
        signal.addEventListener('abort', leave, { once: true });
      });
    },
    busy: () => busy,
    waiting: () => line.length,
    jam: () => {
      jammed = true;
    },
    jammed: () => jammed,
  };
}
