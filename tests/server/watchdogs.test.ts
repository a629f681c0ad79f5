import { expect, test } from 'vitest';
import type { Alert } from '#incidents/alert.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { Watchdog } from '#server/config-duty.ts';
import { deliver } from '#server/deliver.ts';
import { createJobs } from '#server/jobs.ts';
import { createWatchdogs, silenceOf } from '#server/watchdogs.ts';
import { aDelivery, anAlert, type InProcess, inProcess } from '#tests/journeys/in-process.ts';

const MIN = 60_000;
const WATCHDOGS: readonly Watchdog[] = [{ source: 'alertmanager', alert: 'Watchdog', withinMs: 5 * MIN }];

/** The product over one log, with the watchdog looked after; `startedAt` is when this server started. */
function kept(run: InProcess, startedAt = run.clock.now()) {
  const { clock, log, folds, firebreak } = run;
  const { gate } = firebreak;
  const deps = { ...gate, ...folds, log, clock, environment: 'demo', defaultOwner: 'team-shop' };
  const onAlert = (delivery: Parameters<typeof deliver>[1]) =>
    deliver({ ...deps, watchdogs: WATCHDOGS }, delivery);
  const jobs = createJobs((where, message) => run.errors.push(`${where}: ${message}`));
  const parts = { watchdogs: WATCHDOGS, fold: folds.lifeSigns, incidents: folds.incidents, clock, startedAt };
  const watchdogs = createWatchdogs({ ...parts, jobs, onAlert });
  const sign = (over: Partial<Alert> = {}) =>
    onAlert(aDelivery(clock, [anAlert(clock, { name: 'Watchdog', service: null, ...over })]));
  const pass = async (ms: number): Promise<void> => {
    const until = clock.now() + ms;
    await run.until(() => {
      watchdogs.tick();
      return clock.now() >= until;
    }, ms + MIN);
  };
  return { sign, pass, onAlert, silence: () => silenceOf({ source: 'alertmanager' }, parts) };
}
async function count(run: InProcess, kind: string): Promise<number> {
  return (await run.entries()).filter((entry) => entry.kind === kind).length;
}

test('the alert that must keep coming opens no incident, and what comes with it is not lost', async () => {
  const run = await inProcess();
  const { onAlert } = kept(run);
  const signs = [anAlert(run.clock, { name: 'Watchdog', service: null }), anAlert(run.clock)];
  await onAlert(aDelivery(run.clock, signs));
  expect(run.folds.incidents.current()).toMatchObject([{ service: 'checkout' }]);
  expect(await count(run, 'watchdog.seen')).toBe(1);
});

test('an alert of that name from another source is an alert', async () => {
  const run = await inProcess();
  await kept(run).onAlert({
    ...aDelivery(run.clock, [anAlert(run.clock, { name: 'Watchdog' })]),
    source: 'generic',
  });
  expect(run.folds.incidents.current()).toHaveLength(1);
});

test('its silence opens one critical incident, and its return clears it', async () => {
  const run = await inProcess();
  const { sign, pass } = kept(run);
  await sign();
  await pass(5 * MIN);
  expect(run.folds.incidents.current()).toEqual([]);
  await pass(1 * MIN);
  expect(run.incident()).toMatchObject({
    severity: 'critical',
    alerts: [{ name: 'no Watchdog from alertmanager', cleared: false }],
  });
  await pass(20 * MIN);
  expect(await count(run, 'incident.opened')).toBe(1);
  await sign();
  await pass(1000);
  expect(run.incident().alerts).toMatchObject([{ cleared: true }]);
});

test('one that never came is missed too, counted from the start', async () => {
  const run = await inProcess();
  const { pass } = kept(run);
  await pass(5 * MIN);
  expect(run.folds.incidents.current()).toEqual([]);
  await pass(5000);
  expect(run.folds.incidents.current()).toHaveLength(1);
});

test('a cleared one is no sign of life', async () => {
  const run = await inProcess();
  const { sign } = kept(run);
  await sign({ status: 'cleared' });
  expect(await count(run, 'watchdog.seen')).toBe(0);
});

test('a start of the server keeps the silence in mind, and the time that it was down does not count', async () => {
  const run = await inProcess();
  const first = kept(run);
  await first.sign();
  await first.pass(4 * MIN);
  await run.page();
  const next = await run.restart();
  await next.clock.advance(60 * MIN);
  const started = { version: '1', boot: 'b', mode: 'serve' } as const;
  await next.log.append([fact('server.started', started, { actor: SYSTEM, traceId: 'b' })]);
  await next.firebreak.recover();
  const second = kept(next);
  expect(Math.round(second.silence() / MIN)).toBe(4);
  const silent = () =>
    next.folds.incidents.current().some(({ alerts }) => alerts[0]?.name.startsWith('no Watchdog'));
  await second.pass(30_000);
  expect(silent()).toBe(false);
  await second.pass(MIN);
  expect(silent()).toBe(true);
});

test('the incident of a silence that goes on is not opened again by a start of the server', async () => {
  const run = await inProcess();
  const { sign, pass } = kept(run);
  await sign();
  await pass(6 * MIN);
  const next = await run.restart();
  await next.firebreak.recover();
  await kept(next, 0).pass(MIN);
  expect(await count(next, 'incident.opened')).toBe(1);
});
