import type { ServiceId } from '#core/ids.ts';
import { instantOf, type Weekday, wallTimeOf, weekdayOf } from '#core/zoned-time.ts';
import type { Alert } from './alert.ts';
import type { Maintenance } from './maintenance-fold.ts';

/** Maintenance that comes again every week, or every day where `weekday` is null; at most a day long. */
export type WeeklyWindow = {
  readonly service: ServiceId;
  readonly weekday: Weekday | null;
  /** Of the day, by the clock on the wall in `zone`. */
  readonly minute: number;
  readonly lengthMs: number;
  readonly zone: string;
  readonly reason: string;
};

/** Pages that match in everything that is named are left alone until then. */
export type Silence = {
  readonly match: {
    readonly source?: string;
    readonly service?: ServiceId;
    readonly environment?: string;
    readonly name?: string;
    readonly severity?: Alert['severity'];
  };
  readonly until: number;
  readonly reason: string;
};

/** What the config says about pages that are left alone. */
export type QuietRules = {
  /** Pages of this severity open an incident in spite of maintenance. */
  readonly letThrough: 'critical' | null;
  readonly windows: readonly WeeklyWindow[];
  readonly silences: readonly Silence[];
};

/** For a config that says nothing about it. */
export const NOTHING_QUIET: QuietRules = { letThrough: null, windows: [], silences: [] };

/** Why a page is left alone now, by what (`M-3`, `weekly-1`, `silence-2`), and until when at the longest. */
export type Quiet = {
  readonly reason: 'maintenance' | 'silenced';
  readonly window: string;
  readonly until: number;
};

export type QuietInput = {
  readonly rules: QuietRules;
  /** What people added and did not end. */
  readonly added: readonly Maintenance[];
  readonly alert: Pick<Alert, 'source' | 'name' | 'severity' | 'environment'>;
  /** The service that the alert is about; null when the config has none of that name. */
  readonly service: ServiceId | null;
  readonly now: number;
};

/** Whether a page is left alone now; null when it counts. Pure. Of several windows the one that lasts longest counts. */
export function quietNow(input: QuietInput): Quiet | null {
  const found = [...maintenance(input), ...silences(input)];
  return found.toSorted((a, b) => b.until - a.until)[0] ?? null;
}

function maintenance({ rules, added, alert, service, now }: QuietInput): Quiet[] {
  if (service === null || alert.severity === rules.letThrough) return [];
  const once = added
    .filter((one) => one.service === service && one.from <= now && now < one.until)
    .map(({ id, until }): Quiet => ({ reason: 'maintenance', window: id, until }));
  const weekly = rules.windows.flatMap((window, at): Quiet[] => {
    const until = window.service === service ? endOf(window, now) : undefined;
    return until === undefined ? [] : [{ reason: 'maintenance', window: `weekly-${at + 1}`, until }];
  });
  return [...once, ...weekly];
}

/** When the window that is open now ends; undefined when none is. One that began yesterday may still be open. */
export function endOf(window: WeeklyWindow, now: number): number | undefined {
  const today = wallTimeOf(now, window.zone).day;
  for (const day of [today, today - 1]) {
    if (window.weekday !== null && weekdayOf(day) !== window.weekday) continue;
    const from = instantOf({ day, minute: window.minute }, window.zone);
    if (from <= now && now < from + window.lengthMs) return from + window.lengthMs;
  }
  return undefined;
}

function silences({ rules, alert, service, now }: QuietInput): Quiet[] {
  return rules.silences.flatMap(({ match, until }, at): Quiet[] => {
    const fits =
      (match.service ?? service) === service &&
      (match.source ?? alert.source) === alert.source &&
      (match.name ?? alert.name) === alert.name &&
      (match.severity ?? alert.severity) === alert.severity &&
      (match.environment ?? alert.environment) === alert.environment;
    return fits && now < until ? [{ reason: 'silenced', window: `silence-${at + 1}`, until }] : [];
  });
}
