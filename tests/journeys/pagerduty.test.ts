import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { Secret } from '#core/secret.ts';
import { fact, incidentStream } from '#incidents/entry.ts';
import { createHttpGet } from '#intake/http-get.ts';
import { createPagerDutyPoller } from '#intake/pagerduty-poller.ts';
import { incidentCard } from '#views/incident-card.ts';
import { doorOf, withPagerDuty } from './a-pagerduty.ts';
import { alice, type InProcess } from './in-process.ts';

type World = Awaited<ReturnType<typeof withPagerDuty>>;

/** Something breaks, and PagerDuty makes a page of it some seconds later; what it sends is handed over by the test. */
async function paged(world: World, fault: 'bad-deploy' | 'unknown-bad-record' = 'bad-deploy') {
  const { run, pagerduty } = world;
  pagerduty.webhooks.hold(true);
  run.shop.inject(fault, 'checkout');
  await run.clock.advance(12_000);
  const { incident } = pagerduty.book.trigger({ title: 'HighErrorRate checkout', priority: 'P2' });
  const page = () => pagerduty.book.get(incident.id);
  const tell = (type: string) => pagerduty.webhooks.tell(type, incident);
  return { id: incident.id, page, tell };
}
const isPending = ({ folds }: InProcess) => folds.approvals.all().some((one) => one.state === 'pending');
const isResolved = (run: InProcess) => run.incident().resolved !== null;
const notes = ({ pagerduty }: World) => pagerduty.book.all.flatMap((one) => one.notes);

const pollerOf = ({ run, pagerduty }: World) =>
  createPagerDutyPoller({
    source: 'pagerduty',
    url: pagerduty.url,
    token: new Secret(pagerduty.token),
    everyMs: 30_000,
    clock: run.clock,
    get: (request) => createHttpGet(request.url)({ ...request, clock: realClock }),
    onAlert: (delivery) => run.firebreak.deliver(delivery),
    onHealth: () => {},
    services: new Map(),
    firing: [],
  });

async function person(run: InProcess, kind: 'incident.taken' | 'incident.acknowledged') {
  const { id } = run.incident();
  const context = { actor: { kind: 'person', id: alice.id } as const, traceId: id, incident: id };
  await run.log.append([fact(kind, { by: alice.id }, { ...context, streams: [incidentStream(id)] })]);
}

test('a webhook becomes an incident; PagerDuty hears of cause, approval and end, and the page is closed', async () => {
  const world = await withPagerDuty();
  const { run, hand } = world;
  const { page, tell } = await paged(world);
  expect(await hand(await tell('incident.triggered'))).toMatchObject({ status: 202 });
  await run.until(() => isPending(run));
  await run.until(() => notes(world).length === 2);
  expect(notes(world)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(
        /^INC-1: A-1 waits for a decision until \d\d:\d\d UTC, then nothing happens: Roll back checkout/,
      ),
      expect.stringMatching(/^INC-1, error: (likely|confirmed) bad deploy of checkout \(0\.\d+\)\.$/),
    ]),
  );
  expect(page()?.status).toBe('triggered');
  await run.decide('approve');
  await run.until(() => isResolved(run));
  await run.until(() => page()?.status === 'resolved');
  expect(notes(world).at(-1)).toBe('INC-1 is over: recovered, verified (firebreak).');
  expect(notes(world)).toHaveLength(3);
  expect(run.errors).toEqual([]);

  const { timeline } = incidentCard(await run.entries(), 'UTC') ?? { timeline: [] };
  const told = timeline.filter(({ who }) => who === 'pager').map(({ what }) => what);
  expect(told.toSorted()).toEqual([
    'told PagerDuty by a note on the page PINC0001 (approval)',
    'told PagerDuty by a note on the page PINC0001 (cause)',
    'told PagerDuty by a note on the page PINC0001 (outcome)',
    'told PagerDuty that it is over PINC0001',
  ]);
});

test('the list of PagerDuty does the same as its webhooks', async () => {
  const world = await withPagerDuty();
  const { run } = world;
  const { page, tell } = await paged(world);
  await tell('incident.triggered');
  const poller = pollerOf(world);
  await poller.poll();
  await run.until(() => isPending(run));
  await poller.poll();
  await run.decide('approve');
  await run.until(() => page()?.status === 'resolved');
  expect(run.incident().alerts).toMatchObject([{ page: 'PINC0001', cleared: false }]);
  for (let round = 0; round < 2; round += 1) {
    await poller.poll();
    await run.clock.advance(30_000);
  }
  expect(run.folds.incidents.opened).toBe(1);
  expect(run.incident().resolved).toMatchObject({ resolution: 'recovered' });
});

