import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { rulesModel } from '#agents/rules/model.ts';
import type { JsonValue } from '#core/canonical.ts';
import { CallId } from '#core/ids.ts';
import {
  type Brief,
  type DiagnosisReport,
  type MonitorReport,
  RemediationBrief,
  type Wake,
} from '#incidents/reports.ts';
import type { Item, ModelCall } from '#llm/model.ts';
import { scenarios } from '../diagnosis/scenarios.ts';
import { id, inventoryOf, lookAt, T0, up } from '../diagnosis/support.ts';
import { type Answerer, aTurn, briefItem, only, play, replyOf, wake, wakeItem } from './rules-rig.ts';

const facts = { web: { dependsOn: ['api'] }, api: {} };
const model = rulesModel(inventoryOf(facts));
const opened: Wake = {
  kind: 'opened',
  service: 'service:web',
  severity: 'critical',
  about: 'error_ratio',
  startedAt: T0,
};

const impaired: MonitorReport = {
  role: 'monitor',
  verdict: 'impaired',
  signal: { service: id('web'), name: 'error_ratio', low: '0', high: '0.01' },
  since: T0,
  findings: [
    {
      service: id('web'),
      signal: 'error_ratio',
      state: 'high',
      now: '0.3',
      normal: '0.002',
      since: T0,
      evidence: [CallId.parse('e1')],
    },
  ],
};
const likely: DiagnosisReport = {
  role: 'diagnosis',
  outcome: 'likely',
  hypotheses: [
    { cause: 'overload', service: id('api'), confidence: 80, for: [CallId.parse('e1')], against: [] },
  ],
  ruledOut: [],
  gaps: [],
  pressure: 150,
  deploy: null,
  replicas: 2,
  maxReplicas: 4,
};
const settled = (report: MonitorReport | DiagnosisReport): Wake => ({
  kind: 'child_settled',
  role: report.role,
  outcome: 'reported',
  report,
});
const cut = (role: 'monitor' | 'diagnosis', outcome: string): Wake => ({
  kind: 'child_settled',
  role,
  outcome,
  report: null,
});

/** Plays messages in order; gives the calls that the last one led to. */
async function ledBy(...messages: readonly (Wake | null)[]): Promise<readonly ModelCall[]> {
  const items: Item[] = [];
  let calls: readonly ModelCall[] = [];
  for (const message of messages) calls = await wake(model, items, message);
  return calls;
}

const escalation = (reason: string) => [
  expect.objectContaining({ tool: 'incident_escalate', args: expect.objectContaining({ reason }) }),
];
const spawn = (role: string) => [
  expect.objectContaining({ tool: 'sessions_spawn', args: expect.objectContaining({ role }) }),
];

