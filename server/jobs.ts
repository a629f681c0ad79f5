import { messageOf } from '#core/errors.ts';

/** Work that nobody waits for: counted, so that a stop can wait for it, and never a lost rejection. */
export type Jobs = {
  run(name: string, work: () => Promise<void>): void;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
};

/** `onError` gets what a job threw: a bug or a log that cannot be written; the job is over. */
export function createJobs(onError: (name: string, message: string) => void): Jobs {
  const running = new Set<Promise<void>>();
  return {
    run: (name, work) => {
      const job = work()
        .catch((error: unknown) => onError(name, messageOf(error)))
        .finally(() => running.delete(job));
      running.add(job);
    },
    idle: async () => {
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
