import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Log } from '#audit/log.ts';
import type { ModelReply } from '#llm/model.ts';
import { exportSession } from '#sessions/export.ts';
import { loadItems } from '#sessions/transcript.ts';
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
  spawnMonitor,
  until,
} from './rig.ts';
import { unpaired } from './unpaired.ts';

const query = (rig: Rig, session = COORDINATOR) => ({ log: rig.log, incident: INC, session, from: 0 });

function monitorOf(rig: Rig) {
  const session = rig.fold.incident(INC)?.sessions.find((one) => one.role === 'monitor');
  if (session === undefined) throw new Error('no monitor');
  return session.key;
}

describe('a transcript rebuilt from the log', () => {
  test('is what the model was shown, word for word', async () => {
    const rig = await createRig({
      roles: {
        coordinator: (_r, turn) => (turn === 0 ? say(spawnMonitor()) : say()),
        monitor: (_r, turn) => {
          if (turn === 0) return say();
          if (turn < 5) return say(call('http_probe'), call('shell', {}, 'x'));
          return say(call('report', healthy));
        },
      },
      answers: () => ({
        kind: 'ok',
        value: { nested: [1, 2.5, null] },
        text: `a\u001b[31m ${'long '.repeat(2_000)}`,
      }),
    });
    await open(rig);
    for (const [role, session] of [
      ['monitor', monitorOf(rig)],
      ['coordinator', COORDINATOR],
    ] as const) {
      const shown = rig.model.requests.findLast((request) => request.role === role)?.items ?? [];
      const rebuilt = await loadItems(query(rig, session));
      expect(rebuilt.slice(0, shown.length)).toEqual(shown);
      expect(rebuilt.length).toBeGreaterThan(shown.length);
      expect(unpaired(rebuilt)).toEqual([]);
    }
  });

  test('gives a process that starts again the same conversation', async () => {
    const first = await createRig({
      roles: { coordinator: (_r, turn) => (turn === 0 ? say(call('incident_note', { code: 'x' })) : say()) },
    });
    await open(first);
    const shown = first.model.requests.at(-1)?.items ?? [];
    const again = await createRig({ after: first, seed: 1000, roles: { coordinator: () => say() } });
    again.scheduler.wake(INC, { kind: 'alert_cleared' });
    await again.scheduler.drain();
    expect(again.model.requests[0]?.items.slice(0, shown.length)).toEqual(shown);
  });

  test('says of a call that was under way what the log knows of it', async () => {
    let dead = false;
    const stop = () => new Promise<never>(() => {});
    const wrapLog = (log: Log): Log => ({
      ...log,
      append: (drafts, options) => (dead ? stop() : log.append(drafts, options)),
    });
    const calls = [
      call('incident_note', {}, 'a'),
      call('sessions_history', {}, 'b'),
      call('incident_note', {}, 'c'),
    ];
    const first = await createRig({
      wrapLog,
      roles: {
        coordinator: (_r, turn) => (turn === 0 ? say(call('incident_note', {}, 'z')) : say(...calls)),
      },
      answers: ({ id }) => {
        if (id !== 'c') return { kind: 'ok', value: { noted: id }, text: `noted ${id}` };
        dead = true;
        return stop();
      },
    });
    await first.scheduler.open(INC, COORDINATOR, opened);
    await until(() => dead);
    const again = await createRig({
      after: first,
      seed: 1000,
      roles: { coordinator: () => say(call('incident_escalate')) },
    });
    await again.scheduler.recover();
    await until(() => again.model.requests.length > 0);
    const items = again.model.requests[0]?.items ?? [];
    expect(items.slice(4, 7)).toMatchObject([
      { id: 'a', outcome: 'ok', value: { noted: 'a' }, text: 'noted a' },
      { id: 'b', outcome: 'ok' },
      { id: 'c', outcome: 'unknown', value: { reason: 'interrupted' } },
    ]);
    expect(unpaired(items)).toEqual([]);
  });

  test('of an erased incident still has its shape', async () => {
    const rig = await createRig({
      roles: { coordinator: (_r, turn) => (turn === 0 ? say(call('incident_note')) : say()) },
    });
    await open(rig);
    rig.log.eraseKey(INC);
    const items = await loadItems(query(rig));
    expect(items.flatMap((item) => (item.kind === 'reply' ? [item.text] : []))).toContain('(erased)');
  });

  test('pairs calls and results whatever the models do', async () => {
    const reply = fc.oneof(
      fc.constant(say()),
      fc
        .array(
          fc.tuple(
            fc.constantFrom(
              'http_probe',
              'shell',
              'report',
              'sessions_spawn',
              'service_restart',
              'incident_note',
            ),
            fc.integer({ min: 0, max: 3 }),
          ),
          { maxLength: 4 },
        )
        .map((calls) =>
          say(
            ...calls.map(([tool, n], index) =>
              tool === 'sessions_spawn'
                ? spawnMonitor(`c${index}`)
                : call(tool, tool === 'report' && n > 0 ? healthy : { n }, `c${index}`),
            ),
          ),
        ),
      fc.constant<ModelReply>({ kind: 'failed', reason: 'unavailable' }),
    );
    const script = fc.array(reply, { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(script, script, async (coordinator, monitor) => {
        const play =
          (replies: ModelReply[]): Script =>
          (_r, turn) =>
            replies[turn % replies.length] ?? say();
        const rig = await createRig({ roles: { coordinator: play(coordinator), monitor: play(monitor) } });
        await open(rig);
        for (const request of rig.model.requests) expect(unpaired(request.items)).toEqual([]);
        for (const { key } of rig.fold.incident(INC)?.sessions ?? [])
          expect(unpaired(await loadItems(query(rig, key)))).toEqual([]);
        const runs = rig.fold.incident(INC)?.runs ?? [];
        expect(runs.every((run) => run.settled !== null)).toBe(true);
        const facts = await rig.facts();
        const ended = facts.flatMap((one) => (one.kind === 'run.settled' ? [one.body.run] : []));
        expect(ended.sort()).toEqual(runs.map((run) => run.run).sort());
        expect(rig.errors).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('an export', () => {
  test('is OpenClaw v3 JSONL', async () => {
    const rig = await createRig({
      roles: {
        coordinator: (_r, turn) =>
          turn === 0 ? say(spawnMonitor()) : say(call('incident_escalate', {}, `e${turn}`)),
        monitor: (_r, turn) =>
          turn === 0
            ? { ...say(call('http_probe', { service: 'service:checkout' })), text: 'Looking.' }
            : say(call('report', healthy)),
      },
      answers: () => ({ kind: 'ok', value: { status: 503 }, text: '503 in 12 ms' }),
    });
    await open(rig);
    const session = monitorOf(rig);
    const text = await exportSession(query(rig, session));
    expect(text).toBe(await exportSession(query(rig, session)));
    const run = rig.fold.incident(INC)?.runs.find((one) => one.role === 'monitor')?.run;
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const at = '2026-01-05T03:12:00.000Z';
    const ms = Date.parse(at);
    const entry = (n: number) => ({
      id: `0000000${n}`,
      parentId: n === 1 ? null : `0000000${n - 1}`,
      timestamp: at,
    });
    const usage = {
      input: 10,
      output: 5,
      cacheRead: 0,
      cacheWrite: 0,
      totalTokens: 15,
      cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, total: 0.000003 },
    };
    const assistant = {
      role: 'assistant',
      api: 'firebreak',
      provider: 'model',
      model: 'scripted',
      usage,
      stopReason: 'toolUse',
      timestamp: ms,
    };
    expect(lines).toEqual([
      {
        type: 'session',
        version: 3,
        id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/),
        timestamp: at,
        sessionKey: session,
      },
      {
        ...entry(1),
        type: 'message',
        message: {
          role: 'user',
          content: [{ type: 'text', text: expect.stringContaining('service:checkout') }],
          timestamp: ms,
        },
      },
      {
        ...entry(2),
        type: 'message',
        message: {
          ...assistant,
          content: [
            { type: 'text', text: 'Looking.' },
            {
              type: 'toolCall',
              id: 'http_probe',
              name: 'http_probe',
              arguments: { service: 'service:checkout' },
            },
          ],
        },
      },
      {
        ...entry(3),
        type: 'message',
        message: {
          role: 'toolResult',
          toolCallId: 'http_probe',
          toolName: 'http_probe',
          content: [{ type: 'text', text: '503 in 12 ms' }],
          isError: false,
          details: { outcome: 'ok', call: 'e2' },
          timestamp: ms,
        },
      },
      {
        ...entry(4),
        type: 'message',
        message: {
          ...assistant,
          content: [{ type: 'toolCall', id: 'report', name: 'report', arguments: healthy }],
        },
      },
      {
        ...entry(5),
        type: 'message',
        message: {
          role: 'toolResult',
          toolCallId: 'report',
          toolName: 'report',
          content: [{ type: 'text', text: 'Report accepted.' }],
          isError: false,
          details: { outcome: 'ok', call: null },
          timestamp: ms,
        },
      },
      {
        ...entry(6),
        type: 'custom',
        customType: 'firebreak.run_settled',
        data: { run, outcome: 'reported', reason: null, report: healthy, droppedClaims: 0 },
      },
    ]);
  });
});
