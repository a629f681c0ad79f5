import { expect, onTestFinished, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import type { Accepted, Delivery } from '#intake/delivery.ts';
import { createHttpGet } from '#intake/http-get.ts';
import type { PollHealth } from '#intake/list-poller.ts';
import { createPagerDutyPoller, type PagerDutyPollerDeps } from '#intake/pagerduty-poller.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { startPagerDuty } from '#tests/fakes/pagerduty/pagerduty.ts';

const EVERY = 30_000;

async function setUp(over: Partial<PagerDutyPollerDeps> = {}) {
  const clock = new FakeClock();
  const pagerduty = await startPagerDuty({ clock });
  onTestFinished(() => pagerduty.stop());
  const told: string[] = [];
  const health: PollHealth[] = [];
  const deliveries: Delivery[] = [];
  const accepted: Accepted = { kind: 'accepted', incidents: [] };
  const poller = createPagerDutyPoller({
    source: 'pagerduty',
    url: pagerduty.url,
    token: new Secret(pagerduty.token),
    everyMs: EVERY,
    clock,
    // Time is moved by hand, the wire is real.
    get: (request) => createHttpGet(request.url)({ ...request, clock: realClock }),
    onAlert: async (delivery) => {
      told.push(...delivery.alerts.map(({ page, status }) => `${page} ${status}`));
      deliveries.push(delivery);
      return accepted;
    },
    onHealth: (next) => void health.push(next),
    services: new Map(),
    firing: [],
    ...over,
  });
  const poll = async () => {
    await poller.poll();
    await clock.advance(EVERY);
    return told.splice(0);
  };
  return { pagerduty, clock, poll, health, deliveries };
}

test('an open incident is told once, and again when somebody saw it, and cleared when two looks in a row do not show it', async () => {
  const { pagerduty, poll } = await setUp();
  const { id } = await pagerduty.trigger({ title: 'HighErrorRate', details: { service: 'checkout' } });
  expect(await poll()).toEqual([`${id} firing`]);
  expect(await poll()).toEqual([]);
  await pagerduty.move(id, 'acknowledged');
  expect(await poll()).toEqual([`${id} firing`]);
  expect(await poll()).toEqual([]);
  await pagerduty.move(id, 'resolved');
  expect(await poll()).toEqual([]);
  expect(await poll()).toEqual([`${id} cleared`]);
  expect(await poll()).toEqual([]);
});

test('all pages of a long list are read', async () => {
  const { pagerduty, poll } = await setUp();
  for (let n = 0; n < 230; n += 1) await pagerduty.trigger({ title: `A${n}` });
  expect(await poll()).toHaveLength(230);
  expect(pagerduty.journal.map(({ query }) => query.get('offset'))).toEqual(['0', '100', '200']);
});

test('what was open for a day when it is first seen is left alone; what was known stays known', async () => {
  const first = await setUp();
  const { id } = await first.pagerduty.trigger({ title: 'Old' });
  await first.poll();
  const known = first.deliveries.flatMap(({ alerts }) => alerts);
  await first.clock.advance(25 * 3_600_000);
  const next = {
    url: first.pagerduty.url,
    token: new Secret(first.pagerduty.token),
    clock: first.clock,
  };
  const forgetful = await setUp(next);
  expect(await forgetful.poll()).toEqual([]);
  const mindful = await setUp({ ...next, firing: known });
  expect(await mindful.poll()).toEqual([]);
  await first.pagerduty.move(id, 'resolved');
  await mindful.poll();
  await first.clock.advance(EVERY);
  expect(await mindful.poll()).toEqual([`${id} cleared`]);
});

test('a page that we triggered ourselves is no news', async () => {
  const { pagerduty, poll } = await setUp();
  await pagerduty.trigger({ title: 'INC-1 waits for people', key: 'firebreak/INC-1' });
  expect(await poll()).toEqual([]);
});

test('when PagerDuty asks for a pause it gets one, and no alert changes meanwhile', async () => {
  const { pagerduty, poll, health } = await setUp();
  const { id } = await pagerduty.trigger({ title: 'A' });
  expect(await poll()).toEqual([`${id} firing`]);
  pagerduty.fail({ kind: 'limited', retryAfterS: 70 });
  expect(await poll()).toEqual([]);
  const asked = pagerduty.journal.length;
  expect([...(await poll()), ...(await poll())]).toEqual([]);
  expect(pagerduty.journal).toHaveLength(asked);
  pagerduty.fail(null);
  expect(await poll()).toEqual([]);
  expect(pagerduty.journal).toHaveLength(asked + 1);
  expect(health).toEqual([
    { kind: 'ok' },
    { kind: 'failing', detail: 'answered with status 429' },
    { kind: 'ok' },
  ]);
});

test.each([
  ['is down', { kind: 'down' }],
  ['answers with an error', { kind: 'error', status: 502 }],
] as const)('a PagerDuty that %s clears nothing and shows in the health', async (_, fault) => {
  const { pagerduty, poll, health } = await setUp();
  await pagerduty.trigger({ title: 'A' });
  await poll();
  pagerduty.fail(fault);
  for (let round = 0; round < 5; round += 1) expect(await poll()).toEqual([]);
  expect(health.map(({ kind }) => kind)).toEqual(['ok', 'failing']);
});

test('a token that PagerDuty does not know shows in the health and is not in it', async () => {
  const { poll, health } = await setUp({ token: new Secret('guess') });
  expect(await poll()).toEqual([]);
  expect(health).toEqual([{ kind: 'failing', detail: 'answered with status 401' }]);
});