describe('the coordinator', () => {
  test('starts a monitor with what the page says', async () => {
    const brief = {
      role: 'monitor',
      service: 'service:web',
      severity: 'critical',
      about: 'error_ratio',
      startedAt: T0,
    };
    expect(only(await ledBy(opened))?.args).toEqual({ role: 'monitor', brief });
  });

  test('hands the findings on to diagnosis, and its cause to remediation', async () => {
    const diagnosis = only(await ledBy(opened, settled(impaired)))?.args;
    expect(diagnosis).toMatchObject({
      role: 'diagnosis',
      brief: { service: 'service:web', since: T0, findings: impaired.findings },
    });
    const remediation = only(await ledBy(opened, settled(impaired), settled(likely)))?.args;
    expect(remediation).toMatchObject({
      role: 'remediation',
      brief: {
        cause: 'overload',
        service: 'service:api',
        confidence: 80,
        pressure: 150,
        replicas: 2,
        maxReplicas: 4,
      },
    });
  });

  test.each<[string, Wake[], string]>([
    ['a page for an unknown service', [{ ...opened, service: null }], 'unknown_service'],
    ['an unclear monitor', [opened, settled({ ...impaired, verdict: 'unclear' })], 'inconclusive'],
    [
      'an inconclusive diagnosis',
      [opened, settled(impaired), settled({ ...likely, outcome: 'inconclusive' })],
      'inconclusive',
    ],
    [
      'a healthy diagnosis of an impaired signal',
      [opened, settled(impaired), settled({ ...likely, outcome: 'healthy', hypotheses: [] })],
      'inconclusive',
    ],
    [
      'a cause when no band is known',
      [opened, settled({ ...impaired, signal: null }), settled(likely)],
      'no_safe_action',
    ],
    [
      'no safe action',
      [
        opened,
        {
          kind: 'child_settled',
          role: 'remediation',
          outcome: 'reported',
          report: { role: 'remediation', outcome: 'no_safe_action' },
        },
      ],
      'no_safe_action',
    ],
    ['a monitor that timed out', [opened, cut('monitor', 'timed_out')], 'agent_failed'],
    [
      'a diagnosis out of budget',
      [opened, settled(impaired), cut('diagnosis', 'budget_exceeded')],
      'agent_failed',
    ],
    ['an action that did not help', [opened, { kind: 'action_settled', outcome: 'undone' }], 'not_recovered'],
    [
      'an action of unknown effect',
      [opened, { kind: 'action_settled', outcome: 'unknown' }],
      'action_failed',
    ],
    ['a rejected action', [opened, { kind: 'action_settled', outcome: 'rejected' }], 'denied'],
    ['an expired approval', [opened, { kind: 'action_settled', outcome: 'expired' }], 'expired'],
    [
      'a proposal that may only be recorded',
      [opened, { kind: 'action_settled', outcome: 'recorded' }],
      'no_safe_action',
    ],
  ])('hands over to people after %s', async (_, messages, reason) => {
    expect(await ledBy(...messages)).toEqual(escalation(reason));
  });

  test('says what could not be seen when it hands over', async () => {
    const gaps = [{ service: id('api'), tool: 'logs_search', reason: 'timeout' }];
    const calls = await ledBy(
      opened,
      settled(impaired),
      settled({ ...likely, outcome: 'inconclusive', gaps }),
    );
    expect(only(calls)?.args).toEqual({ reason: 'inconclusive', missing: ['logs_search api timeout'] });
  });

  test.each<[string, Wake[]]>([
    ['a recovery', [opened, { kind: 'action_settled', outcome: 'recovered' }]],
    ['a withdrawn approval', [opened, { kind: 'action_settled', outcome: 'withdrawn' }]],
    [
      'a proposal',
      [
        opened,
        {
          kind: 'child_settled',
          role: 'remediation',
          outcome: 'reported',
          report: { role: 'remediation', outcome: 'proposed' },
        },
      ],
    ],
    ['a cancelled sub-agent', [opened, cut('monitor', 'cancelled')]],
    ['a report that comes after the alert cleared', [opened, { kind: 'alert_cleared' }, settled(impaired)]],
  ])('does nothing after %s', async (_, messages) => {
    expect(await ledBy(...messages)).toEqual([]);
  });

  test('takes the incident up again when it opens again', async () => {
    expect(await ledBy(opened, { kind: 'alert_cleared' }, opened)).toEqual(spawn('monitor'));
  });

  test('starts an interrupted sub-agent again with the same brief, twice, then hands over', async () => {
    const again = await ledBy(opened, settled(impaired), cut('diagnosis', 'interrupted'));
    expect(only(again)?.args).toMatchObject({ role: 'diagnosis', brief: { findings: impaired.findings } });
    const cuts = [cut('monitor', 'interrupted'), cut('monitor', 'interrupted')];
    expect(await ledBy(opened, ...cuts)).toEqual(spawn('monitor'));
    expect(await ledBy(opened, ...cuts, cut('monitor', 'interrupted'))).toEqual(escalation('agent_failed'));
  });

  test('goes on after a restart only where its answer was not carried out', async () => {
    expect(await ledBy(opened, null)).toEqual([]);
    const reply: Item = { kind: 'reply', text: '', calls: [{ id: 'r1', tool: 'sessions_spawn', args: {} }] };
    const unknown: Item = {
      kind: 'result',
      id: 'r1',
      call: null,
      tool: 'sessions_spawn',
      outcome: 'unknown',
      value: { reason: 'run_ended' },
      text: '',
    };
    expect(await wake(model, [wakeItem(opened), reply, unknown], null)).toEqual(spawn('monitor'));
    expect(await wake(model, [wakeItem(opened)], null)).toEqual(spawn('monitor'));
  });

  test('hands over when a sub-agent could not be started, once', async () => {
    const items: Item[] = [wakeItem(opened)];
    const first = await replyOf(model, 'coordinator', { items });
    items.push({ kind: 'reply', text: '', calls: first.calls });
    const refusal = {
      kind: 'result',
      call: null,
      outcome: 'refused',
      value: { reason: 'too_many_children' },
      text: '',
    } as const;
    items.push({ ...refusal, id: 'r1', tool: 'sessions_spawn' });
    const second = await replyOf(model, 'coordinator', { items });
    expect(second.calls).toEqual(escalation('agent_failed'));
    items.push(
      { kind: 'reply', text: '', calls: second.calls },
      { ...refusal, id: 'r2', tool: 'incident_escalate' },
    );
    expect((await replyOf(model, 'coordinator', { items })).calls).toEqual([]);
  });
});

