import { describe, expect, test } from 'vitest';
import { sayAfterEnd } from '#approvals/after-end.ts';
import { isUnderWay } from '#approvals/approval.ts';
import { createReplay } from '#approvals/semantic-replay.ts';
import { LIKELY } from '#diagnosis/assessment.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { acceptHandover, acknowledge, offerHandover, pause, resume, take } from '#server/acts/ownership.ts';
import { merge, split } from '#server/acts/regroup.ts';
import { giveVerdict, note, requestChange, resolve, steer } from '#server/acts/say.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import {
  actDeps,
  asked,
  bob,
  checkout,
  INC1,
  INC2,
  inventory,
  kindsOf,
  says,
  viewer,
  wakesOf,
} from './a-shift.ts';

const pendingOf = (run: InProcess) => run.folds.approvals.all().filter(({ state }) => state === 'pending');
const refused = (reason: string) => expect.objectContaining({ kind: 'refused', reason });

/** Replays the log for its meaning, and from a snapshot of the fold: both must know what people said. */
async function soundLog(run: InProcess): Promise<void> {
  const replay = createReplay();
  const fresh = new IncidentFold();
  for (const entry of await run.entries()) {
    replay.apply(entry);
    fresh.apply(entry);
  }
  expect(replay.problems()).toEqual([]);
  expect(replay.counts().unread).toBe(0);
  const loaded = new IncidentFold();
  loaded.load(JSON.parse(JSON.stringify(fresh.save())));
  expect(loaded.current()).toEqual(run.folds.incidents.current());
  expect(run.errors).toEqual([]);
}

describe('a pause', () => {
  test('withdraws what waits, starts nothing, and everything is read anew when it goes on', async () => {
    const run = await asked();
    const deps = actDeps(run);
    expect(await pause(deps, says(bob))).toMatchObject({ kind: 'done' });
    await run.firebreak.idle();
    expect(run.folds.approvals.all()[0]).toMatchObject({ state: 'withdrawn', reason: 'paused' });
    const quiet = (await run.entries()).length;
    for (let minute = 0; minute < 4; minute += 1) {
      run.firebreak.tick();
      await run.clock.advance(60_000);
    }
    await run.firebreak.idle();
    expect((await run.entries()).length).toBe(quiet);
    expect(await pause(deps, says(bob))).toEqual(refused('already_paused'));
    expect(await resume(deps, says(bob))).toMatchObject({ kind: 'done' });
    await run.until(() => pendingOf(run).length === 1);
    expect(await resume(deps, says(bob))).toEqual(refused('not_paused'));
    await soundLog(run);
  });

  test('stops agents that are at work, and survives a restart', async () => {
    const run = await inProcess();
    run.shop.inject('bad-deploy', 'checkout');
    await run.clock.advance(12_000);
    await run.page();
    await pause(actDeps(run), says(bob));
    await run.firebreak.idle();
    const next = await run.restart();
    await next.firebreak.recover();
    await next.firebreak.idle();
    await next.clock.advance(120_000);
    next.firebreak.tick();
    await next.firebreak.idle();
    expect(next.incident()).toMatchObject({ paused: { by: 'bob' }, escalated: null });
    expect(next.folds.approvals.all()).toEqual([]);
    await resume(actDeps(next), says(bob));
    await next.until(() => pendingOf(next).length === 1);
  });

  test('of a change that runs lets it be watched to its end, and takes no other step', async () => {
    const run = await asked();
    await run.decide('approve');
    await run.until(() => run.folds.approvals.all()[0]?.state === 'succeeded');
    await pause(actDeps(run), says(bob));
    await run.until(() => run.folds.approvals.all()[0]?.state === 'verified');
    expect(run.shop.applied).toHaveLength(1);
    await soundLog(run);
  });

  test('between the yes and the change: nothing is changed', async () => {
    const run = await asked();
    const [paused] = await Promise.all([pause(actDeps(run), says(bob)), run.decide('approve')]);
    expect(paused).toMatchObject({ kind: 'done' });
    await run.firebreak.idle();
    await run.clock.advance(10_000);
    await run.firebreak.idle();
    expect(run.shop.applied).toEqual([]);
  });
});

