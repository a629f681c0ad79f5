import { expect, test } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { EVENT_AGE_MS, SeenEventsFold } from '#incidents/seen-events-fold.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

async function setUp() {
  const clock = new FakeClock();
  const fold = new SeenEventsFold();
  const log = await openMemoryLog({ clock, random: realRandom, folds: [fold] });
  const receive = (name: string, eventAt?: number) =>
    log.append([
      fact(
        'delivery.received',
        {
          ...{ source: 'pagerduty', key: sha256(name), alerts: 1, bytes: 1, via: 'webhook' as const },
          ...(eventAt !== undefined && { eventAt }),
        },
        { actor: SYSTEM, traceId: 'test' },
      ),
    ]);
  return { clock, fold, log, receive };
}

test('a delivery with a name is known until it would be too old to be taken in, and one without never', async () => {
  const { clock, fold, receive } = await setUp();
  await receive('named', clock.now());
  await receive('nameless');
  expect([fold.has(sha256('named')), fold.has(sha256('nameless'))]).toEqual([true, false]);
  await clock.advance(EVENT_AGE_MS);
  await receive('later', clock.now());
  expect(fold.has(sha256('named'))).toBe(true);
  await clock.advance(2 * EVENT_AGE_MS);
  await receive('much later', clock.now());
  expect([fold.has(sha256('named')), fold.has(sha256('much later'))]).toEqual([false, true]);
});

test('it is the same after a restart, from the log or from a snapshot', async () => {
  const { clock, fold, log, receive } = await setUp();
  await receive('named', clock.now());
  const [replayed, loaded] = [new SeenEventsFold(), new SeenEventsFold()];
  const entries: Entry[] = await Array.fromAsync(log.read(0));
  for (const entry of entries) replayed.apply(entry);
  loaded.load(JSON.parse(JSON.stringify(fold.save())));
  expect([replayed.save(), loaded.save()]).toEqual([fold.save(), fold.save()]);
  loaded.reset();
  expect(loaded.has(sha256('named'))).toBe(false);
});
