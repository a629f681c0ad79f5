import type { EntryDraft, Log } from '#audit/log.ts';

export type MortalLog = {
  readonly log: Log;
  isDead(): boolean;
  /** From now on nothing reaches the log and nobody hears of it, as after kill -9. */
  die(): void;
  /** Dies at the first draft that fits: before it is written, or when it is written and its writer has not heard of it. */
  dieAt(when: 'before' | 'after', fits: (draft: EntryDraft) => boolean): void;
};

const never = new Promise<never>(() => {});

/** A log as one process sees it, until that process dies; the log itself goes on. */
export function mortal(log: Log): MortalLog {
  let dead = false;
  let death: { when: 'before' | 'after'; fits: (draft: EntryDraft) => boolean } | undefined;
  const append: Log['append'] = async (drafts, options) => {
    if (dead) return never;
    dead = death !== undefined && drafts.some(death.fits);
    if (dead && death?.when === 'before') return never;
    const appended = await log.append(drafts, options);
    return dead ? never : appended;
  };
  const subscribe: Log['subscribe'] = (listener) =>
    log.subscribe((entries) => {
      if (!dead) listener(entries);
    });
  return {
    log: { ...log, append, subscribe },
    isDead: () => dead,
    die: () => {
      dead = true;
    },
    dieAt: (when, fits) => {
      death = { when, fits };
    },
  };
}
