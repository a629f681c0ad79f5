import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PersonId, ServiceId } from '#core/ids.ts';
import { NOTHING_QUIET, type QuietInput, quietNow, type WeeklyWindow } from '#incidents/quiet.ts';

const checkout = ServiceId.parse('checkout');
const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const SUNDAY: WeeklyWindow = {
  service: checkout,
  weekday: 'sunday',
  minute: 22 * 60,
  lengthMs: 4 * HOUR,
  zone: 'Europe/Berlin',
  reason: 'backups',
};

function ask(over: Partial<Omit<QuietInput, 'rules'>> & { rules?: Partial<QuietInput['rules']> }) {
  const alert = {
    source: 'alertmanager',
    name: 'HighErrorRate',
    severity: 'error',
    environment: 'prod',
  } as const;
  const rules = { ...NOTHING_QUIET, ...over.rules };
  return quietNow({ added: [], alert, service: checkout, now: at('2026-01-04T23:00+01:00'), ...over, rules });
}

test('a weekly window holds from its first to its last moment, past midnight too', () => {
  const windows = [SUNDAY];
  const seen = (text: string) => ask({ now: at(text), rules: { windows } });
  expect(seen('2026-01-04T21:59:59.999+01:00')).toBeNull();
  expect(seen('2026-01-04T22:00+01:00')).toEqual({
    reason: 'maintenance',
    window: 'weekly-1',
    until: at('2026-01-05T02:00+01:00'),
  });
  expect(seen('2026-01-05T01:59:59.999+01:00')).not.toBeNull();
  expect(seen('2026-01-05T02:00+01:00')).toBeNull();
  expect(seen('2026-01-05T23:00+01:00')).toBeNull();
});

test('a window without a weekday comes every day', () => {
  const windows = [{ ...SUNDAY, weekday: null }];
  expect(ask({ now: at('2026-01-07T23:00+01:00'), rules: { windows } })).not.toBeNull();
});

test('a window that was added holds for its service only, and the longest of several counts', () => {
  const by = PersonId.parse('alice');
  const now = at('2026-01-07T12:00Z');
  const one = { service: checkout, from: now, reason: 'disk', by, endedBy: null };
  const added = [
    { ...one, id: 'M-1', until: now + HOUR },
    { ...one, id: 'M-2', until: now + 2 * HOUR },
  ];
  expect(ask({ now, added })).toMatchObject({ window: 'M-2', until: now + 2 * HOUR });
  expect(ask({ now: now + HOUR * 2, added })).toBeNull();
  expect(ask({ now: now - 1, added })).toBeNull();
  expect(ask({ now, added, service: ServiceId.parse('payments') })).toBeNull();
  expect(ask({ now, added, service: null })).toBeNull();
});

test('critical pages are let through maintenance where the config says so, and by no silence', () => {
  const alert = { source: 'a', name: 'Down', severity: 'critical', environment: null } as const;
  const silences = [{ match: { name: 'Down' }, until: Number.MAX_SAFE_INTEGER, reason: 'known' }];
  expect(ask({ alert, rules: { windows: [SUNDAY], letThrough: 'critical' } })).toBeNull();
  expect(ask({ alert, rules: { windows: [SUNDAY] } })).not.toBeNull();
  expect(ask({ alert, rules: { silences, letThrough: 'critical' } })).toMatchObject({ reason: 'silenced' });
});

test.each([
  [{ name: 'HighErrorRate' }, true],
  [{ name: 'HighErrorRate', service: checkout, environment: 'prod', source: 'alertmanager' }, true],
  [{ name: 'HighErrorRate', severity: 'critical' as const }, false],
  [{ name: 'Other' }, false],
  [{ environment: 'staging' }, false],
  [{ service: ServiceId.parse('payments') }, false],
])('a silence %j fits in all that it names or not at all: %s', (match, fits) => {
  const now = at('2026-01-07T12:00Z');
  const silences = [{ match, until: now + 1, reason: 'known' }];
  expect(ask({ now, rules: { silences } }) !== null).toBe(fits);
  expect(ask({ now: now + 1, rules: { silences } })).toBeNull();
});

test('a weekly window is open as long as it says, whatever the clocks do', () => {
  const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe');
  const windows = fc.record({
    minute: fc.integer({ min: 0, max: 1439 }),
    hours: fc.integer({ min: 1, max: 24 }),
    zone: zones,
  });
  const days = fc.integer({ min: at('2024-01-01T00:00Z'), max: at('2030-01-01T00:00Z') });
  fc.assert(
    fc.property(windows, days, ({ minute, hours, zone }, now) => {
      const window = { ...SUNDAY, minute, zone, lengthMs: hours * HOUR };
      const found = ask({ now, rules: { windows: [window] } });
      if (found === null) return;
      expect(found.until).toBeGreaterThan(now);
      const from = found.until - window.lengthMs;
      expect(ask({ now: from, rules: { windows: [window] } })?.until).toBe(found.until);
      expect(ask({ now: from - 1, rules: { windows: [window] } })).toBeNull();
    }),
  );
});