test('duplicated, reordered and replayed webhooks open one incident and close it once', async () => {
  const world = await withPagerDuty({ outbound: false });
  const { run, hand, refusals, pagerduty } = world;
  const { id, tell } = await paged(world);
  const first = await tell('incident.triggered');
  const [one, two] = await Promise.all([hand(first), hand(first)]);
  expect(two).toEqual(one);
  expect(await hand(first)).toMatchObject({ status: 409 });
  await run.clock.advance(1000);
  pagerduty.book.move(id, 'acknowledged', 'PSTRANGER');
  const seen = await tell('incident.acknowledged');
  await run.clock.advance(1000);
  pagerduty.book.move(id, 'resolved', 'PSTRANGER');
  const ended = await tell('incident.resolved');
  expect(await hand(ended)).toMatchObject({ status: 202 });
  expect(run.incident().alerts.map(({ cleared }) => cleared)).toEqual([true]);
  // It was sent before the end and arrives after it.
  expect(await hand(seen)).toMatchObject({ status: 200, body: { incidents: [] } });
  expect(run.incident().alerts.map(({ cleared }) => cleared)).toEqual([true]);
  for (const again of [first, seen, ended]) expect(await hand(again)).toMatchObject({ status: 409 });
  expect(refusals.map(({ reason }) => reason)).toEqual(Array.from({ length: 4 }, () => 'replayed'));
  expect(run.folds.incidents.opened).toBe(1);
});

test('an end that overtakes its page opens nothing', async () => {
  const world = await withPagerDuty({ outbound: false });
  const { run, hand, pagerduty } = world;
  const { id, tell } = await paged(world);
  const first = await tell('incident.triggered');
  await run.clock.advance(5000);
  pagerduty.book.move(id, 'resolved', 'PSTRANGER');
  expect(await hand(await tell('incident.resolved'))).toMatchObject({ status: 200 });
  expect(await hand(first)).toMatchObject({ status: 200, body: { incidents: [] } });
  expect(run.folds.incidents.opened).toBe(0);
});

test('a replay after a restart is recognised from the log', async () => {
  const world = await withPagerDuty({ outbound: false });
  const { tell } = await paged(world);
  const first = await tell('incident.triggered');
  await world.hand(first);
  const next = await world.run.restart();
  await next.firebreak.recover();
  const { hand } = doorOf(next);
  expect(await hand(first)).toMatchObject({ status: 409 });
  expect(next.folds.incidents.opened).toBe(1);
});

test('the page is acknowledged once a person has seen it, never by an agent alone, and closed when they close it', async () => {
  const world = await withPagerDuty();
  const { run, hand } = world;
  const { page, tell } = await paged(world, 'unknown-bad-record');
  await hand(await tell('incident.triggered'));
  await run.until(() => run.incident().escalated !== null);
  await run.until(() => notes(world).length === 1);
  expect(notes(world)).toEqual(['INC-1, error, needs people: no cause stood out.']);
  expect(page()?.status).toBe('triggered');
  await person(run, 'incident.acknowledged');
  await run.until(() => page()?.status === 'acknowledged');
  await person(run, 'incident.taken');
  const caller = { kind: 'person', id: alice.id, incident: run.incident().id } as const;
  await run.firebreak.carry.invoke.one(caller, 'incident_resolve', { resolution: 'by_hand' });
  await run.until(() => page()?.status === 'resolved');
  expect(notes(world).at(-1)).toBe('INC-1 is over: fixed by hand (alice).');
});

test('a PagerDuty that is down holds nothing up and is told once it is back; nothing says that it was told before', async () => {
  const world = await withPagerDuty();
  const { run, hand, pagerduty } = world;
  const { page, tell } = await paged(world);
  const first = await tell('incident.triggered');
  pagerduty.fail({ kind: 'down' });
  await hand(first);
  await run.until(() => isPending(run));
  await run.decide('approve');
  await run.until(() => isResolved(run));
  const before =
    incidentCard(await run.entries(), 'UTC')?.timeline.filter(({ who }) => who === 'pager') ?? [];
  expect(before.length).toBeGreaterThan(0);
  for (const { what, figure } of before)
    expect([what, figure]).toEqual([expect.stringMatching(/^did not tell/), 'unreachable']);
  pagerduty.fail(null);
  await run.until(() => page()?.status === 'resolved', 600_000);
  expect(notes(world)).toEqual(['INC-1 is over: recovered, verified (firebreak).']);
});