describe('remediation', () => {
  const brief = (more: Partial<RemediationBrief>): RemediationBrief =>
    RemediationBrief.parse({
      role: 'remediation',
      cause: 'overload',
      service: 'service:api',
      confidence: 80,
      pressure: null,
      deploy: null,
      replicas: 2,
      maxReplicas: 6,
      evidence: ['e1'],
      requested: [],
      ...more,
    });
  const end = async (more: Partial<RemediationBrief>) => {
    const run = await play(model, brief(more), {
      answer: () => ({ outcome: 'proposed', value: {} }),
      firstCall: 1,
    });
    return only(run.acts) ?? run.report;
  };
  const restart = { tool: 'service_restart', target: 'service:api' } as const;

  test.each<[string, Partial<RemediationBrief>, object]>([
    [
      'rolls a bad deploy back',
      { cause: 'bad_deploy', deploy: 'deploy:api@-1' },
      { tool: 'service_rollback', args: { target: 'service:api', to: 'deploy:api@-1' } },
    ],
    [
      'restarts what leaks',
      { cause: 'memory_leak' },
      { tool: 'service_restart', args: { target: 'service:api' } },
    ],
    ['restarts a stuck pool', { cause: 'stuck_pool' }, { tool: 'service_restart' }],
    ['restarts what is down', { cause: 'instance_down' }, { tool: 'service_restart' }],
    [
      'adds one instance when the pressure is not known',
      {},
      { tool: 'service_scale', args: { target: 'service:api', replicas: 3 } },
    ],
    ['adds what the pressure needs', { pressure: 180 }, { args: { replicas: 5 } }],
    ['adds no more than is allowed', { pressure: 900 }, { args: { replicas: 6 } }],
    [
      'does what a person asked for when nothing was diagnosed',
      { cause: 'unknown', confidence: 0, requested: [restart] },
      restart.tool === 'service_restart' ? { tool: 'service_restart' } : {},
    ],
    [
      'ignores a wish that does not fit the cause',
      { cause: 'bad_deploy', deploy: 'deploy:api@-1', requested: [restart] },
      { tool: 'service_rollback' },
    ],
  ])('%s', async (_, more, expected) => {
    expect(await end(more)).toMatchObject(expected);
  });

  test.each<[string, Partial<RemediationBrief>]>([
    ['a rollback without a deployment to go back to', { cause: 'bad_deploy' }],
    ['more instances than allowed', { replicas: 6 }],
    ['more instances of an unknown number', { replicas: null }],
    ['an unlikely cause', { cause: 'memory_leak', confidence: 69 }],
    ['an unknown cause without a wish', { cause: 'unknown', confidence: 0 }],
  ])('proposes nothing for %s', async (_, more) => {
    expect(await end(more)).toEqual({ role: 'remediation', outcome: 'no_safe_action' });
  });

  test('gives up after its one proposal was refused', async () => {
    const items: Item[] = [
      briefItem(brief({})),
      { kind: 'reply', text: '', calls: [{ id: 'r1', tool: 'service_scale', args: {} }] },
      {
        kind: 'result',
        id: 'r1',
        call: null,
        tool: 'service_scale',
        outcome: 'refused',
        value: { reason: 'frozen' },
        text: '',
      },
    ];
    expect(only((await replyOf(model, 'remediation', { items })).calls)).toMatchObject({
      tool: 'report',
      args: { outcome: 'no_safe_action' },
    });
  });
});

