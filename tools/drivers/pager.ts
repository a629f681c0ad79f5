import type { Severity } from '#incidents/vocabulary.ts';
import type { Gap, Seen } from './ports.ts';

/** `told` only after the paging system said that it is so; `already`: it was so before. */
export type Told = { readonly kind: 'told'; readonly already: boolean } | Gap;

/** A page of our own; another with the same key is the same page. */
export type OwnPage = { readonly key: string; readonly severity: Severity; readonly summary: string };

/** Somebody who is on duty now, by their id in the paging system; lower levels are asked first. */
export type OnCall = { readonly user: string; readonly level: number; readonly until: number | null };
export type OnCallOf = { readonly schedule: string } | { readonly policy: string };

/**
 * Speaks to the paging system about its pages, each named by the id that it gave. Nothing here throws; what was not
 * confirmed is a gap.
 */
export type Pager = {
  acknowledge(page: string, signal: AbortSignal): Promise<Told>;
  resolve(page: string, signal: AbortSignal): Promise<Told>;
  note(page: string, text: string, signal: AbortSignal): Promise<Told>;
  /** Asks the people of this level of the page's own escalation policy; 1 is the first. */
  escalate(page: string, level: number, signal: AbortSignal): Promise<Told>;
  /** Pages people by itself. */
  trigger(page: OwnPage, signal: AbortSignal): Promise<Told>;
  /** Closes a page that `trigger` made. */
  withdraw(key: string, signal: AbortSignal): Promise<Told>;
  onCalls(of: OnCallOf, signal: AbortSignal): Promise<Seen<readonly OnCall[]>>;
};
