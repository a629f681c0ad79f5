const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Building a formatter takes longer than all its uses on a screen. */
const formats = new Map<string, Intl.DateTimeFormat>();

type Parts = Readonly<Record<string, string>>;

function partsOf(at: number, zone: string): Parts {
  const known = formats.get(zone);
  const format =
    known ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      timeZoneName: 'longOffset',
    });
  if (known === undefined) formats.set(zone, format);
  return Object.fromEntries(format.formatToParts(at).map((part) => [part.type, part.value]));
}

/** `03:12:20` in an IANA time zone; `at` in ms since 1970. Throws RangeError for a zone that does not exist. */
export function clockTime(at: number, zone: string): string {
  return `${hourMinute(at, zone)}:${partsOf(at, zone).second}`;
}

/** `03:12`. */
export function hourMinute(at: number, zone: string): string {
  const parts = partsOf(at, zone);
  return `${parts.hour}:${parts.minute}`;
}

/** `2026-01-05`. */
export function date(at: number, zone: string): string {
  const parts = partsOf(at, zone);
  return `${parts.year}-${parts.month}-${parts.day}`;
}

/** `+01:00`: what must be added to UTC at that instant. */
export function offset(at: number, zone: string): string {
  const name = (partsOf(at, zone).timeZoneName ?? '').replace('GMT', '');
  return name === '' ? '+00:00' : name;
}

/** `2026-01-05 03:12 +01:00`: one instant, without doubt. */
export function instant(at: number, zone: string): string {
  return `${date(at, zone)} ${hourMinute(at, zone)} ${offset(at, zone)}`;
}

/** A length of time in at most two units: `800 ms`, `13 s`, `7 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const length = Math.max(0, ms);
  if (length < SECOND) return `${Math.round(length)} ms`;
  if (length < 2 * MINUTE) return `${Math.floor(length / SECOND)} s`;
  if (length < HOUR) return `${Math.floor(length / MINUTE)} min`;
  if (length < DAY) return twoUnits(length, [HOUR, 'h'], [MINUTE, 'min']);
  return twoUnits(length, [DAY, 'd'], [HOUR, 'h']);
}

function twoUnits(
  ms: number,
  [large, name]: readonly [number, string],
  [small, smallName]: readonly [number, string],
): string {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${name}${rest === 0 ? '' : ` ${rest} ${smallName}`}`;
}

/** When something was, both ways: `7 min ago (03:12)`; with the date where the clock time alone would mislead. */
export function ago(at: number, { now, zone }: { now: number; zone: string }): string {
  const clock =
    date(at, zone) === date(now, zone) ? hourMinute(at, zone) : `${date(at, zone)} ${hourMinute(at, zone)}`;
  return now - at < SECOND ? `now (${clock})` : `${duration(now - at)} ago (${clock})`;
}

/** When something will be: `03:27 (in 14 min)`, or `03:27 (past)`. */
export function until(at: number, { now, zone }: { now: number; zone: string }): string {
  return `${hourMinute(at, zone)} (${at <= now ? 'past' : `in ${duration(at - now)}`})`;
}