describe('monitor and diagnosis', () => {
  const monitorBrief = (about: 'error_ratio' | 'latency_p95') =>
    ({ role: 'monitor', service: 'service:web', severity: 'critical', about, startedAt: T0 }) as const;
  const answerFrom =
    (world: Parameters<typeof lookAt>[0]): Answerer =>
    (call) => {
      const { service, signal } = call.args as { service: string; signal?: never };
      const tool = call.tool as 'metrics_query';
      const value = lookAt(world, {
        tool,
        service: id(service.slice(8)),
        signal: signal ?? ('error_ratio' as never),
      });
      return value === null ? { outcome: 'gap', value: { reason: 'timeout' } } : { outcome: 'ok', value };
    };

  test('a monitor looks at dependencies only when something is out', async () => {
    const well = await play(model, monitorBrief('error_ratio'), { answer: answerFrom(facts), firstCall: 1 });
    expect(well.report).toMatchObject({ verdict: 'healthy' });
    expect(
      well.items
        .flatMap((item) => (item.kind === 'reply' ? item.calls : []))
        .some(({ args }) => JSON.stringify(args).includes('service:api')),
    ).toBe(false);
    const ill = { ...facts, web: { ...facts.web, signals: { error_ratio: up(0.3, 0.002) } } };
    const seen = await play(model, monitorBrief('error_ratio'), { answer: answerFrom(ill), firstCall: 1 });
    expect(seen.report).toMatchObject({
      verdict: 'impaired',
      since: T0,
      signal: { service: 'web', name: 'error_ratio' },
    });
    expect(
      seen.report?.role === 'monitor' && seen.report.findings.some(({ service }) => service === 'api'),
    ).toBe(true);
  });

  test('a failing health check is not called healthy, whatever the signals say', async () => {
    const world = { ...facts, web: { ...facts.web, probe: false } };
    const run = await play(model, monitorBrief('error_ratio'), { answer: answerFrom(world), firstCall: 1 });
    expect(run.report).toMatchObject({ verdict: 'unclear' });
  });

  test('the signal that must come back is one that is out, also when the page is about another', async () => {
    const slow = { ...facts, web: { ...facts.web, signals: { latency_p95: up(900, 40) } } };
    const run = await play(model, monitorBrief('error_ratio'), { answer: answerFrom(slow), firstCall: 1 });
    expect(run.report).toMatchObject({ verdict: 'impaired', signal: { name: 'latency_p95' } });
  });

  test('a signal whose newest samples are not all in band is looked at again and not called healthy', async () => {
    let looks = 0;
    const answer: Answerer = (call) => {
      const given = answerFrom(facts)(call);
      if (call.tool !== 'metrics_query' || (call.args as { signal: string }).signal !== 'error_ratio')
        return given;
      looks += 1;
      const unsteady = {
        ...(given as { value: object }).value,
        points: { from: T0, stepMs: 500, v: [0.002, 0.002, 0.4] },
      };
      return { outcome: 'ok', value: unsteady as never };
    };
    const run = await play(model, monitorBrief('error_ratio'), { answer, firstCall: 1 });
    expect(looks).toBe(2);
    expect(run.report).toMatchObject({ verdict: 'unclear' });
  });

  test('with one call left each reports what it has', async () => {
    const diagnosis = {
      role: 'diagnosis',
      service: 'service:web',
      severity: 'error',
      since: T0,
      findings: impaired.findings,
    } as const;
    for (const brief of [monitorBrief('error_ratio'), diagnosis]) {
      const run = await play(model, brief, { answer: answerFrom(facts), firstCall: 1, turns: 1 });
      expect(run.report).toMatchObject({ role: brief.role });
    }
  });

  test('the same session gives the same reply, however often it is asked', async () => {
    for (const { facts: world, paged } of scenarios) {
      const rules = rulesModel(inventoryOf(world));
      const brief: Brief = {
        role: 'diagnosis',
        service: `service:${paged}`,
        severity: 'error',
        since: T0,
        findings: [],
      };
      const run = await play(rules, brief, { answer: answerFrom(world), firstCall: 1 });
      const replies = run.items.flatMap((item, at) => (item.kind === 'reply' ? [{ item, at }] : []));
      for (const { item, at } of replies) {
        const again = await replyOf(rulesModel(inventoryOf(world)), 'diagnosis', {
          items: run.items.slice(0, at),
          callsLeft: 20,
        });
        if (again.calls[0]?.tool !== 'report') expect(again.calls).toEqual(item.calls);
      }
      const ids = replies.flatMap(({ item }) => item.calls.map((call) => call.id));
      expect(new Set(ids).size).toBe(ids.length);
      expect(replies.every(({ item }) => item.calls.length <= 4)).toBe(true);
    }
  });
});