test('a restart tells nothing twice, and nothing too little', async () => {
  const world = await withPagerDuty();
  const { run, hand } = world;
  const { tell, page } = await paged(world);
  await hand(await tell('incident.triggered'));
  await run.until(() => isPending(run));
  await run.until(() => notes(world).length === 2);
  const next = await run.restart();
  await next.firebreak.recover();
  await next.until(() => isPending(next));
  await next.decide('approve');
  await next.until(() => page()?.status === 'resolved');
  expect(notes(world)).toHaveLength(3);
  expect(new Set(notes(world)).size).toBe(3);
});

test('that it has become worse is told at once, though nothing else about it is new', async () => {
  const world = await withPagerDuty();
  const { run, hand, pagerduty } = world;
  const { id, tell } = await paged(world, 'unknown-bad-record');
  await hand(await tell('incident.triggered'));
  await run.until(() => notes(world).length === 1);
  const incident = pagerduty.book.get(id);
  if (incident === undefined) throw new Error('no page');
  incident.priority = { id: 'PPRIO2', summary: 'P1' };
  await run.clock.advance(1000);
  await hand(await tell('incident.priority_updated'));
  await run.until(() => notes(world).length === 2, 10_000);
  expect(notes(world).at(-1)).toBe('INC-1, critical, needs people: no cause stood out.');
  expect(run.folds.incidents.opened).toBe(1);
});

test('a page of our own does not come back as news, and is closed when the incident is', async () => {
  const world = await withPagerDuty();
  const { run, hand, pagerduty } = world;
  await run.page({ service: null });
  const { id } = run.incident();
  const page = { about: 'fallback', severity: 'critical', text: `${id} cannot be shown in Slack` };
  await run.firebreak.carry.invoke.one({ kind: 'system', incident: id }, 'page_trigger', page);
  const [own] = pagerduty.book.all;
  expect(own).toMatchObject({ incident_key: 'firebreak/INC-1', status: 'triggered' });
  if (own === undefined) throw new Error('no page');
  expect(await hand(await pagerduty.webhooks.tell('incident.triggered', own))).toMatchObject({
    body: { ignored: 'our_own_page' },
  });
  const caller = { kind: 'person', id: alice.id, incident: id } as const;
  await run.firebreak.carry.invoke.one(caller, 'incident_resolve', { resolution: 'by_hand' });
  await run.until(() => own.status === 'resolved', 10_000);
});

test.each([
  ['a webhook', 'webhook'],
  ['the list', 'list'],
] as const)(
  'a responder who acknowledges in PagerDuty, by %s, has seen the incident; a stranger has not',
  async (_, by) => {
    const world = await withPagerDuty();
    const { run, hand, pagerduty } = world;
    const { id, page, tell } = await paged(world, 'unknown-bad-record');
    await hand(await tell('incident.triggered'));
    const poller = pollerOf(world);
    const acknowledge = async (user: string) => {
      const incident = pagerduty.book.move(id, 'acknowledged', user);
      if (incident === undefined) throw new Error('no page');
      if (by === 'list') await poller.poll();
      else await hand(await pagerduty.webhooks.tell('incident.acknowledged', incident, user));
      await run.until(() => run.incident().alerts[0]?.seenBy === user);
    };
    await run.until(() => run.incident().escalated !== null);
    await acknowledge('PSTRANGER');
    await run.clock.advance(1000);
    run.firebreak.tick();
    await run.clock.advance(1000);
    expect(run.incident().acknowledgedBy).toBeNull();
    await acknowledge('PALICE');
    await run.until(() => run.incident().acknowledgedBy !== null, 10_000);
    expect(run.incident()).toMatchObject({ acknowledgedBy: alice.id, takenBy: null });
    await run.until(() => run.incident().notices.some(({ tool }) => tool === 'page_acknowledge'), 10_000);
    expect(page()?.status).toBe('acknowledged');
    expect(run.folds.incidents.opened).toBe(1);
  },
);
