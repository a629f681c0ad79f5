import { describe, expect, test } from 'vitest';
import { ApprovalId } from '#core/ids.ts';
import { MonitorReport } from '#incidents/reports.ts';
import type { Item, ModelReply } from '#llm/model.ts';
import { confirmed, createStopper } from '#sessions/stopper.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import {
  COORDINATOR,
  call,
  createRig,
  healthy,
  INC,
  open,
  opened,
  type RigOptions,
  type Script,
  say,
  settled,
  spawnMonitor,
  until,
} from './rig.ts';

const spawnOnce: Script = (_request, turn) => (turn === 0 ? say(spawnMonitor()) : say());

/** One coordinator that spawns a monitor, whose replies the test writes; gives how the monitor's run ended. */
async function monitorWith(monitor: Script, options: RigOptions = {}) {
  const rig = await createRig({ ...options, roles: { coordinator: spawnOnce, monitor } });
  await open(rig);
  const ends = await settled(rig);
  return { rig, end: ends.find((one) => one.role === 'monitor'), ends };
}

describe('a run', () => {
  test('reads, reports, and its report wakes the coordinator once', async () => {
    const { rig, end, ends } = await monitorWith((_request, turn) =>
      turn === 0 ? say(call('metrics_query', { service: 'service:checkout' })) : say(call('report', healthy)),
    );
    expect(end).toMatchObject({ outcome: 'reported', report: healthy, droppedClaims: 0 });
    expect(ends.map((one) => one.role)).toEqual(['coordinator', 'monitor', 'coordinator']);
    const wakes = (await rig.facts()).flatMap((one) =>
      one.kind === 'run.started' && one.body.wake !== null ? [one.body.wake.kind] : [],
    );
    expect(wakes).toEqual(['opened', 'child_settled']);
    expect(rig.errors).toEqual([]);
  });

  test('records a reply before it makes the calls of it', async () => {
    const { rig, end } = await monitorWith((_request, turn) =>
      turn === 0 ? say(call('http_probe')) : say(call('report', healthy)),
    );
    const own = (await rig.entries()).filter((entry) => entry.sessionId === end?.session);
    expect(own.map((entry) => entry.kind)).toEqual([
      'session.spawned',
      'run.started',
      'turn.replied',
      'tool.intended',
      'tool.finished',
      'turn.replied',
      'run.settled',
    ]);
  });

  test('a sub-agent that says nothing is reminded once and then fails', async () => {
    const { rig, end } = await monitorWith(() => say());
    expect(end).toMatchObject({ outcome: 'failed', reason: 'no_report', report: null });
    const seen = rig.model.requests
      .filter((request) => request.role === 'monitor')
      .map((request) => request.items.length);
    expect(seen).toEqual([1, 3]);
  });

  test('a faulty report is sent back once with what is wrong with it', async () => {
    const { rig, end } = await monitorWith((_request, turn) =>
      say(call('report', turn === 0 ? { ...healthy, verdict: 'splendid' } : healthy)),
    );
    expect(end?.outcome).toBe('reported');
    const second = rig.model.requests.filter((request) => request.role === 'monitor')[1];
    expect(second?.items.at(-1)).toMatchObject({
      kind: 'result',
      tool: 'report',
      outcome: 'refused',
      text: expect.stringContaining('verdict'),
    });
  });

  test('a report that stays faulty fails the run', async () => {
    const { end } = await monitorWith(() => say(call('report', { role: 'monitor' })));
    expect(end).toMatchObject({ outcome: 'failed', reason: 'invalid_report' });
  });

  test('calls beside a report are not made', async () => {
    const { rig, end } = await monitorWith(() => say(call('http_probe'), call('report', healthy)));
    expect(end?.outcome).toBe('reported');
    expect(rig.performed.map((one) => one.tool)).not.toContain('http_probe');
  });

  test('a report of another role is refused', async () => {
    const forged = { role: 'remediation', outcome: 'no_safe_action' };
    const { end } = await monitorWith(() => say(call('report', forged)));
    expect(end).toMatchObject({ outcome: 'failed', reason: 'invalid_report', report: null });
  });

  test('unknown tools and tools of other roles are refused and the run goes on', async () => {
    const { rig, end } = await monitorWith((_request, turn) =>
      turn === 0
        ? say(
            call('shell', { cmd: 'rm -rf /' }),
            call('service_restart', { target: 'service:checkout' }),
            spawnMonitor(),
          )
        : say(call('report', healthy)),
    );
    expect(end?.outcome).toBe('reported');
    expect(
      rig.performed.filter((one) => one.caller.kind === 'agent' && one.caller.role === 'monitor'),
    ).toEqual([]);
    const results = rig.model.requests.at(-2)?.items.filter((item) => item.kind === 'result');
    expect(results?.map((item) => item.outcome)).toEqual(['refused', 'refused', 'refused']);
  });

  test('call ids that come again in a later reply still get their own results', async () => {
    const { rig, end } = await monitorWith((_request, turn) =>
      turn < 3 ? say(call('http_probe', { n: turn }, 'call_0')) : say(call('report', healthy, 'call_0')),
    );
    expect(end?.outcome).toBe('reported');
    const items = rig.model.requests.filter(({ role }) => role === 'monitor').at(-1)?.items ?? [];
    const asked = items.flatMap((item) => (item.kind === 'reply' ? item.calls.map(({ id }) => id) : []));
    const answered = items.flatMap((item) => (item.kind === 'result' ? [item.id] : []));
    expect(asked.slice(0, 3)).toEqual(['call_0', 'call_0_2', 'call_0_3']);
    expect(answered.slice(0, 3)).toEqual(asked.slice(0, 3));
  });

  test('the same answer three times is remarked on, five times ends the run', async () => {
    const { rig, end } = await monitorWith(() => say(call('http_probe', { service: 'service:checkout' })));
    expect(end).toMatchObject({ outcome: 'loop', reason: 'same_answer' });
    const texts = rig.model.requests
      .filter((request) => request.role === 'monitor')
      .at(-1)
      ?.items.flatMap((item) => (item.kind === 'result' ? [item.text.includes('several times')] : []));
    expect(texts).toEqual([false, false, true, true]);
  });

  test('a run that never reports ends with its model calls', async () => {
    const { rig, end } = await monitorWith((request, turn) => {
      expect(request.callsLeft).toBe(20 - turn);
      return say(call('http_probe', { n: turn }));
    });
    expect(end).toMatchObject({ outcome: 'budget_exceeded', reason: 'model_calls' });
    expect(rig.model.requests.filter((request) => request.role === 'monitor')).toHaveLength(20);
  });

  test('on its last turn only a report is left to give', async () => {
    const told = ['http_probe', 'metrics_query', 'report'].map((name) => ({
      name,
      description: '',
      schema: {},
    }));
    const { rig, end } = await monitorWith(
      (request, turn) =>
        request.callsLeft > 1 ? say(call('http_probe', { n: turn })) : say(call('report', healthy)),
      { toolSpecs: told },
    );
    const names = rig.model.requests
      .filter(({ role }) => role === 'monitor')
      .map(({ tools }) => tools.map(({ name }) => name).join());
    expect(names.slice(0, 19)).toEqual(Array(19).fill('http_probe,metrics_query,report'));
    expect(names.slice(19)).toEqual(['report']);
    expect(end).toMatchObject({ outcome: 'reported', reason: null });
  });

  test.each<[string, Script]>([
    ['no_report', () => say()],
    ['invalid_report', () => say(call('report', null))],
    ['model_calls', (_request, turn) => say(call('http_probe', { n: turn }))],
    ['same_answer', () => say(call('http_probe'))],
    ['invalid_reply', () => say(call('http_probe'), call('http_probe'))],
    ['model_refused', () => refusal()],
  ])('that ends by %s reports what code makes of its looks, once, and says why', async (reason, monitor) => {
    const report = MonitorReport.parse({ ...healthy, verdict: 'unclear' });
    const seen: number[] = [];
    const partial = ({ items }: { items: readonly Item[] }) => {
      seen.push(items.length);
      return report;
    };
    const { end, ends } = await monitorWith(monitor, { partial });
    expect(end).toMatchObject({ outcome: 'reported', reason, report, droppedClaims: 0 });
    expect(ends.filter(({ role }) => role === 'monitor')).toHaveLength(1);
    expect(seen).toHaveLength(1);
  });

  test('that was stopped, or whose model is not there, gets no report from code', async () => {
    const partial = () => MonitorReport.parse(healthy);
    const { end } = await monitorWith(() => ({ kind: 'failed', reason: 'unavailable' }), { partial });
    expect(end).toMatchObject({ outcome: 'failed', reason: 'model_unavailable', report: null });
  });

  test('tool calls beyond the budget are refused', async () => {
    const many = (turn: number) =>
      Array.from({ length: 10 }, (_, index) => call('http_probe', { n: turn * 10 + index }, `c${index}`));
    const { rig, end } = await monitorWith((_request, turn) =>
      turn < 4 ? say(...many(turn)) : say(call('report', healthy)),
    );
    expect(end?.outcome).toBe('reported');
    expect(rig.performed.filter((one) => one.tool === 'http_probe')).toHaveLength(25);
  });

  test.each<[string, ModelReply, object]>([
    [
      'unavailable',
      { kind: 'failed', reason: 'unavailable' },
      { outcome: 'failed', reason: 'model_unavailable' },
    ],
    [
      'over budget',
      { kind: 'failed', reason: 'over_budget' },
      { outcome: 'budget_exceeded', reason: 'spend' },
    ],
    ['invalid', { kind: 'failed', reason: 'invalid_reply' }, { outcome: 'failed', reason: 'invalid_reply' }],
    ['refusing', { ...refusal() }, { outcome: 'failed', reason: 'model_refused' }],
    [
      'asking twice under one id',
      say(call('http_probe'), call('http_probe')),
      { outcome: 'failed', reason: 'invalid_reply' },
    ],
    ['naming a tool with blanks', say(call('http probe')), { outcome: 'failed', reason: 'invalid_reply' }],
    [
      'asking for a hundred calls',
      say(...Array.from({ length: 100 }, (_, n) => call('http_probe', {}, `c${n}`))),
      { outcome: 'failed', reason: 'invalid_reply' },
    ],
  ])('a model that is %s fails the run', async (_name, reply, end) => {
    expect((await monitorWith(() => reply)).end).toMatchObject(end);
  });

  test('a model that throws, or nests arguments beyond measure, fails the run', async () => {
    const thrown = await monitorWith(() => {
      throw new Error('socket');
    });
    expect(thrown.end).toMatchObject({ outcome: 'failed', reason: 'model_unavailable' });
    const deep = JSON.parse(`${'['.repeat(30_000)}${']'.repeat(30_000)}`);
    const nested = await monitorWith(() => say(call('http_probe', { deep })));
    expect(nested.end).toMatchObject({ outcome: 'failed', reason: 'invalid_reply' });
  });

  test('figures that are no numbers are recorded as nothing', async () => {
    const odd = {
      ...say(call('report', healthy)),
      usage: { inputTokens: Number.NaN, outputTokens: -4, usdMicros: 1.2 },
    };
    const { rig } = await monitorWith(() => odd);
    const turns = (await rig.facts()).flatMap((one) =>
      one.kind === 'turn.replied' && one.body.inputTokens === 0 ? [one.body] : [],
    );
    expect(turns).toMatchObject([{ inputTokens: 0, outputTokens: 0, usdMicros: 2 }]);
  });

  test('a tool layer that loses a result fails the run instead of breaking the transcript', async () => {
    const rig = await createRig({
      roles: { coordinator: spawnOnce, monitor: () => say(call('http_probe')) },
      answers: (request) => {
        if (request.tool === 'http_probe') throw new Error('a bug');
        return { kind: 'ok', value: null, text: '' };
      },
    });
    await open(rig);
    expect((await settled(rig)).find((one) => one.role === 'monitor')).toMatchObject({
      outcome: 'failed',
      reason: 'internal',
    });
    expect(rig.errors).toHaveLength(1);
  });
});

