import { DAY_MS, instantOf, wallTimeOf } from '#core/zoned-time.ts';

const LENGTH = /^(\d{1,4})(m|h|d)$/;
const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY_MS };

/**
 * When something ends, as people type it: `90m`, `2h`, `3d`, `18:30` (the next time the clock on the wall in `zone` shows
 * that), or `2026-01-31T18:00+01:00`. Ms since 1970; undefined for anything else, and for a time of the past. Pure.
 */
export function untilOf(text: string, { now, zone }: { now: number; zone: string }): number | undefined {
  const said = text.trim();
  const [, count, unit] = LENGTH.exec(said) ?? [];
  if (count !== undefined && unit !== undefined) return later(now + Number(count) * (UNITS[unit] ?? 0), now);
  const [, hour, minute] = CLOCK.exec(said) ?? [];
  if (hour !== undefined && minute !== undefined) {
    const { day } = wallTimeOf(now, zone);
    const shown = Number(hour) * 60 + Number(minute);
    const today = instantOf({ day, minute: shown }, zone);
    return today > now ? today : instantOf({ day: day + 1, minute: shown }, zone);
  }
  return INSTANT.test(said) ? later(Date.parse(said), now) : undefined;
}

function later(at: number, now: number): number | undefined {
  return at > now ? at : undefined;
}