describe('who has it', () => {
  test('an acknowledgement counts once and stops nobody', async () => {
    const run = await asked();
    expect(await acknowledge(actDeps(run), says(bob))).toMatchObject({ kind: 'done' });
    expect(await acknowledge(actDeps(run), says(alice))).toEqual(refused('already_seen'));
    expect(run.incident()).toMatchObject({ acknowledgedBy: 'bob', takenBy: null });
    expect(pendingOf(run)).toHaveLength(1);
  });

  test('ownership moves when an offer is accepted, and only by whom it was offered to', async () => {
    const run = await asked();
    const deps = actDeps(run);
    await take(deps, says(alice));
    expect(await offerHandover(deps, says(bob), null)).toEqual(refused('not_yours'));
    expect(await offerHandover(deps, says(alice), viewer.id)).toEqual(refused('unknown_person'));
    expect(await acceptHandover(deps, says(bob))).toEqual(refused('nothing_offered'));
    await offerHandover(deps, says(alice), bob.id);
    expect(run.incident()).toMatchObject({ takenBy: 'alice', handover: { by: 'alice', to: 'bob' } });
    expect(await acceptHandover(deps, says(alice))).toEqual(refused('own_offer'));
    expect(await acceptHandover(deps, says(bob))).toMatchObject({ kind: 'done' });
    expect(run.incident()).toMatchObject({ takenBy: 'bob', handover: null });
    await soundLog(run);
  });

  test('accepting what nobody had yet stops agents like taking it', async () => {
    const run = await asked();
    await offerHandover(actDeps(run), says(alice), null);
    expect(pendingOf(run)).toHaveLength(1);
    await acceptHandover(actDeps(run), says(bob));
    await run.firebreak.idle();
    expect(pendingOf(run)).toEqual([]);
    expect(await pause(actDeps(run), says(alice))).toEqual(refused('taken'));
  });

  test('of two who take it at once one has it', async () => {
    const run = await asked();
    const both = await Promise.all([take(actDeps(run), says(alice)), take(actDeps(run), says(bob))]);
    expect(both.map(({ kind }) => kind).toSorted()).toEqual(['done', 'refused']);
  });
});

test('a viewer may say nothing that counts, and each no is in the log', async () => {
  const run = await asked();
  const deps = actDeps(run);
  const about = says(viewer);
  const all = await Promise.all([
    acknowledge(deps, about),
    take(deps, about),
    pause(deps, about),
    resume(deps, about),
    offerHandover(deps, about, null),
    acceptHandover(deps, about),
    giveVerdict(deps, about, { right: false, cause: null, service: null }),
    steer(deps, about, inventory),
    requestChange(deps, about, { tool: 'service_restart', target: 'service:checkout' }),
    resolve(deps, about, 'by_hand'),
    note(deps, about, 'words'),
    merge(deps, about, INC2),
    split(deps, about, []).then(({ acted }) => acted),
  ]);
  expect(all).toEqual(all.map(() => refused('not_allowed')));
  expect((await kindsOf(run)).filter((kind) => kind === 'request.refused')).toHaveLength(all.length);
  expect(run.incident()).toMatchObject({ takenBy: null, paused: null, resolved: null, requests: [] });
});

