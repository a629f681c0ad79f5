import { expect, test } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Alert } from '#incidents/alert.ts';
import { withNamedService } from '#server/named-service.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';
import { aDelivery, anAlert } from '../journeys/in-process.ts';

const clock = new FakeClock();
const { inventory } = createFakeWorld({ clock, seed: 1, mode: 'act', takesMs: 0 });

function serviceOf(over: Partial<Alert>): string | null | undefined {
  const delivery = aDelivery(clock, [anAlert(clock, { service: null, fingerprint: sha256('x'), ...over })]);
  return withNamedService(delivery, inventory).alerts[0]?.service;
}

test.each([
  ['Checkout is failing since noon.', 'checkout'],
  ['errors in "inventory"', 'inventory'],
  ['checkouts are slow', null],
  ['checkout and inventory are slow', null],
  ['everything is slow', null],
])('%s is about %s', (name, service) => {
  expect([...inventory.services.keys()]).toEqual(expect.arrayContaining([ServiceId.parse('checkout')]));
  expect(serviceOf({ name })).toBe(service);
});

test('the summary counts too, and a service that the sender names stays', () => {
  expect(serviceOf({ name: 'help', summary: 'checkout broke' })).toBe('checkout');
  expect(serviceOf({ name: 'checkout', service: 'other' })).toBe('other');
});
