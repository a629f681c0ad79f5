import { sha256 } from '#core/hash.ts';
import { Alert } from '#incidents/alert.ts';
import { endOf, oneLine } from './foreign-text.ts';
import type { LabelMatch } from './match-labels.ts';

export const MAX_ALERTS = 1000;

/** Why a readable JSON text holds no alerts. */
export type ParseRefusal =
  | 'not_an_object'
  | 'no_alerts'
  | 'too_many_alerts'
  | 'no_name'
  | 'no_readable_alert'
  | 'no_event';

/** Why a readable delivery that is about no alert is accepted all the same. */
export type IgnoredReason = 'no_alert_in_it' | 'our_own_page';
/** A name of its own that a sender gave to a delivery, and when that happened: one that comes again is told by it. */
export type SentEvent = { readonly id: string; readonly at: number };

/** `skipped` counts members of the list that were not alerts at all. */
export type ReadAlerts =
  | { kind: 'alerts'; alerts: readonly Alert[]; skipped: number; event?: SentEvent }
  | { kind: 'refused'; reason: ParseRefusal };
export type Parsed = ReadAlerts | { kind: 'ignored'; reason: IgnoredReason; event: SentEvent };

/** Reads the JSON of one format. Total: never throws, whatever it is given. */
export type Parser = (body: unknown, context: ParseContext) => Parsed;
export type ParseContext = {
  readonly source: string;
  readonly now: number;
  /** Services of ours by what the sender calls them. */
  readonly services?: ReadonlyMap<string, string>;
  /** Which labels belong to which service of ours. */
  readonly matches?: readonly LabelMatch[];
};

/** Reads each member of a list; one unreadable alert does not lose the others. */
export function parseEach(items: readonly unknown[], read: (item: unknown) => Alert | undefined): ReadAlerts {
  if (items.length === 0) return { kind: 'refused', reason: 'no_alerts' };
  if (items.length > MAX_ALERTS) return { kind: 'refused', reason: 'too_many_alerts' };
  const alerts = items.map(read).filter((alert) => alert !== undefined);
  if (alerts.length === 0) return { kind: 'refused', reason: 'no_readable_alert' };
  return { kind: 'alerts', alerts, skipped: items.length - alerts.length };
}

/** The last look at an alert before it leaves this room; undefined when it does not have the shape of one. */
export function checked(alert: Alert): Alert | undefined {
  const result = Alert.safeParse(alert);
  return result.success ? result.data : undefined;
}

/** The object behind an untrusted value; undefined for anything else. */
export function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

/** What the sender groups an alert by, as a digest; nothing where it says nothing. */
export function groupOf(key: unknown, { source }: ParseContext): Pick<Alert, 'group'> {
  const said = oneLine(key, 1000);
  return said === '' ? {} : { group: sha256(JSON.stringify(['firebreak/group/v1', source, said])) };
}

/** When a cleared alert ended, where its sender says so. */
export function endedOf(
  item: Readonly<Record<string, unknown>>,
  status: Alert['status'],
  now: number,
): Pick<Alert, 'endsAt'> {
  const endsAt = status === 'cleared' ? endOf(item, now) : undefined;
  return endsAt === undefined ? {} : { endsAt };
}
