import { expect, test } from 'vitest';
import type { Person } from '#approvals/people.ts';
import type { Role } from '#approvals/rights.ts';
import { PersonId, ServiceId } from '#core/ids.ts';
import { NOTHING_QUIET, type QuietRules } from '#incidents/quiet.ts';
import { changeMaintenance } from '#server/api-maintenance.ts';
import {
  addMaintenance,
  endMaintenance,
  listMaintenance,
  type MaintenanceDeps,
} from '#server/maintenance.ts';
import { MaintenanceRequest } from '#server/maintenance-request.ts';
import { type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import { renderMaintenance } from '#views/maintenance.ts';

const HOUR = 3_600_000;
const checkout = ServiceId.parse('checkout');
const person = (id: string, ...roles: Role[]): Person => {
  return { id: PersonId.parse(id), name: id, tokens: [], roles, teams: [] };
};
const rita = person('rita', 'responder');
const olga = person('olga', 'owner');
const vic = person('vic', 'viewer');

function depsOf(run: InProcess, quiet: QuietRules = NOTHING_QUIET): MaintenanceDeps {
  const { log, clock, folds, firebreak } = run;
  return { log, clock, folds, inventory: firebreak.gate.inventory, quiet };
}
const wish = (run: InProcess, hours: number) => {
  return { service: checkout, until: run.clock.now() + hours * HOUR, reason: 'new disk' };
};

test('a responder leaves pages alone for up to a day, only an owner for longer, and nobody for a year', async () => {
  const run = await inProcess();
  const deps = depsOf(run);
  expect(await addMaintenance(deps, rita, wish(run, 24))).toMatchObject({
    kind: 'done',
    window: { id: 'M-1' },
  });
  expect(await addMaintenance(deps, rita, wish(run, 25))).toMatchObject({ reason: 'too_long' });
  expect(await addMaintenance(deps, olga, wish(run, 25))).toMatchObject({
    kind: 'done',
    window: { id: 'M-2' },
  });
  expect(await addMaintenance(deps, olga, wish(run, 24 * 365))).toMatchObject({ reason: 'too_long' });
});

test('whoever may only look can neither add nor end it, and that is recorded', async () => {
  const run = await inProcess();
  const deps = depsOf(run);
  await addMaintenance(deps, rita, wish(run, 1));
  expect(await addMaintenance(deps, vic, wish(run, 1))).toMatchObject({ reason: 'not_allowed' });
  expect(await endMaintenance(deps, vic, 'M-1')).toMatchObject({ reason: 'not_allowed' });
  const refused = (await run.entries()).filter(({ kind }) => kind === 'request.refused');
  expect(refused.map(({ body }) => [body.by, body.what])).toEqual([
    ['vic', 'maintenance'],
    ['vic', 'maintenance'],
  ]);
});

test.each([
  ['a service that is not in the config', { service: ServiceId.parse('nowhere') }, 'unknown_service'],
  ['a time that is past', { until: 0 }, 'in_the_past'],
  ['no reason', { reason: ' \n ' }, 'no_reason'],
])('%s is answered in a sentence and adds nothing', async (_, over, reason) => {
  const run = await inProcess();
  const answer = await addMaintenance(depsOf(run), olga, { ...wish(run, 1), ...over });
  expect(answer).toMatchObject({ kind: 'refused', reason });
  expect(run.folds.maintenance.all()).toEqual([]);
});

test('of two that are added at once each gets a number of its own', async () => {
  const run = await inProcess();
  const deps = depsOf(run);
  await Promise.all([addMaintenance(deps, rita, wish(run, 1)), addMaintenance(deps, olga, wish(run, 2))]);
  expect(run.folds.maintenance.all().map(({ id }) => id)).toEqual(['M-1', 'M-2']);
});

test('it can be ended once, and what stands in the config cannot', async () => {
  const run = await inProcess();
  const deps = depsOf(run);
  await addMaintenance(deps, rita, wish(run, 1));
  expect(await endMaintenance(deps, olga, 'M-1')).toMatchObject({ kind: 'done' });
  expect(await endMaintenance(deps, olga, 'M-1')).toMatchObject({ reason: 'over_already' });
  expect(await endMaintenance(deps, olga, 'M-9')).toMatchObject({ reason: 'not_found' });
  expect(await endMaintenance(deps, olga, 'weekly-1')).toMatchObject({
    text: 'weekly-1 stands in the config',
  });
});

test('the list says until when, why, by whom and how many pages; words of people are harmless in it', async () => {
  const run = await inProcess();
  const deps = depsOf(run, {
    letThrough: null,
    windows: [
      { service: checkout, weekday: 'sunday', minute: 120, lengthMs: HOUR, zone: 'UTC', reason: 'backups' },
    ],
    silences: [{ match: { name: 'DiskFull' }, until: run.clock.now() + HOUR, reason: 'ordered' }],
  });
  await addMaintenance(deps, rita, { ...wish(run, 1), reason: 'disk\u001b[31m' });
  await run.page();
  await run.page({ name: 'HighLatency' });
  const view = listMaintenance(deps);
  expect(view).toMatchObject({
    held: 2,
    windows: [{ id: 'M-1', pages: 2, state: 'open' }, { id: 'weekly-1' }],
  });
  expect(renderMaintenance(view, 'UTC').join('\n').replace(/\s+/g, ' ')).toBe(
    [
      'M-1 checkout: until 2026-01-05 04:12 +00:00; disk\\x1b[31m, by rita; 2 pages left alone',
      'weekly-1 checkout: every sunday 02:00 UTC; backups, by the config; 0 pages left alone',
      'silence-1 name DiskFull: silenced until 2026-01-05 04:12 +00:00, 0 pages left alone',
      '2 pages fire now and are left alone',
    ].join(' '),
  );
});

test('what is added survives a start of the server', async () => {
  const run = await inProcess();
  await addMaintenance(depsOf(run), rita, wish(run, 1));
  const next = await run.restart();
  expect(next.folds.maintenance.all()).toMatchObject([{ id: 'M-1', service: 'checkout', by: 'rita' }]);
});

test('a request is either to add or to end, and says all that it must', async () => {
  const run = await inProcess();
  const deps = depsOf(run);
  expect(MaintenanceRequest.safeParse({ add: { service: 'checkout' } }).success).toBe(false);
  expect(MaintenanceRequest.safeParse({ add: { ...wish(run, 1) }, end: 'M-1' }).success).toBe(false);
  const added = MaintenanceRequest.parse({ add: wish(run, 1) });
  expect(await changeMaintenance(deps, rita, added)).toMatchObject({ status: 200, body: { id: 'M-1' } });
  expect(await changeMaintenance(deps, rita, { end: 'M-7' })).toMatchObject({ status: 404 });
  expect(await changeMaintenance(deps, vic, { end: 'M-1' })).toMatchObject({ status: 403 });
  expect(await changeMaintenance(deps, rita, { end: 'M-1' })).toMatchObject({ status: 200 });
});
