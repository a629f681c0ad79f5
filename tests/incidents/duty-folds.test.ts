import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Fold } from '#audit/fold.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import { AlertHistory, FLAP_MS, isFlapping } from '#incidents/alert-history.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { MaintenanceFold } from '#incidents/maintenance-fold.ts';
import { RungFold } from '#incidents/rung-fold.ts';
import { WatchdogFold } from '#incidents/watchdog-fold.ts';

const T0 = Date.UTC(2026, 0, 5, 3, 12);
const MIN = 60_000;
const INC = IncidentId.parse('INC-1');
const alice = PersonId.parse('alice');
const checkout = ServiceId.parse('checkout');
const system = { actor: SYSTEM, traceId: 't' };
const about = { ...system, incident: INC };

const alertOf = (name: string, over: { status?: 'firing' | 'cleared'; startsAt?: number } = {}) => ({
  source: 'generic',
  status: 'firing' as const,
  fingerprint: sha256(name),
  name,
  severity: 'critical' as const,
  service: 'checkout',
  environment: null,
  startsAt: T0,
  ...over,
});
const suppressed = (name: string, until: number) =>
  fact(
    'page.suppressed',
    { alert: alertOf(name), service: checkout, reason: 'maintenance', window: 'M-1', until },
    system,
  );
const cleared = (name: string) =>
  fact(
    'page.cleared',
    { fingerprint: sha256(name), source: 'generic', startsAt: T0, endsAt: T0 + 1 },
    system,
  );

function entry(draft: EntryDraft, seq: number, ts: number): Entry {
  const { payloads: _, ...rest } = draft;
  return { v: 1, seq, ts, ...rest, payloads: [] };
}
function feed(folds: readonly Fold[], drafts: readonly { draft: EntryDraft; at: number }[]): void {
  for (const [seq, { draft, at }] of drafts.entries())
    for (const fold of folds) fold.apply(entry(draft, seq, at));
}

const drafts = fc.oneof(
  fc.constantFrom('a', 'b', 'c').map((name) => suppressed(name, T0 + 60 * MIN)),
  fc.constantFrom('a', 'b', 'c').map(cleared),
  fc
    .constantFrom('a', 'b')
    .map((name) => fact('alert.joined', { alert: alertOf(name), reason: 'same_service' }, about)),
  fc
    .constantFrom('firing' as const, 'cleared' as const)
    .map((status) =>
      fact('alert.suppressed', { alert: alertOf('a', { status }), reason: 'flapping' }, about),
    ),
  fc.constant(fact('alert.cleared', { fingerprint: sha256('a'), source: 'generic' }, about)),
  fc.constant(fact('watchdog.seen', { source: 'generic' }, system)),
  fc.constant(fact('server.started', { version: '1', boot: 'b', mode: 'serve' }, system)),
  fc.constant(fact('maintenance.ended', { id: 'M-1', by: alice }, system)),
  fc.constant(
    fact(
      'maintenance.added',
      { id: 'M-1', service: checkout, from: T0, until: T0 + 60 * MIN, reason: 'disk', by: alice },
      system,
    ),
  ),
  fc.constant(fact('rung.reached', { rung: 0, people: [alice], team: null, reason: 'critical' }, about)),
  fc.constant(fact('incident.reopened', { reason: 'same_alert' }, about)),
);
const stories = fc
  .array(fc.record({ draft: drafts, after: fc.integer({ min: 0, max: 20 * MIN }) }), { maxLength: 40 })
  .map((steps) => {
    let at = T0;
    return steps.map(({ draft, after }) => {
      at += after;
      return { draft, at };
    });
  });

test('a state that was saved and loaded goes on like one that was not', () => {
  fc.assert(
    fc.property(stories, fc.nat(40), (story, cut) => {
      for (const make of [AlertHistory, MaintenanceFold, RungFold, WatchdogFold]) {
        const whole = new make();
        feed([whole], story);
        const [first, second] = [new make(), new make()];
        feed([first], story.slice(0, cut));
        second.load(JSON.parse(JSON.stringify(first.save())));
        feed([second], story.slice(cut));
        expect(JSON.parse(JSON.stringify(second.save()))).toEqual(JSON.parse(JSON.stringify(whole.save())));
        whole.reset();
        expect(whole.save()).toEqual(new make().save());
      }
    }),
    { numRuns: 60 },
  );
});

test('what is held is what fires and was left alone: an end or an incident lets go of it', () => {
  const fold = new AlertHistory();
  const held = () => fold.held().map(({ alert }) => alert.name);
  const until = T0 + 60 * MIN;
  feed(
    [fold],
    [
      { draft: suppressed('a', until), at: T0 },
      { draft: suppressed('b', until), at: T0 },
    ],
  );
  expect(held()).toEqual(['a', 'b']);
  feed(
    [fold],
    [
      { draft: cleared('a'), at: T0 + 1 },
      { draft: fact('alert.joined', { alert: alertOf('b'), reason: 'same_service' }, about), at: T0 + 1 },
    ],
  );
  expect(held()).toEqual([]);
});

test('three changes within ten minutes are flapping, until it was calm for ten', () => {
  const fold = new AlertHistory();
  const joined = fact('alert.joined', { alert: alertOf('a'), reason: 'fired_again' }, about);
  const over = fact('alert.cleared', { fingerprint: sha256('a'), source: 'generic' }, about);
  const flaps = (at: number) => isFlapping(fold.get(sha256('a')), at);
  feed(
    [fold],
    [
      { draft: joined, at: T0 },
      { draft: over, at: T0 + MIN },
    ],
  );
  expect(flaps(T0 + MIN)).toBe(false);
  feed([fold], [{ draft: joined, at: T0 + 2 * MIN }]);
  expect([flaps(T0 + 2 * MIN), flaps(T0 + FLAP_MS - 1), flaps(T0 + FLAP_MS)]).toEqual([true, true, false]);
});

test('a storm of pages is forgotten after an hour, and what is left alone is not', () => {
  const fold = new AlertHistory();
  feed([fold], [{ draft: suppressed('held', T0 + 24 * 60 * MIN), at: T0 }]);
  const storm = Array.from({ length: 600 }, (_, i) => ({
    draft: fact('alert.joined', { alert: alertOf(`s${i}`), reason: 'same_service' }, about),
    at: T0,
  }));
  feed([fold], storm);
  feed(
    [fold],
    [
      {
        draft: fact('alert.joined', { alert: alertOf('late'), reason: 'same_service' }, about),
        at: T0 + 61 * MIN,
      },
    ],
  );
  expect([fold.get(sha256('s1')), fold.held().length]).toEqual([undefined, 1]);
});

test('of a window the pages are counted once each, and anew for its next occurrence', () => {
  const fold = new MaintenanceFold();
  feed(
    [fold],
    [
      { draft: suppressed('a', T0 + 1), at: T0 },
      { draft: suppressed('a', T0 + 1), at: T0 },
      { draft: suppressed('b', T0 + 1), at: T0 },
    ],
  );
  expect([fold.pages('M-1'), fold.total]).toEqual([2, 2]);
  feed([fold], [{ draft: suppressed('a', T0 + 2), at: T0 }]);
  expect([fold.pages('M-1'), fold.total]).toEqual([1, 3]);
});