describe('wishes', () => {
  test('a look at another service is a monitor of it, and what it finds stands beside the cause', async () => {
    const run = await asked();
    expect(await steer(actDeps(run), says(bob), inventory)).toMatchObject({ kind: 'done' });
    await run.firebreak.idle();
    expect(await wakesOf(run)).toContain('steered');
    expect(run.incident().looks.at(-1)).toMatchObject({
      service: 'inventory',
      report: { verdict: 'healthy' },
    });
    expect(run.incident()).toMatchObject({ resolved: null, escalated: null });
    expect(run.incident().diagnosis?.hypotheses[0]).toMatchObject({
      cause: 'bad_deploy',
      service: 'checkout',
    });
    expect(pendingOf(run)).toHaveLength(1);
    await soundLog(run);
  });

  test('a person’s own change is prepared, is theirs, and needs the target typed by them', async () => {
    const run = await asked();
    const restart = { tool: 'service_restart', target: 'service:checkout' } as const;
    expect(await requestChange(actDeps(run), says(alice), restart)).toMatchObject({ kind: 'done' });
    await run.until(() => pendingOf(run).length === 2);
    const plan = run.folds.approvals.all().at(-1)?.plan;
    expect(plan).toMatchObject({ requestedBy: ['alice'], steps: [{ tool: 'service_restart' }] });
    expect(run.shop.applied).toEqual([]);
    await soundLog(run);
  });

  test('what waits already is not asked for again, and a chain that comes to it again calls nobody', async () => {
    const run = await asked();
    const back = { tool: 'service_rollback', target: 'service:checkout' } as const;
    expect(await requestChange(actDeps(run), says(alice), back)).toEqual(refused('already_proposed'));
    await steer(actDeps(run), says(bob), checkout);
    const proposals = () =>
      run.folds.sessions.incident(INC1)?.runs.filter(({ role }) => role === 'remediation');
    await run.until(() => proposals()?.length === 2);
    await run.firebreak.idle();
    const refusals = (await run.entries()).filter(
      ({ kind, body }) => kind === 'tool.refused' && body.reason === 'duplicate_plan',
    );
    expect(refusals).toHaveLength(1);
    expect(run.incident().escalated).toBeNull();
    expect(pendingOf(run)).toHaveLength(1);
    await soundLog(run);
  });

  test('without a cause a change is put before people only because a person asked for it', async () => {
    const run = await inProcess();
    run.shop.inject('unknown-slow-disk', 'checkout');
    await run.clock.advance(12_000);
    await run.page({ name: 'HighLatency' });
    await run.until(() => run.incident().escalated !== null);
    await run.firebreak.idle();
    expect(run.folds.approvals.all()).toEqual([]);
    await requestChange(actDeps(run), says(alice), {
      tool: 'service_restart',
      target: 'service:checkout',
    });
    await run.until(() => pendingOf(run).length === 1);
    expect(pendingOf(run)[0]?.plan).toMatchObject({
      requestedBy: ['alice'],
      cause: 'unknown',
    });
    expect(pendingOf(run)[0]?.plan.confidence).toBeLessThan(LIKELY);
    await soundLog(run);
  });

  test('a wish that nobody was told of when the process died is told by the next start, once', async () => {
    const run = await asked();
    run.dieAt('after', ({ kind }) => kind === 'incident.steered');
    void steer(actDeps(run), says(bob), inventory).catch(() => undefined);
    await run.until(run.isDead);
    const next = await run.restart();
    await next.firebreak.recover();
    await next.firebreak.idle();
    expect((await wakesOf(next)).filter((wake) => wake === 'steered')).toHaveLength(1);
  });

  test('while people have it, or it is paused, agents take no wishes', async () => {
    const run = await asked();
    await pause(actDeps(run), says(bob));
    expect(await steer(actDeps(run), says(bob), inventory)).toEqual(refused('paused'));
    await resume(actDeps(run), says(bob));
    await take(actDeps(run), says(bob));
    expect(await steer(actDeps(run), says(bob), inventory)).toEqual(refused('taken'));
  });
});

