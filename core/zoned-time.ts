/** A day and a minute of it as a clock on a wall shows them; `day` counts from 1970-01-01, `minute` from midnight. */
export type WallTime = { readonly day: number; readonly minute: number };

export const DAY_MS = 24 * 3_600_000;
export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const;
export type Weekday = (typeof weekdays)[number];

/** Building a formatter takes longer than all its uses. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formats.set(zone, format);
  return format;
}

/** Whether this is an IANA time zone that this machine knows. Does not throw. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
}

/** What must be added to UTC at that instant, ms. Throws RangeError for a zone that does not exist. */
function offsetAt(at: number, zone: string): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const shown = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return shown - Math.floor(at / 1000) * 1000;
}

/** What the clock on the wall shows at an instant (ms since 1970). Throws RangeError for a zone that does not exist. */
export function wallTimeOf(at: number, zone: string): WallTime {
  const shown = at + offsetAt(at, zone);
  const day = Math.floor(shown / DAY_MS);
  return { day, minute: Math.floor((shown - day * DAY_MS) / 60_000) };
}

/**
 * The instant at which the clock on the wall shows that time. Where the clock goes back and shows it twice, the first;
 * where it jumps over it, as long after the jump as the time lies behind the jump's start. Throws like `wallTimeOf`.
 */
export function instantOf({ day, minute }: WallTime, zone: string): number {
  const shown = day * DAY_MS + minute * 60_000;
  const before = offsetAt(shown - DAY_MS, zone);
  const after = offsetAt(shown + DAY_MS, zone);
  const fits = [before, after]
    .map((offset) => shown - offset)
    .filter((at) => at + offsetAt(at, zone) === shown);
  return fits.length === 0 ? shown - before : Math.min(...fits);
}

/** 1970-01-01 was a Thursday. */
export function weekdayOf(day: number): Weekday {
  return weekdays[(((day + 4) % 7) + 7) % 7] ?? 'sunday';
}
