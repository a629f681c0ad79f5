import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import { DAY_MS, instantOf, isZone, wallTimeOf, weekdayOf } from '#core/zoned-time.ts';
import { onCallNow, type Rota } from '#incidents/rota.ts';

const [alice, bob, carol] = ['alice', 'bob', 'carol'].map((id) => PersonId.parse(id));
if (alice === undefined || bob === undefined || carol === undefined) throw new Error('no people');
const day = (text: string): number => Date.parse(`${text}T00:00:00Z`) / DAY_MS;
const at = (text: string): number => Date.parse(text);

const BERLIN: Rota = {
  people: [alice, bob, carol],
  firstDay: day('2026-01-05'),
  minute: 9 * 60,
  everyDays: 7,
  zone: 'Europe/Berlin',
  overrides: [],
};
const who = (rota: Rota, text: string) => onCallNow(rota, at(text))?.person;

test('turns change at the handover time of the wall clock, to the millisecond', () => {
  expect(who(BERLIN, '2026-01-05T08:59:59.999+01:00')).toBeUndefined();
  expect(who(BERLIN, '2026-01-05T09:00:00+01:00')).toBe(alice);
  expect(who(BERLIN, '2026-01-12T08:59:59.999+01:00')).toBe(alice);
  expect(who(BERLIN, '2026-01-12T09:00:00+01:00')).toBe(bob);
  expect(who(BERLIN, '2026-01-26T09:00:00+01:00')).toBe(alice);
});

test('the handover stays at nine o’clock when the clocks change in spring and in autumn', () => {
  expect(onCallNow(BERLIN, at('2026-03-29T12:00:00+02:00'))?.until).toBe(at('2026-03-30T09:00:00+02:00'));
  expect(onCallNow(BERLIN, at('2026-10-25T12:00:00+01:00'))?.until).toBe(at('2026-10-26T09:00:00+01:00'));
});

test('a handover inside the hour that is skipped comes right after it, and one in the doubled hour at its first time', () => {
  const nightly = { ...BERLIN, minute: 150, everyDays: 1 };
  const spring = { ...nightly, firstDay: day('2026-03-29') };
  expect(who(spring, '2026-03-29T03:29:59+02:00')).toBeUndefined();
  expect(who(spring, '2026-03-29T03:30:00+02:00')).toBe(alice);
  const autumn = { ...nightly, firstDay: day('2026-10-25') };
  expect(who(autumn, '2026-10-25T02:29:59+02:00')).toBeUndefined();
  expect(who(autumn, '2026-10-25T02:30:00+02:00')).toBe(alice);
  expect(who(autumn, '2026-10-25T02:15:00+01:00')).toBe(alice);
});

test('an override counts from its first to its last moment, and cuts short the turn before it', () => {
  const override = { from: at('2026-01-07T18:00Z'), until: at('2026-01-07T22:00Z'), person: carol };
  const rota = { ...BERLIN, overrides: [override] };
  expect(onCallNow(rota, override.from - 1)).toEqual({ person: alice, until: override.from });
  expect(onCallNow(rota, override.from)).toEqual({ person: carol, until: override.until });
  expect(who(rota, '2026-01-07T22:00Z')).toBe(alice);
});

test('of two overrides that overlap the last one of the list counts', () => {
  const [from, until] = [at('2026-01-07T18:00Z'), at('2026-01-07T22:00Z')];
  const rota = {
    ...BERLIN,
    overrides: [
      { from, until, person: carol },
      { from, until, person: bob },
    ],
  };
  expect(onCallNow(rota, from)?.person).toBe(bob);
});

test('weekdays are those of the calendar, and only real zones are zones', () => {
  expect([weekdayOf(day('2026-01-05')), weekdayOf(day('1969-12-28'))]).toEqual(['monday', 'sunday']);
  expect([isZone('Europe/Berlin'), isZone('Europe/Bielefeld'), isZone('')]).toEqual([true, false, false]);
});

const zones = fc.constantFrom(
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'America/St_Johns',
);
const instants = fc.integer({ min: at('2024-01-01T00:00Z'), max: at('2031-01-01T00:00Z') });
const rotas = fc.record({
  people: fc.constantFrom([alice], [alice, bob], [alice, bob, carol]),
  firstDay: fc.integer({ min: day('2020-01-01'), max: day('2023-12-29') }),
  minute: fc.integer({ min: 0, max: 1439 }),
  everyDays: fc.integer({ min: 1, max: 28 }),
  zone: zones,
  overrides: fc.constant([]),
});

test('somebody is on duty at every instant, exactly until the turn of the next one begins', () => {
  fc.assert(
    fc.property(rotas, instants, (rota, now) => {
      const turn = onCallNow(rota, now);
      expect(turn?.until).toBeGreaterThan(now);
      const end = turn?.until ?? 0;
      expect(onCallNow(rota, end - 1)).toEqual(turn);
      const next = onCallNow(rota, end)?.person;
      const index = rota.people.map(String).indexOf(turn?.person ?? 'nobody');
      expect(next).toBe(rota.people[(index + 1) % rota.people.length]);
    }),
  );
});

test('a turn lasts its days, longer or shorter only by what the clocks were moved', () => {
  fc.assert(
    fc.property(rotas, instants, (rota, now) => {
      const end = onCallNow(rota, now)?.until ?? 0;
      const after = onCallNow(rota, end)?.until ?? 0;
      expect(Math.abs(after - end - rota.everyDays * DAY_MS)).toBeLessThanOrEqual(3_600_000);
    }),
  );
});

test('what the wall clock shows leads back to the instant, except in an hour that it shows twice', () => {
  fc.assert(
    fc.property(zones, instants, (zone, time) => {
      const minute = Math.floor(time / 60_000) * 60_000;
      const back = instantOf(wallTimeOf(minute, zone), zone);
      expect(minute - back === 0 || (minute - back > 0 && minute - back <= 3_600_000)).toBe(true);
      expect(wallTimeOf(back, zone)).toEqual(wallTimeOf(minute, zone));
    }),
  );
});