describe('a cause that a person says is wrong', () => {
  const wrong = { right: false, cause: 'overload', service: inventory } as const;
  const states = (run: InProcess) => run.folds.approvals.all().map(({ state, reason }) => [state, reason]);

  test('takes back what rests on it, asks people with that reason, and comes again only when a person asks', async () => {
    const run = await asked();
    const deps = actDeps(run);
    await giveVerdict(deps, says(bob), wrong);
    await run.until(() => pendingOf(run).length === 0);
    await run.firebreak.idle();
    expect(states(run)).toEqual([['withdrawn', 'cause_refuted']]);
    expect(run.incident().escalated).toMatchObject({ reason: 'cause_refuted' });
    const [first] = run.folds.approvals.all();
    if (first === undefined) throw new Error('nothing was proposed');
    const again = { approval: first.id, person: bob, wanted: { kind: 'again' } } as const;
    expect(await sayAfterEnd(run.firebreak.gate, again)).toMatchObject({ kind: 'said' });
    await run.until(() => pendingOf(run).length === 1);
    await run.firebreak.idle();
    for (let second = 0; second < 10; second += 1) {
      run.firebreak.tick();
      await run.clock.advance(1000);
    }
    expect(states(run)).toEqual([
      ['withdrawn', 'cause_refuted'],
      ['pending', null],
    ]);
    expect(run.incident().verdict).toMatchObject({ right: false, by: 'bob' });
    await soundLog(run);
  });

  test('leaves what people asked for themselves, and a right one takes nothing back', async () => {
    const run = await asked();
    const deps = actDeps(run);
    await requestChange(deps, says(alice), { tool: 'service_restart', target: 'service:checkout' });
    await run.until(() => pendingOf(run).length === 2);
    await giveVerdict(deps, says(bob), { right: true, cause: 'bad_deploy', service: checkout });
    await run.firebreak.idle();
    expect(pendingOf(run)).toHaveLength(2);
    await giveVerdict(deps, says(bob), wrong);
    await run.until(() => pendingOf(run).length === 1);
    await run.firebreak.idle();
    expect(pendingOf(run)[0]?.plan.requestedBy).toEqual(['alice']);
    await soundLog(run);
  });

  test('is not acted on by a yes at the same moment, nor after a process that died right then', async () => {
    const run = await asked();
    run.dieAt('after', ({ kind }) => kind === 'verdict.given');
    void giveVerdict(actDeps(run), says(bob), wrong).catch(() => undefined);
    await run.until(run.isDead);
    const next = await run.restart();
    await next.firebreak.recover();
    await next.decide('approve');
    await next.firebreak.idle();
    await next.until(() => pendingOf(next).length === 0);
    expect(next.shop.applied).toEqual([]);
    expect(next.folds.approvals.all()[0]?.reason).toBe('cause_refuted');
  });
});

test('a verdict is kept with who gave it, and a right one needs a cause that was named', async () => {
  const run = await inProcess();
  await run.page({ service: 'unknown-thing' });
  await run.firebreak.idle();
  const deps = actDeps(run);
  const right = { right: true, cause: null, service: null };
  expect(await giveVerdict(deps, says(bob), right)).toEqual(refused('no_cause'));
  await giveVerdict(deps, says(bob), { right: false, cause: 'overload', service: checkout });
  expect(run.incident().verdict).toMatchObject({
    by: 'bob',
    right: false,
    cause: 'overload',
    service: 'checkout',
  });
  await soundLog(run);
});

test('an incident is closed on a person’s word, and its thread of agents ends', async () => {
  const run = await asked();
  expect(await resolve(actDeps(run), says(bob), 'by_hand')).toMatchObject({ kind: 'done' });
  await run.firebreak.idle();
  expect(run.incident().resolved).toMatchObject({ resolution: 'by_hand', by: 'bob' });
  expect(pendingOf(run)).toEqual([]);
  expect(await resolve(actDeps(run), says(bob), 'by_hand')).toEqual(refused('not_open'));
});