test('an aborted request and a session without a brief are failures, not answers', async () => {
  const request = { role: 'monitor', turn: aTurn, head: '', tools: [], items: [], callsLeft: 5 };
  expect(await model.reply(request, AbortSignal.abort())).toEqual({ kind: 'failed', reason: 'aborted' });
  expect(await model.reply(request, new AbortController().signal)).toEqual({
    kind: 'failed',
    reason: 'invalid_reply',
  });
  expect(await model.reply({ ...request, role: 'root' }, new AbortController().signal)).toMatchObject({
    kind: 'failed',
  });
});

test('no transcript makes it throw or ask for a tool that the session does not hold', async () => {
  const json = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>;
  const tool = fc.constantFrom('metrics_query', 'logs_search', 'sessions_spawn', 'report', 'no_such_tool');
  const call = fc.record({ id: fc.constantFrom('r1', 'r2', 'r3'), tool, args: json });
  const item: fc.Arbitrary<Item> = fc.oneof(
    fc.record({
      kind: fc.constant('input' as const),
      source: fc.constantFrom('brief' as const, 'wake' as const),
      value: fc.oneof(
        json,
        fc.constantFrom<JsonValue>(
          { ...opened },
          { kind: 'child_settled', role: 'monitor', outcome: 'reported', report: impaired },
        ),
      ),
      text: fc.string(),
    }),
    fc.record({
      kind: fc.constant('reply' as const),
      text: fc.string(),
      calls: fc.array(call, { maxLength: 3 }),
    }),
    fc.record({
      kind: fc.constant('result' as const),
      id: fc.constantFrom('r1', 'r2'),
      call: fc.constantFrom(null, CallId.parse('e5')),
      tool,
      outcome: fc.constantFrom('ok' as const, 'gap' as const, 'refused' as const),
      value: json,
      text: fc.string(),
    }),
  );
  const role = fc.constantFrom('coordinator', 'monitor', 'diagnosis', 'remediation');
  await fc.assert(
    fc.asyncProperty(
      role,
      fc.array(item, { maxLength: 12 }),
      fc.integer({ min: 0, max: 5 }),
      async (name, items, callsLeft) => {
        const tools = [{ name: 'metrics_query', description: '', schema: {} }];
        const start = [
          briefItem({
            role: 'monitor',
            service: 'service:web',
            severity: 'error',
            about: null,
            startedAt: T0,
          }),
        ];
        const reply = await model.reply(
          { role: name, turn: aTurn, head: '', tools, items: [...start, ...items], callsLeft },
          new AbortController().signal,
        );
        if (reply.kind !== 'reply' || name !== 'monitor') return;
        for (const { tool: asked } of reply.calls) expect(['metrics_query', 'report']).toContain(asked);
      },
    ),
    { numRuns: 400 },
  );
});