describe('a tool layer with a fault', () => {
  test('that answers fewer calls than it was given fails the run', async () => {
    const wrapInvoke: RigOptions['wrapInvoke'] = (invoke) => ({
      ...invoke,
      turn: async (caller, calls) =>
        (await invoke.turn(caller, calls)).filter((one) => one.id !== 'http_probe'),
    });
    const { end } = await monitorWith(() => say(call('metrics_query'), call('http_probe')), { wrapInvoke });
    expect(end).toMatchObject({ outcome: 'failed', reason: 'internal' });
  });

  test('that takes up a change of a monitor does not make it a report', async () => {
    const answers: RigOptions['answers'] = ({ tool }) =>
      tool === 'http_probe'
        ? { kind: 'proposed', approval: ApprovalId.parse('A-1'), text: 'A-1' }
        : { kind: 'ok', value: null, text: '' };
    const { end } = await monitorWith(
      (_request, turn) => (turn === 0 ? say(call('http_probe')) : say(call('report', healthy))),
      { answers },
    );
    expect(end?.report).toEqual(healthy);
  });
});

describe('an end that is forced', () => {
  const waits: Script = (_request, _turn, signal) =>
    new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ kind: 'failed', reason: 'aborted' }), { once: true }),
    );

  test('at the deadline the model is stopped and the run times out', async () => {
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: waits } });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.some((request) => request.role === 'monitor'));
    await rig.clock.advance(299_999);
    expect((await settled(rig)).filter((one) => one.role === 'monitor')).toEqual([]);
    await rig.clock.advance(1);
    await rig.scheduler.drain();
    expect((await settled(rig)).find((one) => one.role === 'monitor')).toMatchObject({
      outcome: 'timed_out',
      reason: 'deadline',
    });
  });

  test('a report that comes after the deadline is too late', async () => {
    const late: Script = (_request, _turn, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve(say(call('report', healthy))), { once: true }),
      );
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: late } });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.some((request) => request.role === 'monitor'));
    await rig.clock.advance(300_000);
    await rig.scheduler.drain();
    expect((await settled(rig)).find((one) => one.role === 'monitor')).toMatchObject({
      outcome: 'timed_out',
      report: null,
    });
  });

  test('work that was stopped before it began still gets its grace', async () => {
    const clock = new FakeClock();
    const stopper = createStopper();
    stopper.stop('cancelled');
    stopper.stop('deadline');
    expect(stopper.cause()).toBe('cancelled');
    const waiting = confirmed(new Promise(() => {}), stopper, clock);
    await clock.advance(5_000);
    expect(await waiting).toEqual({ kind: 'unconfirmed' });
    expect(await confirmed(Promise.resolve(1), stopper, clock)).toEqual({ kind: 'done', value: 1 });
    expect(clock.waiting).toBe(0);
  });

  test('a model that does not hear the stop is given a grace before the run settles', async () => {
    const deaf: Script = () => new Promise(() => {});
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: deaf } });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.some((request) => request.role === 'monitor'));
    await rig.clock.advance(304_999);
    expect((await settled(rig)).filter((one) => one.role === 'monitor')).toEqual([]);
    await rig.clock.advance(1);
    await rig.scheduler.drain();
    expect((await settled(rig)).find((one) => one.role === 'monitor')).toMatchObject({
      outcome: 'timed_out',
      reason: 'stop_unconfirmed',
    });
  });

  test('a cancelled incident stops its runs and leaves others alone', async () => {
    const rig = await createRig({ roles: { coordinator: spawnOnce, monitor: waits } });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.some((request) => request.role === 'monitor'));
    rig.scheduler.cancel(INC);
    await rig.scheduler.drain();
    expect((await settled(rig)).find((one) => one.role === 'monitor')).toMatchObject({
      outcome: 'cancelled',
    });
  });
});

function refusal(): ModelReply {
  return {
    kind: 'reply',
    text: 'no',
    calls: [],
    stop: 'refusal',
    usage: { inputTokens: 1, outputTokens: 1, usdMicros: 0 },
    by: { model: 'scripted', mode: 'model', why: null },
  };
}
