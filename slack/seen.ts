/** What was seen lately, so that what comes again is known. */
export type Seen = {
  /** Notes a key; false when it was seen within the time it is kept. `now` in ms. */
  add(key: string, now: number): boolean;
};

/** Keeps keys for `keepMs`; when there are more than `most`, the oldest are forgotten first. */
export function createSeen({ keepMs, most }: { keepMs: number; most: number }): Seen {
  const seen = new Map<string, number>();
  return {
    add: (key, now) => {
      for (const [old, at] of seen) {
        if (now - at <= keepMs && seen.size < most) break;
        seen.delete(old);
      }
      if (seen.has(key)) return false;
      seen.set(key, now);
      return true;
    },
  };
}
