import { expect, test } from 'vitest';
import { ServiceId } from '#core/ids.ts';
import { createPoller } from '#intake/poller.ts';
import { createWatch } from '#intake/watch.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';

const MINUTE = 60_000;

// An incident may be closed while its alert goes on. Nobody would hear of it again if a firing alert were told of once.
test('an alert that an Alertmanager goes on listing is told of again after a while, once', async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const alert = { labels: { alertname: 'A', service: 'checkout' }, status: { state: 'active' } };
  const poller = createPoller({
    source: 'alertmanager',
    url: 'http://127.0.0.1:9093',
    token: null,
    everyMs: MINUTE,
    clock,
    get: async () => ({ kind: 'answer', status: 200, text: JSON.stringify([alert]) }),
    onAlert: async ({ alerts }) => {
      told.push(...alerts.map(({ status }) => `${clock.mono() / MINUTE} ${status}`));
      return { kind: 'accepted', incidents: [] };
    },
    onHealth: () => {},
    firing: [],
  });
  for (let minute = 0; minute < 25; minute += 1) {
    await poller.poll();
    await clock.advance(MINUTE);
  }
  expect(told).toEqual(['0 firing', '10 firing', '20 firing']);
});

test('a condition that goes on is told of again after a while, and cleared once', async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const world = { value: 1 };
  const watch = createWatch({
    rule: {
      service: ServiceId.parse('checkout'),
      environment: 'prod',
      condition: { kind: 'above', signal: 'error_ratio', limit: 0.05 },
      forMs: MINUTE,
      everyMs: MINUTE,
      severity: 'error',
    },
    clock,
    firingSince: null,
    readSignal: async () => world.value,
    probe: async () => 'up',
    onAlert: async ({ alerts }) => {
      told.push(...alerts.map(({ status }) => `${clock.mono() / MINUTE} ${status}`));
      return { kind: 'accepted', incidents: [] };
    },
  });
  for (let minute = 0; minute < 30; minute += 1) {
    world.value = minute < 15 ? 1 : 0;
    await watch.look(new AbortController().signal);
    await clock.advance(MINUTE);
  }
  expect(told).toEqual(['1 firing', '11 firing', '16 cleared']);
});
