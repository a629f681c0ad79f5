import { expect, test } from 'vitest';
import { PersonId, ServiceId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { type InProcess, inProcess } from '#tests/journeys/in-process.ts';

const MIN = 60_000;
const alice = PersonId.parse('alice');

async function inMaintenance(ms = 30 * MIN): Promise<InProcess> {
  const run = await inProcess();
  const from = run.clock.now();
  const body = { id: 'M-1', service: ServiceId.parse('checkout'), from, until: from + ms, by: alice };
  const context = { actor: { kind: 'person', id: alice } as const, traceId: 'm' };
  await run.log.append([fact('maintenance.added', { ...body, reason: 'new disk' }, context)]);
  return run;
}
async function end(run: InProcess): Promise<void> {
  const context = { actor: { kind: 'person', id: alice } as const, traceId: 'm' };
  await run.log.append([fact('maintenance.ended', { id: 'M-1', by: alice }, context)]);
}
async function pass(run: InProcess, ms: number): Promise<void> {
  const until = run.clock.now() + ms;
  await run.until(() => run.clock.now() >= until, ms + MIN);
}
async function kinds(run: InProcess, ...wanted: string[]): Promise<string[]> {
  return (await run.entries()).map(({ kind }) => kind).filter((kind) => wanted.includes(kind));
}

test('a page in maintenance is recorded once, opens nothing and starts nobody', async () => {
  const run = await inMaintenance();
  for (let i = 0; i < 3; i += 1) await run.page();
  await pass(run, 5000);
  expect(await kinds(run, 'page.suppressed', 'incident.opened', 'run.started')).toEqual(['page.suppressed']);
  expect(run.folds.maintenance.pages('M-1')).toBe(1);
});

test('a page that still fires when its maintenance ends opens an incident then, once', async () => {
  const run = await inMaintenance();
  await run.page();
  await pass(run, 30 * MIN - 5000);
  expect(run.folds.incidents.current()).toEqual([]);
  await pass(run, 10_000);
  expect(run.incident()).toMatchObject({ service: 'checkout', severity: 'critical' });
  expect(await kinds(run, 'incident.opened')).toHaveLength(1);
  expect(run.folds.history.held()).toEqual([]);
});

test('one that cleared meanwhile does not', async () => {
  const run = await inMaintenance();
  await run.page();
  await run.clear();
  await pass(run, 31 * MIN);
  expect(await kinds(run, 'page.suppressed', 'page.cleared', 'incident.opened')).toEqual([
    'page.suppressed',
    'page.cleared',
  ]);
});

test('ending maintenance early lets the page count at once, also when the server started anew', async () => {
  const first = await inMaintenance();
  await first.page();
  const run = await first.restart();
  await run.firebreak.recover();
  await pass(run, 3000);
  expect(run.folds.incidents.current()).toEqual([]);
  await end(run);
  await pass(run, 3000);
  expect(run.incident().service).toBe('checkout');
});

test('pages of other services are not left alone', async () => {
  const run = await inMaintenance();
  await run.page({ service: 'billing' });
  expect(run.folds.incidents.current()).toHaveLength(1);
});

/** Fires and clears, so many changes in all, 20 s apart, of a service that is really broken. */
async function flap(run: InProcess, changes: number): Promise<void> {
  run.shop.inject('bad-deploy', 'checkout');
  for (let i = 0; i < changes; i += 1) {
    await (i % 2 === 0 ? run.page() : run.clear());
    await run.clock.advance(20_000);
  }
}

test('an alert that flaps stays firing in one incident until it was calm for ten minutes, then clears', async () => {
  const run = await inProcess();
  await flap(run, 6);
  expect(run.incident().alerts).toMatchObject([{ cleared: false }]);
  expect(run.folds.history.flapping(run.clock.now())).toBe(1);
  await pass(run, 9 * MIN);
  expect(run.incident().alerts).toMatchObject([{ cleared: false }]);
  await pass(run, 2 * MIN);
  expect(run.incident().alerts).toMatchObject([{ cleared: true }]);
  expect(await kinds(run, 'incident.opened', 'incident.reopened')).toEqual(['incident.opened']);
});

test('one whose last word was that it fires goes on firing, and the log is not filled', async () => {
  const run = await inProcess();
  await flap(run, 7);
  await pass(run, 11 * MIN);
  const before = (await kinds(run, 'delivery.received')).length;
  await pass(run, 10 * MIN);
  expect(run.incident().alerts).toMatchObject([{ cleared: false }]);
  expect((await kinds(run, 'delivery.received')).length).toBe(before);
});

test('one whose incident a person closed while it flapped comes back once it is calm and fires', async () => {
  const run = await inProcess();
  await flap(run, 5);
  const { id } = run.incident();
  await run.firebreak.carry.invoke.one({ kind: 'person', id: alice, incident: id }, 'incident_resolve', {
    resolution: 'by_hand',
  });
  await run.page();
  expect(run.incident().resolved).not.toBeNull();
  await pass(run, 11 * MIN);
  expect(run.incident().resolved).toBeNull();
});

test('a page that its own end has overtaken opens nothing', async () => {
  const run = await inProcess();
  const startsAt = run.clock.now() - MIN;
  await run.clear({ startsAt, endsAt: run.clock.now() });
  await run.page({ startsAt });
  expect(run.folds.incidents.current()).toEqual([]);
  const received = (await run.entries()).findLast(({ kind }) => kind === 'delivery.received');
  expect(received?.body).toMatchObject({ ignored: [{ reason: 'over_already', alerts: 1 }] });
  await run.page({ startsAt: run.clock.now() });
  expect(run.folds.incidents.current()).toHaveLength(1);
});

test('a sender that fires again with its first time, minutes after it said that it was over, is heard', async () => {
  const run = await inProcess();
  const startsAt = run.clock.now() - MIN;
  await run.page({ startsAt });
  await run.clear({ startsAt, endsAt: run.clock.now() });
  expect(run.incident().alerts.map(({ cleared }) => cleared)).toEqual([true]);
  await run.clock.advance(2 * MIN);
  await run.page({ startsAt });
  expect(run.incident().alerts.map(({ cleared }) => cleared)).toEqual([false]);
});
