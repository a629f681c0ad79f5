import { expect, test } from 'vitest';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import type { Damage } from '#audit/set-aside.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, IncidentId, ServiceId } from '#core/ids.ts';
import { fact, SYSTEM, stopStream } from '#incidents/entry.ts';
import { carryOver } from '#server/carry-over.ts';
import { createFolds, type Folds, foldList } from '#server/folds.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';

const INC = IncidentId.parse('INC-1');
const A1 = ApprovalId.parse('A-1');
const damage: Damage = {
  folder: 'log.tampered-1',
  origin: 'firebreak.log/0',
  size: 1,
  root: null,
  segment: '00000000.jsonl',
  line: 1,
  entry: 1,
  reason: 'line is cut',
};

/** An incident with a plan that waits for people. */
async function asked(): Promise<InProcess> {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.get(A1)?.state === 'pending');
  await run.firebreak.idle();
  return run;
}

/** What a new log knows that begins with what is carried over. */
async function after(folds: Folds, unproven: readonly Entry[] = []): Promise<Folds> {
  const fresh = createFolds();
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom, folds: foldList(fresh) });
  await log.append(await carryOver(folds, damage, unproven));
  return fresh;
}

test('open incidents go over to people, approvals do not go over at all', async () => {
  const run = await asked();
  const fresh = await after(run.folds);
  expect(fresh.approvals.all()).toEqual([]);
  const incident = fresh.incidents.get(INC);
  expect(incident?.escalated).toMatchObject({ reason: 'log_damaged', missing: [] });
  const before = run.folds.incidents.get(INC)?.alerts ?? [];
  expect(incident?.alerts).toEqual(before.map((alert) => ({ ...alert, reason: 'log_damaged' })));
  expect([fresh.incidents.unknownKinds, fresh.approvals.unreadable]).toEqual([0, 0]);
});

test('numbers go on far behind those that may have been given out', async () => {
  const fresh = await after((await asked()).folds);
  expect(fresh.incidents.opened).toBeGreaterThan(1000);
  expect(fresh.approvals.requested).toBe(1000);
});

test('a change that was under way is named to people', async () => {
  const run = await asked();
  const approval = run.folds.approvals.get(A1);
  if (approval === undefined) throw new Error('nothing was asked');
  approval.state = 'started';
  const fresh = await after(run.folds);
  expect(fresh.incidents.get(INC)?.escalated?.missing).toEqual(['what became of A-1']);
});

test('a freeze, the off switch and who has an incident stay', async () => {
  const run = await asked();
  const context = { actor: SYSTEM, traceId: 'test', streams: [stopStream] };
  await run.log.append([
    fact('off.set', { on: true, by: 'rita' }, context),
    fact('freeze.set', { on: true, by: 'rita' }, context),
    fact('incident.taken', { by: alice.id }, { ...context, incident: INC }),
    fact('incident.paused', { on: true, by: alice.id }, { ...context, incident: INC }),
  ]);
  const fresh = await after(run.folds);
  expect(fresh.stops).toMatchObject({ off: true, frozen: true, by: 'rita' });
  expect(fresh.incidents.get(INC)).toMatchObject({ takenBy: 'alice', paused: { by: 'alice' } });
});

/** What stands in a log behind an incident `INC-1`, as entries. */
async function entriesBehind(drafts: readonly EntryDraft[]): Promise<readonly Entry[]> {
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom, folds: [] });
  const appended = await log.append(drafts);
  return appended.kind === 'appended' ? appended.entries : [];
}

const page = {
  name: 'X',
  severity: 'critical',
  service: ServiceId.parse('search'),
  environment: 'demo',
  startsAt: 1,
} as const;
const opened = (id: string) =>
  fact(
    'incident.opened',
    {
      alert: { ...page, source: 'test', status: 'firing', fingerprint: sha256(id) },
      ...{ group: 'demo', service: page.service, environment: 'demo', owner: 'team-shop' },
      ...({ severity: 'critical', mode: 'act', reason: 'new_fault' } as const),
    },
    { ...by('alice'), incident: IncidentId.parse(id) },
  );
const by = (id: string) => ({ actor: { kind: 'person', id } as const, traceId: 'test' });

test('an incident that nothing proves any more goes over to people as one that fires and nobody has', async () => {
  const about = { ...by('alice'), incident: IncidentId.parse('INC-7') };
  const unproven = await entriesBehind([
    opened('INC-7'),
    fact('incident.taken', { by: alice.id }, about),
    fact('alert.cleared', { fingerprint: sha256('INC-7'), source: 'test' }, about),
  ]);
  const { incidents } = await after(createFolds(), unproven);
  expect(incidents.current()).toMatchObject([
    {
      id: 'INC-7',
      takenBy: null,
      escalated: { reason: 'log_damaged' },
      alerts: [{ fingerprint: sha256('INC-7'), cleared: false }],
    },
  ]);
});

test('what nothing proves closes no incident and lifts neither a freeze nor the off switch', async () => {
  const run = await asked();
  const stop = { ...by('rita'), streams: [stopStream] };
  await run.log.append([
    fact('off.set', { on: true, by: 'rita' }, stop),
    fact('freeze.set', { on: true, by: 'rita' }, stop),
  ]);
  const unproven = await entriesBehind([
    fact('incident.resolved', { resolution: 'by_hand', by: 'rita' }, { ...by('rita'), incident: INC }),
    fact('off.set', { on: false, by: 'rita' }, stop),
    fact('freeze.set', { on: false, by: 'rita' }, stop),
  ]);
  const fresh = await after(run.folds, unproven);
  expect(fresh.incidents.get(INC)?.escalated?.reason).toBe('log_damaged');
  expect(fresh.stops).toMatchObject({ off: true, frozen: true });
});

test('what nothing proves switches off, and a freeze holds whatever was lost', async () => {
  const off = fact('off.set', { on: true, by: 'rita' }, { ...by('rita'), streams: [stopStream] });
  expect((await after(createFolds(), await entriesBehind([off]))).stops).toMatchObject({
    off: true,
    frozen: true,
  });
  expect((await after(createFolds())).stops).toMatchObject({ off: false, frozen: true });
});

test('numbers go on behind those of a long part that nothing proves, but not behind made-up ones', async () => {
  const unproven = await entriesBehind([opened('INC-4321'), opened('INC-999999999')]);
  const { incidents } = await after(createFolds(), unproven);
  expect(incidents.opened).toBe(5001);
  expect(incidents.current().map(({ id }) => id)).toEqual(['INC-4321']);
});

test('an incident that was resolved is left behind', async () => {
  const run = await asked();
  const context = { actor: SYSTEM, traceId: 'test', incident: INC };
  await run.log.append([fact('incident.resolved', { resolution: 'by_hand', by: 'alice' }, context)]);
  expect((await after(run.folds)).incidents.current()).toEqual([]);
});
