import { expect, test } from 'vitest';
import { openMemoryLog } from '#audit/memory-log.ts';
import type { Damage } from '#audit/set-aside.ts';
import { realRandom } from '#core/clock.ts';
import { ApprovalId, IncidentId } from '#core/ids.ts';
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
async function after(folds: Folds): Promise<Folds> {
  const fresh = createFolds();
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom, folds: foldList(fresh) });
  await log.append(carryOver(folds, damage));
  return fresh;
}

test('open incidents go over to people, approvals do not go over at all', async () => {
  const run = await asked();
  const fresh = await after(run.folds);
  expect(fresh.approvals.all()).toEqual([]);
  const incident = fresh.incidents.get(INC);
  expect(incident?.escalated).toMatchObject({ reason: 'log_damaged', missing: [] });
  expect(incident?.alerts).toEqual(run.folds.incidents.get(INC)?.alerts);
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
  ]);
  const fresh = await after(run.folds);
  expect(fresh.stops).toMatchObject({ off: true, frozen: true, by: 'rita' });
  expect(fresh.incidents.get(INC)?.takenBy).toBe('alice');
});

test('an incident that was resolved is left behind', async () => {
  const run = await asked();
  const context = { actor: SYSTEM, traceId: 'test', incident: INC };
  await run.log.append([fact('incident.resolved', { resolution: 'by_hand', by: 'alice' }, context)]);
  expect((await after(run.folds)).incidents.current()).toEqual([]);
});
