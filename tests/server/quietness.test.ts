import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import { fact } from '#incidents/entry.ts';
import { NOTHING_QUIET } from '#incidents/quiet.ts';
import { createDecisions } from '#server/decisions.ts';
import { createDutyMetrics } from '#server/duty-metrics.ts';
import { addMaintenance } from '#server/maintenance.ts';
import { quietnessOf } from '#server/quietness.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import { renderStatus, statusView } from '#views/status.ts';
import { NOTHING_LEFT_ALONE } from '#views/status-quiet.ts';
import { painter } from '#views/table.ts';

const MIN = 60_000;
const checkout = 'checkout';

function quietnessIn(run: InProcess) {
  const { folds, clock } = run;
  const watchdogs = [{ source: 'alertmanager', alert: 'Watchdog', withinMs: 5 * MIN }];
  const startedAt = clock.now();
  return () => quietnessOf({ folds, quiet: NOTHING_QUIET, watchdogs, clock, startedAt });
}
async function maintain(run: InProcess): Promise<void> {
  const { log, clock, folds, firebreak } = run;
  const { inventory } = firebreak.gate;
  const service = [...inventory.services.keys()].find((id) => id === checkout);
  if (service === undefined) throw new Error('no such service');
  const deps = { log, clock, folds, inventory, quiet: NOTHING_QUIET };
  await addMaintenance(deps, alice, { service, until: clock.now() + 30 * MIN, reason: 'disk' });
}

test('status says what is left alone, what flaps and which source is silent, and nothing where there is nothing', () => {
  const given = {
    server: null,
    ai: 'rules',
    spend: null,
    failing: [],
    holds: [],
    incidents: [],
    approvals: [],
    stops: { off: false, frozen: false, by: null, at: null },
    log: { entries: 1, verified: 'verified', problem: null },
    policyWaiting: { answers: 0, people: 0 },
  } as const;
  const screen = { now: 0, zone: 'UTC', paint: painter(false) };
  const lines = (quiet = NOTHING_LEFT_ALONE) =>
    renderStatus(statusView({ ...given, quiet }), screen)
      .join(' ')
      .replace(/\s+/g, ' ');
  expect(lines()).not.toMatch(/quiet|watchdog/);
  const watchdogs = [
    { source: 'a', silentMs: 40_000, withinMs: 5 * MIN },
    { source: 'b', silentMs: 7 * MIN, withinMs: 5 * MIN },
  ];
  const text = lines({ windows: 1, held: 2, flapping: 1, watchdogs });
  expect(text).toContain(
    'quiet 1 window of maintenance open; 2 pages left alone: firebreak maintenance list; 1 alert flaps, held as firing',
  );
  expect(text).toContain(
    'watchdog b SILENT for 7 min, more than 5 min: its pages may not arrive; a heard 40 s ago',
  );
});

test('the figures of what is left alone come from the log and the time', async () => {
  const run = await inProcess();
  const quietness = quietnessIn(run);
  await maintain(run);
  await run.page();
  await run.clock.advance(2 * MIN);
  expect(quietness()).toEqual({
    windows: 1,
    held: 1,
    flapping: 0,
    watchdogs: [{ source: 'alertmanager', silentMs: 2 * MIN, withinMs: 5 * MIN }],
  });
  await run.clock.advance(30 * MIN);
  expect(quietness().windows).toBe(0);
});

test('metrics count suppressed pages by reason and show what flaps and how old the last sign of a source is', async () => {
  const run = await inProcess();
  const registry = new Registry();
  const quietness = quietnessIn(run);
  run.log.subscribe(createDutyMetrics(registry, quietness));
  for (let i = 0; i < 2; i += 1) {
    await run.page({ service: 'billing' });
    await run.clear({ service: 'billing' });
  }
  await maintain(run);
  await run.page();
  const text = await registry.metrics();
  expect(text).toContain('firebreak_pages_suppressed_total{reason="maintenance"} 1');
  expect(text).toContain('firebreak_pages_left_alone 1');
  expect(text).toContain('firebreak_alerts_flapping 1');
  expect(text).toMatch(/firebreak_watchdog_age_seconds\{source="alertmanager"\} 0/);
  const context = { actor: { kind: 'system', id: 'firebreak' } as const, traceId: 't' };
  const body = { rung: 0, people: [PersonId.parse('bob')], team: null, reason: 'critical' };
  await run.log.append([fact('rung.reached', body, context)]);
  expect(await registry.metrics()).toContain('firebreak_rungs_reached_total 1');
});

test('a role that is taken away between card and click counts: the click is refused and the plan goes on waiting', async () => {
  const run = await inProcess();
  run.shop.inject('bad-deploy', checkout);
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some((one) => one.state === 'pending'));
  const [card] = run.folds.approvals.all();
  if (card === undefined) throw new Error('nothing is pending');
  const people = new Map([[alice.id, { ...alice, roles: ['responder'] as const }]]);
  const { gate } = run.firebreak;
  const { onDecision } = createDecisions({
    firebreak: { gate: { ...gate, people }, recovered: async () => {} },
    zone: 'UTC',
    stops: run.folds.stops,
    admit: (_person, _need, answer) => answer(),
  });
  const click = {
    who: { team: 'T1', user: 'U1', person: alice.id },
    place: { team: 'T1', channel: 'C1', thread: null },
    approval: card.id,
    hash: card.hash,
    decision: 'approve',
    typed: null,
  } as const;
  const answer = await onDecision(click);
  expect(answer.text).toMatch(/may not/);
  expect(run.folds.approvals.get(card.id)?.state).toBe('pending');
  const refused = (await run.entries()).filter(({ kind }) => kind === 'request.refused');
  expect(refused.map(({ body }) => [body.by, body.reason])).toEqual([['alice', 'not_allowed']]);
});
