import { open } from 'node:fs/promises';
import type { Entry, Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';

/** Keeps the note of a checkpoint where whoever can change the log cannot change it; rejects when it could not. */
export type Anchor = (note: string) => Promise<void>;

export type AnchorsInput = {
  /** The place as people know it; it goes into the log. */
  readonly where: string;
  readonly anchor: Anchor;
  readonly everyMs: number;
  readonly log: Log;
  readonly clock: Clock;
};

export type Anchors = {
  /** Why the newest try failed; null when it did not. */
  problem(): string | null;
  /** Keeps the newest checkpoint now; resolves to what went wrong, or null. */
  now(): Promise<string | null>;
  /** Keeps the last checkpoint, if it can, and stops. */
  close(): Promise<void>;
};

/** Where nothing is kept: for a config that names no place. */
export const noAnchors: Anchors = {
  problem: () => null,
  now: async () => null,
  close: async () => undefined,
};

/** What must be provable from outside soon: that there is an incident, what people decided, how it ended. */
const WORTHY: ReadonlySet<string> = new Set([
  'incident.opened',
  'incident.resolved',
  'approval.approved',
  'approval.rejected',
  'approval.revoked',
  'log.key_rotated',
]);
/** A place that could not be reached is tried again after this. */
const RETRY_MS = 60_000;

/**
 * Keeps checkpoints elsewhere: at the start, for each worthy entry, every so often, and at the end.
 * idle -> writing (something is due) -> idle, or writing again for what became due meanwhile; one write at a time, always
 * of the newest checkpoint. A failure is named and tried again after a minute; nothing waits for it, nothing is held back.
 */
export function startAnchors(input: AnchorsInput): Anchors {
  const { anchor, log, clock, where } = input;
  let writing: Promise<void> | undefined;
  let isDue = false;
  let problem: string | null = null;
  let cancel = () => {};

  const keep = async (): Promise<void> => {
    const { note, size, root } = log.checkpoint();
    try {
      await anchor(note);
      problem = null;
      await log.append([fact('anchor.written', { where, size, root }, { actor: SYSTEM, traceId: 'anchor' })]);
    } catch (error) {
      problem = `a checkpoint could not be kept in ${where}: ${messageOf(error)}`;
    }
  };
  const run = async (): Promise<void> => {
    while (isDue) {
      isDue = false;
      await keep();
    }
    writing = undefined;
    cancel = clock.after(problem === null ? input.everyMs : Math.min(RETRY_MS, input.everyMs), due);
  };
  const due = (): void => {
    isDue = true;
    cancel();
    writing ??= run();
  };
  const unsubscribe = log.subscribe((entries: readonly Entry[]) => {
    if (entries.some(({ kind }) => WORTHY.has(kind))) due();
  });
  due();
  return {
    problem: () => problem,
    now: async () => {
      due();
      await writing;
      return problem;
    },
    close: async () => {
      unsubscribe();
      isDue = false;
      await writing;
      cancel();
      await anchor(log.checkpoint().note).catch(() => undefined);
    },
  };
}

/** Appends each note and an empty line to a file, durably; the folder must be there. */
export function fileAnchor(path: string): Anchor {
  return async (note) => {
    const file = await open(path, 'a', 0o600);
    try {
      await file.appendFile(`${note}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  };
}
