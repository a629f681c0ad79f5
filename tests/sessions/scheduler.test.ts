import { describe, expect, test } from 'vitest';
import type { Log } from '#audit/log.ts';
import { FirebreakError } from '#core/errors.ts';
import { IncidentId, PersonId, RunId } from '#core/ids.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { ModelReply } from '#llm/model.ts';
import { coordinatorDraft } from '#sessions/coordinator-run.ts';
import { formatSessionKey } from '#sessions/key.ts';
import {
  COORDINATOR,
  call,
  createRig,
  healthy,
  INC,
  open,
  opened,
  type Rig,
  type Script,
  say,
  settled,
  spawnMonitor,
  specs,
  until,
} from './rig.ts';

const never: Script = () => new Promise(() => {});
const spawnOnce: Script = (_request, turn) => (turn === 0 ? say(spawnMonitor()) : say());
const report: Script = () => say(call('report', healthy));
const escalate: Script = () => say(call('incident_escalate', { reason: 'inconclusive', missing: [] }));

/** The children whose completion a coordinator's run began with, in order. */
async function told(rig: Rig): Promise<(string | undefined)[]> {
  return (await rig.facts()).flatMap((one) =>
    one.kind === 'run.started' && one.body.wake?.kind === 'child_settled' ? [one.body.wake.child] : [],
  );
}

async function monitorRuns(rig: Rig): Promise<string[]> {
  return (await rig.facts()).flatMap((one) =>
    one.kind === 'run.started' && one.body.role === 'monitor' ? [one.body.run] : [],
  );
}

describe('the coordinator', () => {
  test('runs once at a time and keeps its transcript across runs', async () => {
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: report } });
    await open(rig);
    const last = rig.model.requests.at(-1);
    expect(last?.role).toBe('coordinator');
    expect(last?.items.map((item) => (item.kind === 'input' ? item.source : item.kind))).toEqual([
      'wake',
      'reply',
      'result',
      'reply',
      'wake',
    ]);
  });

  test('that falls silent without asking anybody is answered by an escalation', async () => {
    const rig = await createRig({ roles: { coordinator: () => say() } });
    await open(rig);
    expect(rig.performed).toMatchObject([
      {
        tool: 'incident_escalate',
        caller: { kind: 'system' },
        args: { reason: 'agent_failed', missing: [] },
      },
    ]);
  });

  test('that breaks down is answered by one escalation, and one that escalated by none more', async () => {
    const broken = await createRig({
      roles: { coordinator: () => ({ kind: 'failed', reason: 'unavailable' }) },
    });
    await open(broken);
    broken.scheduler.wake(INC, { kind: 'alert_cleared' });
    await broken.scheduler.drain();
    expect(broken.performed.filter((one) => one.tool === 'incident_escalate')).toHaveLength(1);
    const fine = await createRig({
      roles: {
        coordinator: (request, turn, signal) => (turn === 0 ? escalate(request, turn, signal) : say()),
      },
    });
    await open(fine);
    expect(fine.performed.map((one) => one.caller.kind)).toEqual(['agent']);
  });

  test('cannot report, however it tries', async () => {
    const rig = await createRig({ roles: { coordinator: () => say(call('report', healthy)) } });
    await open(rig);
    expect((await settled(rig))[0]).toMatchObject({ outcome: 'loop', report: null });
  });

  test('that is woken without end is stopped and people are asked', async () => {
    const rig = await createRig({ roles: { coordinator: () => say(call('incident_note', {})) } });
    await open(rig);
    for (let wake = 0; wake < 60; wake += 1) {
      rig.scheduler.wake(INC, { kind: 'alert_cleared' });
      if (wake % 10 === 9) await rig.scheduler.drain();
    }
    await rig.scheduler.drain();
    expect((await settled(rig)).filter((one) => one.role === 'coordinator')).toHaveLength(40);
    expect(rig.performed.filter((one) => one.tool === 'incident_escalate')).toHaveLength(1);
  });

  test('is not woken for an incident that is unknown or that a person has taken over', async () => {
    const rig = await createRig({ roles: { coordinator: () => say() } });
    expect(rig.scheduler.wake(INC, opened)).toBe('unknown_incident');
    await open(rig);
    const before = rig.model.requests.length;
    const by = PersonId.parse('alice');
    await rig.log.append([fact('incident.taken', { by }, { actor: SYSTEM, traceId: 't', incident: INC })]);
    rig.scheduler.wake(INC, { kind: 'alert_cleared' });
    await rig.scheduler.drain();
    expect(rig.model.requests.length).toBe(before);
  });

  test('has a lane that refuses more than it can hold, and loses no completion by it', async () => {
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const rig = await createRig({
      roles: {
        coordinator: async (_request, turn) => {
          if (turn === 0) return say(spawnMonitor());
          await gate;
          return say(call('incident_escalate', { reason: 'inconclusive', missing: [] }, `x${turn}`));
        },
        monitor: report,
      },
    });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.length >= 2);
    const answers = Array.from({ length: 30 }, () => rig.scheduler.wake(INC, { kind: 'alert_cleared' }));
    expect(answers).toContain('busy');
    release();
    await rig.scheduler.drain();
    expect(await told(rig)).toEqual(await monitorRuns(rig));
  });

  test('of one incident does not wait for that of another', async () => {
    const other = IncidentId.parse('INC-2');
    const key = formatSessionKey({ kind: 'cli', id: 'other' }) ?? COORDINATOR;
    const rig = await createRig({
      roles: {
        coordinator: (request) =>
          request.items.length > 0 && rig.model.requests.length === 1
            ? new Promise(() => {})
            : say(call('incident_escalate', {})),
      },
    });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.length === 1);
    await rig.scheduler.open(other, key, opened);
    await until(() => rig.performed.some((one) => one.caller.incident === other));
  });
});

