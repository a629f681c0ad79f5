import { z } from 'zod';
import { type CallId, Digest } from '#core/ids.ts';
import { PageRef } from './alert.ts';
import type { Fact } from './entry.ts';
import { Severity } from './vocabulary.ts';

/** So long nothing more is told about the same, unless it has become worse. */
export const NOTICE_MS = 30 * 60_000;

/** What a notice is about; one about an approval is never held back, since somebody waits for people. */
export const NoticeTopic = z.enum(['cause', 'approval', 'people', 'outcome', 'fallback']);
export type NoticeTopic = z.infer<typeof NoticeTopic>;

/** The arguments of calls that tell the paging system something, as the log keeps them. */
const Told = z.object({
  page: PageRef.nullable().default(null),
  about: NoticeTopic.nullable().default(null),
  ref: z.string().max(60).nullable().default(null),
  rung: z.int().nullable().default(null),
  severity: Severity.nullable().default(null),
  sha256: Digest.nullable().default(null),
});

/** One call that tells the paging system something; people were told only where `outcome` is `ok`. */
export type Notice = z.infer<typeof Told> & {
  readonly call: CallId;
  readonly tool: string;
  readonly begunAt: number;
  /** Null while it is under way. */
  outcome: 'ok' | 'gap' | 'failed' | 'unknown' | null;
  /** Why it was not told, a closed word. */
  reason: string | null;
  endedAt: number | null;
};

/**
 * Keeps the notices of one incident: the intent of each, and what became of it. That somebody has seen a page says
 * nothing once the page rings again.
 */
export function foldNotice(notices: Notice[], fact: Fact): void {
  if (fact.kind === 'alert.joined') {
    const { page } = fact.body.alert;
    const rest = notices.filter((one) => one.tool !== 'page_acknowledge' || one.page !== page);
    notices.splice(0, notices.length, ...rest);
    return;
  }
  if (fact.kind === 'tool.intended' && fact.body.tool.startsWith('page_')) {
    const args = Told.safeParse(fact.body.args);
    const { call, tool } = fact.body;
    if (args.success)
      notices.push({
        ...args.data,
        ...{ call, tool, begunAt: fact.entry.ts, outcome: null, reason: null, endedAt: null },
      });
  } else if (fact.kind === 'tool.finished' && fact.body.tool.startsWith('page_')) {
    const notice = notices.find((one) => one.call === fact.body.call);
    if (notice === undefined) return;
    notice.outcome = fact.body.outcome;
    notice.reason = fact.body.reason;
    notice.endedAt = fact.entry.ts;
  }
}

/** Whether somebody was told, or is being told. */
export const isTold = (notice: Notice): boolean => notice.outcome === 'ok' || notice.outcome === null;

/** A notice that wants to be told now. */
export type Wanted = Pick<Notice, 'tool' | 'page' | 'about'> & {
  readonly severity: Severity;
  /** The call that tells it; null where there is none yet. */
  readonly call: CallId | null;
};

/**
 * When a notice may be told at the earliest, in ms; null = now. One about the same page and topic that was told, or is
 * being told, holds the next back for half an hour; one that is worse, and one about an approval, never waits.
 */
export function heldBackUntil(notices: readonly Notice[], wanted: Wanted, now: number): number | null {
  if (wanted.about === 'approval') return null;
  const holding = notices.filter(
    (one) =>
      one.call !== wanted.call &&
      one.tool === wanted.tool &&
      one.page === wanted.page &&
      one.about === wanted.about &&
      isTold(one) &&
      now - one.begunAt < NOTICE_MS &&
      (one.severity === null || !isWorse(wanted.severity, one.severity)),
  );
  return holding.length === 0 ? null : Math.max(...holding.map((one) => one.begunAt)) + NOTICE_MS;
}

function isWorse(one: Severity, other: Severity): boolean {
  return Severity.options.indexOf(one) < Severity.options.indexOf(other);
}