describe('grouping by hand', () => {
  const other = { name: 'DiskFull', service: 'unheard-of' };

  test('merged: resolved as a duplicate, its alert goes on in the other one and never re-opens the first', async () => {
    const run = await asked();
    await run.page(other);
    await run.firebreak.idle();
    expect(await merge(actDeps(run), says(bob, INC2), INC1)).toMatchObject({ kind: 'done' });
    await run.firebreak.idle();
    expect(run.folds.incidents.get(INC2)).toMatchObject({
      mergedInto: 'INC-1',
      resolved: { resolution: 'duplicate', by: 'bob' },
    });
    expect(run.incident().alerts.map(({ name }) => name)).toEqual(['HighErrorRate', 'DiskFull']);
    await run.clear(other);
    expect(run.incident().alerts.map(({ cleared }) => cleared)).toEqual([false, true]);
    // Not so soon that it counts as flapping.
    await run.clock.advance(11 * 60_000);
    await run.page(other);
    expect(run.incident().alerts.map(({ cleared }) => cleared)).toEqual([false, false]);
    expect(run.folds.incidents.get(INC2)?.resolved).not.toBeNull();
    await soundLog(run);
  });

  test('not into itself, not into a closed one, not across environments, not while a change runs', async () => {
    const run = await asked();
    await run.page(other);
    await run.page({ name: 'Odd', service: 'stage-thing', environment: 'staging' });
    await run.firebreak.idle();
    const deps = actDeps(run);
    const staging = run.folds.incidents.current().find(({ environment }) => environment === 'staging');
    if (staging === undefined) throw new Error('no incident of staging');
    expect(await merge(deps, says(bob), INC1)).toEqual(refused('same_incident'));
    expect(await merge(deps, says(bob), staging.id)).toEqual(refused('other_environment'));
    await run.decide('approve');
    await run.until(() => run.folds.approvals.all().some(isUnderWay));
    expect(await merge(deps, says(bob), INC2)).toEqual(refused('change_under_way'));
    await resolve(deps, says(bob, INC2), 'nothing_wrong');
    expect(await merge(deps, says(bob), INC2)).toEqual(refused('not_open'));
  });

  test('split: the alerts open an incident of their own, which is looked at; one must stay', async () => {
    const run = await asked();
    await run.page({ name: 'HighLatency', service: 'inventory' });
    await run.firebreak.idle();
    expect(run.folds.incidents.current()).toHaveLength(1);
    const fingerprint = run.incident().alerts[1]?.fingerprint;
    if (fingerprint === undefined) throw new Error('no second alert');
    const { opened } = await split(actDeps(run), says(bob), [fingerprint]);
    expect(opened).toBe('INC-2');
    await run.firebreak.idle();
    expect(run.incident().alerts.map(({ name }) => name)).toEqual(['HighErrorRate']);
    expect(run.folds.incidents.get(INC2)).toMatchObject({
      service: 'inventory',
      alerts: [{ name: 'HighLatency' }],
    });
    await run.until(
      () => run.folds.sessions.incident(INC2)?.runs.some(({ role }) => role === 'monitor') === true,
    );
    const last = run.incident().alerts.map((alert) => alert.fingerprint);
    expect((await split(actDeps(run), says(bob), last)).acted).toEqual(refused('last_alert'));
    expect((await split(actDeps(run), says(bob), [fingerprint])).acted).toEqual(refused('no_such_alert'));
    await run.page({ name: 'HighLatency', service: 'inventory' });
    expect(run.folds.incidents.current()).toHaveLength(2);
    await soundLog(run);
  });
});

test('an incident that comes back begins anew: what people said of the earlier round is over', async () => {
  const run = await asked();
  const deps = actDeps(run);
  await acknowledge(deps, says(bob));
  await giveVerdict(deps, says(bob), { right: true, cause: 'bad_deploy', service: checkout });
  await pause(deps, says(bob));
  await resolve(deps, says(bob), 'by_hand');
  await run.clock.advance(60_000);
  await run.page();
  expect(run.incident()).toMatchObject({
    ...{ resolved: null, acknowledgedBy: null, paused: null, verdict: null, handover: null, takenBy: null },
  });
  await run.until(() => pendingOf(run).length === 1);
  await soundLog(run);
});