describe('a log that fails', () => {
  test('stops the run: no call is made, nothing is left unhandled', async () => {
    let broken = false;
    const wrapLog = (log: Log): Log => ({
      ...log,
      append: async (drafts, options) => {
        if (drafts.some((draft) => draft.kind === 'turn.replied')) broken = true;
        if (broken) throw new FirebreakError('log_append_failed', 'disk full');
        return log.append(drafts, options);
      },
    });
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: report }, wrapLog });
    await open(rig);
    expect(rig.performed).toEqual([]);
    expect(rig.errors).toMatchObject([{ code: 'log_append_failed' }]);
  });
});

describe('a restart', () => {
  /** A process that ends without a word while `roles` are at work; what it left is the log. */
  async function killed(roles: Partial<Record<string, Script>>, enough: (rig: Rig) => boolean): Promise<Rig> {
    let dead = false;
    const wrapLog = (log: Log): Log => ({
      ...log,
      append: (drafts, options) => (dead ? new Promise(() => {}) : log.append(drafts, options)),
    });
    const rig = await createRig({ roles, wrapLog });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => enough(rig));
    dead = true;
    return rig;
  }

  const started = (rig: Rig, role: string) => rig.model.requests.some((request) => request.role === role);

  test('settles the runs of the process before as interrupted, once, and tells the coordinator once', async () => {
    const first = await killed(
      { coordinator: spawnOnce, monitor: never },
      (rig) =>
        started(rig, 'monitor') &&
        rig.model.requests.filter((request) => request.role === 'coordinator').length >= 2,
    );
    for (const seed of [1000, 2000, 3000]) {
      const again = await createRig({ after: first, seed, roles: { coordinator: escalate } });
      await again.scheduler.recover();
      await again.scheduler.drain();
    }
    const ends = (await settled(first)).filter((one) => one.role === 'monitor');
    expect(ends).toMatchObject([{ outcome: 'interrupted', reason: 'restart' }]);
    expect(await told(first)).toEqual(await monitorRuns(first));
  });

  test('of two processes at once still settles once and tells once', async () => {
    const both = (rig: Rig) => started(rig, 'monitor') && rig.model.requests.length >= 3;
    const first = await killed({ coordinator: spawnOnce, monitor: never }, both);
    const pair = await Promise.all(
      [1000, 2000].map((seed) => createRig({ after: first, seed, roles: { coordinator: escalate } })),
    );
    await Promise.all(pair.map((rig) => rig.scheduler.recover()));
    await Promise.all(pair.map((rig) => rig.scheduler.drain()));
    expect((await settled(first)).filter((one) => one.role === 'monitor')).toHaveLength(1);
    expect(await told(first)).toEqual(await monitorRuns(first));
  });

  test('whose earlier process is still at work keeps the first outcome', async () => {
    let release = (_reply: ModelReply) => {};
    const slow: Script = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const first = await createRig({ roles: { coordinator: spawnOnce, monitor: slow } });
    await first.scheduler.open(INC, COORDINATOR, opened);
    await until(() => started(first, 'monitor') && first.model.requests.length >= 3);
    const second = await createRig({ after: first, seed: 1000, roles: { coordinator: escalate } });
    await second.scheduler.recover();
    await second.scheduler.drain();
    release(say(call('report', healthy)));
    await first.scheduler.drain();
    const ends = (await settled(first)).filter((one) => one.role === 'monitor');
    expect(ends.map((one) => one.outcome)).toEqual(['interrupted']);
    expect(await told(first)).toEqual(await monitorRuns(first));
  });

  test('that cut off the coordinator and its child is told by the completion alone', async () => {
    const cut: Script = (_request, turn) => (turn === 0 ? say(spawnMonitor()) : new Promise(() => {}));
    const first = await killed({ coordinator: cut, monitor: never }, (rig) => rig.model.requests.length >= 3);
    const again = await createRig({ after: first, seed: 1000, roles: { coordinator: escalate } });
    await again.scheduler.recover();
    await again.scheduler.drain();
    const wakes = (await first.facts()).flatMap((one) =>
      one.kind === 'run.started' && one.body.role === 'coordinator' ? [one.body.wake?.kind ?? null] : [],
    );
    expect(wakes).toEqual(['opened', 'child_settled']);
  });

  test('delivers a completion that was settled but never told', async () => {
    const deliverable: Script = (_request, turn) => (turn === 0 ? say(spawnMonitor()) : say());
    let settledOnce = false;
    let dead = false;
    const wrapLog = (log: Log): Log => ({
      ...log,
      append: async (drafts, options) => {
        if (dead) return new Promise(() => {});
        const answer = await log.append(drafts, options);
        if (drafts.some((draft) => draft.kind === 'run.settled' && draft.body.role === 'monitor')) {
          dead = true;
          settledOnce = true;
        }
        return answer;
      },
    });
    const first = await createRig({ roles: { coordinator: deliverable, monitor: report }, wrapLog });
    await first.scheduler.open(INC, COORDINATOR, opened);
    await until(() => settledOnce);
    expect(await told(first)).toEqual([]);
    for (const seed of [1000, 2000]) {
      const again = await createRig({ after: first, seed, roles: { coordinator: () => say() } });
      await again.scheduler.recover();
      await again.scheduler.drain();
    }
    expect(await told(first)).toEqual(await monitorRuns(first));
    expect((await settled(first)).filter((one) => one.role === 'monitor')).toMatchObject([
      { outcome: 'reported' },
    ]);
  });

  test('lets a coordinator that was cut off go on from its own transcript', async () => {
    const first = await killed({ coordinator: never }, (rig) => started(rig, 'coordinator'));
    const again = await createRig({
      after: first,
      seed: 1000,
      roles: {
        coordinator: (request, turn, signal) => (turn === 0 ? escalate(request, turn, signal) : say()),
      },
    });
    expect(await again.scheduler.recover()).toEqual([]);
    await again.scheduler.drain();
    const items = again.model.requests[0]?.items;
    expect(items?.map((item) => item.kind)).toEqual(['input', 'input']);
    expect(items?.[0]).toMatchObject({ value: { kind: 'opened' } });
    expect(items?.[1]).toMatchObject({ source: 'wake', value: null });
  });

  test('that keeps ending the process ends in an escalation instead of another try', async () => {
    const first = await killed({ coordinator: never }, (rig) => started(rig, 'coordinator'));
    const done: string[] = [];
    for (const seed of [1000, 2000, 3000, 4000]) {
      const next = await createRig({ after: first, seed, roles: { coordinator: never } });
      await next.scheduler.recover();
      await until(() => next.model.requests.length > 0 || next.performed.length > 0);
      done.push(next.performed[0]?.tool ?? 'tried');
    }
    expect(done).toEqual(['tried', 'tried', 'incident_escalate', expect.anything()]);
  });

  test('names the incidents whose coordinator never began', async () => {
    const rig = await createRig();
    await rig.log.append([coordinatorDraft(INC, COORDINATOR, specs.coordinator)]);
    expect(await rig.scheduler.recover()).toEqual([INC]);
    expect(rig.scheduler.wake(INC, opened)).toBe('queued');
    await rig.scheduler.drain();
  });

  test('by an orderly end settles every run first', async () => {
    const waits: Script = (_request, _turn, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'aborted' }), {
          once: true,
        }),
      );
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: waits } });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => started(rig, 'monitor'));
    await rig.scheduler.close();
    expect((await settled(rig)).find((one) => one.role === 'monitor')).toMatchObject({
      outcome: 'interrupted',
      reason: 'shutdown',
    });
    expect(rig.scheduler.wake(INC, opened)).toBe('closing');
    const child = rig.fold.incident(INC)?.sessions.find((one) => one.role === 'monitor');
    const run = RunId.parse('run-late');
    const about = { actor: SYSTEM, traceId: 't', incident: INC, session: child?.key ?? COORDINATOR };
    const body = {
      session: about.session,
      run,
      role: 'monitor',
      wake: null,
      deadline: rig.clock.now() + 1,
    } as const;
    await rig.log.append([fact('run.started', body, about)]);
    const asked = rig.model.requests.length;
    rig.scheduler.launch(INC, run);
    await rig.scheduler.drain();
    expect(rig.model.requests).toHaveLength(asked);
    expect(rig.fold.incident(INC)?.runs.at(-1)?.settled).toMatchObject({ outcome: 'interrupted' });
    const again = await createRig({ after: rig, seed: 1000, roles: { coordinator: escalate } });
    await again.scheduler.recover();
    await again.scheduler.drain();
    expect(await told(rig)).toEqual(await monitorRuns(rig));
  });
});
