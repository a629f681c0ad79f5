import { describe, expect, test } from 'vitest';
import { ApprovalId, CallId } from '#core/ids.ts';
import { type Brief, MonitorBrief } from '#incidents/reports.ts';
import { spawnTool } from '#sessions/spawn.ts';
import {
  CHECKOUT,
  COORDINATOR,
  call,
  countingRandom,
  createRig,
  healthy,
  INC,
  inventory,
  monitorBrief,
  open,
  opened,
  type Rig,
  type Script,
  say,
  spawnMonitor,
  specs,
  until,
} from './rig.ts';

const never: Script = () => new Promise(() => {});
const report: Script = () => say(call('report', healthy));

/** What the coordinator's spawns in its first turn were answered. */
function spawnResults(rig: Rig): unknown[] {
  const request = rig.model.requests.findLast((one) => one.role === 'coordinator');
  return request?.items.flatMap((item) => (item.kind === 'result' ? [item.value] : [])) ?? [];
}

async function spawnWith(brief: Brief, role: string = brief.role): Promise<Rig> {
  const spawn = call('sessions_spawn', { role, brief: { ...brief } });
  const rig = await createRig({
    roles: { coordinator: (_request, turn) => (turn === 0 ? say(spawn) : say()), monitor: report },
  });
  return rig;
}

describe('sessions_spawn', () => {
  test('answers at once with the key and run of a child that has not reported', async () => {
    const rig = await createRig({
      roles: { coordinator: (_r, turn) => (turn === 0 ? say(spawnMonitor()) : say()), monitor: never },
    });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.filter((one) => one.role === 'coordinator').length === 2);
    const child = rig.fold.incident(INC)?.runs.find((run) => run.role === 'monitor');
    expect(spawnResults(rig)).toEqual([
      { status: 'accepted', childSessionKey: child?.session, runId: child?.run },
    ]);
    expect(child?.settled).toBeNull();
  });

  test('freezes allowlist, limits and deadline from the role, and gives the child its brief alone', async () => {
    const rig = await createRig({
      roles: { coordinator: (_r, turn) => (turn === 0 ? say(spawnMonitor()) : say()), monitor: report },
    });
    await open(rig);
    const incident = rig.fold.incident(INC);
    const child = incident?.sessions.find((session) => session.role === 'monitor');
    expect(child).toMatchObject({
      parent: COORDINATOR,
      allowlist: ['metrics_query', 'http_probe'],
      limits: { wallMs: 300_000, modelCalls: 20, toolCalls: 25 },
      brief: monitorBrief,
    });
    const run = incident?.runs.find((one) => one.role === 'monitor');
    expect((run?.deadline ?? 0) - (run?.startedAt ?? 0)).toBe(300_000);
    const seen = rig.model.requests.find((one) => one.role === 'monitor');
    expect(seen?.items).toMatchObject([{ kind: 'input', source: 'brief', value: monitorBrief }]);
  });

  test('refuses a fifth child that would be at work at the same time', async () => {
    const five = Array.from({ length: 5 }, (_, n) => spawnMonitor(`s${n}`));
    const rig = await createRig({
      roles: { coordinator: (_r, turn) => (turn === 0 ? say(...five) : say()), monitor: never },
    });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.filter((one) => one.role === 'coordinator').length === 2);
    expect(spawnResults(rig).at(-1)).toEqual({ reason: 'refused' });
    expect(rig.fold.incident(INC)?.sessions).toHaveLength(5);
  });

  test('refuses a thirteenth child in the life of an incident', async () => {
    const rig = await createRig({
      roles: {
        coordinator: (request) => (request.items.at(-1)?.kind === 'input' ? say(spawnMonitor()) : say()),
        monitor: report,
      },
    });
    await open(rig);
    expect(rig.fold.incident(INC)?.sessions.filter((one) => one.role === 'monitor')).toHaveLength(12);
    const last = rig.model.requests.at(-1)?.items.findLast((item) => item.kind === 'result');
    expect(last).toMatchObject({ outcome: 'gap', text: 'too_many_children' });
  });

  test('is not for a child, even one whose allowlist were to hold it', async () => {
    const rig = await createRig({
      roles: { coordinator: (_r, turn) => (turn === 0 ? say(spawnMonitor()) : say()), monitor: never },
    });
    await rig.scheduler.open(INC, COORDINATOR, opened);
    await until(() => rig.model.requests.some((one) => one.role === 'monitor'));
    const child = rig.fold.incident(INC)?.runs.find((run) => run.role === 'monitor');
    const tool = spawnTool({
      log: rig.log,
      random: countingRandom(500),
      fold: rig.fold,
      specs,
      inventory,
      runbooks: [],
      launch: () => {},
    });
    const budget = { modelCalls: 1, toolCalls: 1, deadline: 1 };
    const base = {
      kind: 'agent',
      incident: INC,
      run: child?.run,
      budget,
      signal: new AbortController().signal,
    } as const;
    const args = tool.args.parse({ role: 'monitor', brief: monitorBrief });
    for (const [role, session] of [
      ['monitor', child?.session],
      ['coordinator', child?.session],
      ['monitor', COORDINATOR],
    ] as const) {
      if (child === undefined || session === undefined) throw new Error('no child');
      const caller = { ...base, run: child.run, role, session, allowlist: ['sessions_spawn'] };
      const result = await tool.perform(args, { caller, call: CallId.parse('e99'), clock: rig.clock });
      expect(result).toMatchObject({ kind: 'gap', detail: 'caller_not_allowed' });
    }
  });

  test('starts nothing for a run that was stopped', async () => {
    const rig = await createRig({ roles: { coordinator: () => say(call('incident_escalate')) } });
    await open(rig);
    const launch = () => expect.unreachable();
    const tool = spawnTool({
      log: rig.log,
      random: countingRandom(500),
      fold: rig.fold,
      specs,
      inventory,
      runbooks: [],
      launch,
    });
    const run = rig.fold.incident(INC)?.runs[0]?.run;
    if (run === undefined) throw new Error('no run');
    const budget = { modelCalls: 1, toolCalls: 1, deadline: 1 };
    const caller = {
      kind: 'agent',
      role: 'coordinator',
      incident: INC,
      session: COORDINATOR,
      run,
      budget,
      allowlist: [],
      signal: AbortSignal.abort(),
    } as const;
    const args = tool.args.parse({ role: 'monitor', brief: monitorBrief });
    const result = await tool.perform(args, { caller, call: CallId.parse('e99'), clock: rig.clock });
    expect(result).toMatchObject({ kind: 'gap', detail: 'run_ended' });
  });

  test.each<[string, Brief, string | undefined, string]>([
    ['of another role', monitorBrief, 'diagnosis', 'brief_mismatch'],
    [
      'about a service that the config does not have',
      { ...monitorBrief, service: 'service:billing' },
      undefined,
      'unknown_reference',
    ],
    [
      'with evidence that was never read',
      {
        role: 'diagnosis',
        service: 'service:checkout',
        severity: 'critical',
        since: 1,
        findings: [
          {
            service: CHECKOUT,
            signal: 'error_ratio',
            state: 'high',
            now: '0.4',
            normal: '0.1',
            since: 1,
            evidence: [CallId.parse('e77')],
          },
        ],
      },
      undefined,
      'unknown_evidence',
    ],
    [
      'that takes the page for later than it came',
      MonitorBrief.parse({ ...monitorBrief, startedAt: Number.MAX_SAFE_INTEGER }),
      undefined,
      'later_than_page',
    ],
    [
      'with findings that no monitor reported',
      {
        role: 'diagnosis',
        service: 'service:checkout',
        severity: 'critical',
        since: 1,
        findings: [
          {
            service: CHECKOUT,
            signal: 'error_ratio',
            state: 'high',
            now: '0.4',
            normal: '0.1',
            since: 1,
            evidence: [],
          },
        ],
      },
      undefined,
      'not_reported',
    ],
    ['for a cause that no diagnosis reported', remediation({}), undefined, 'not_diagnosed'],
    [
      'with a confidence but no cause',
      remediation({ cause: 'unknown', confidence: 90 }),
      undefined,
      'not_diagnosed',
    ],
  ])('refuses a brief %s', async (_name, brief, role, detail) => {
    const rig = await spawnWith(brief, role);
    await open(rig);
    expect(rig.fold.incident(INC)?.sessions.map((one) => one.role)).toEqual(['coordinator']);
    const items = rig.model.requests.at(-1)?.items;
    expect(items?.find((item) => item.kind === 'result')).toMatchObject({ outcome: 'gap', text: detail });
  });

  test('takes no remediation brief from a diagnosis that named no cause', async () => {
    const hypothesis = { cause: 'stuck_pool', service: CHECKOUT, confidence: 60, for: [], against: [] };
    const abstained = {
      ...{ role: 'diagnosis', outcome: 'inconclusive', hypotheses: [hypothesis], ruledOut: [], gaps: [] },
      ...{ pressure: null, deploy: null, replicas: null, maxReplicas: null },
    };
    const brief = {
      ...{ role: 'diagnosis', service: 'service:checkout', severity: 'critical', since: 1, findings: [] },
    };
    const rig = await createRig({
      roles: {
        coordinator: (request) => {
          if (request.items.at(-1)?.kind !== 'input') return say();
          if (request.items.length === 1) return say(call('sessions_spawn', { role: 'diagnosis', brief }));
          const wanted = remediation({ confidence: 60 });
          return say(call('sessions_spawn', { role: 'remediation', brief: wanted }, 'r'));
        },
        diagnosis: () => say(call('report', abstained)),
      },
    });
    await open(rig);
    expect(rig.fold.incident(INC)?.sessions.map(({ role }) => role)).toEqual(['coordinator', 'diagnosis']);
    const results = rig.model.requests.at(-1)?.items.filter((item) => item.kind === 'result');
    expect(results?.at(-1)).toMatchObject({ outcome: 'gap', text: 'not_diagnosed' });
  });

  test('takes a remediation brief that repeats a diagnosis, and none that changes it', async () => {
    const hypothesis = {
      cause: 'stuck_pool',
      service: CHECKOUT,
      confidence: 80,
      for: [],
      against: [],
    } as const;
    const diagnosed = {
      role: 'diagnosis',
      outcome: 'likely',
      hypotheses: [hypothesis],
      ruledOut: [],
      gaps: [],
      pressure: null,
      deploy: null,
      replicas: null,
      maxReplicas: null,
    };
    const diagnosis = {
      role: 'diagnosis',
      service: 'service:checkout',
      severity: 'critical',
      since: 1,
      findings: [],
    };
    const briefs = [
      remediation({ confidence: 95 }),
      remediation({ deploy: 'deploy:checkout@-1' }),
      remediation({}),
    ];
    const rig = await createRig({
      roles: {
        coordinator: (request) => {
          const last = request.items.at(-1);
          if (last?.kind !== 'input') return say();
          const wakes = request.items.filter((item) => item.kind === 'input').length;
          if (wakes > 2) return say();
          if (wakes === 1) return say(call('sessions_spawn', { role: 'diagnosis', brief: diagnosis }));
          return say(
            ...briefs.map((brief, n) => call('sessions_spawn', { role: 'remediation', brief }, `r${n}`)),
          );
        },
        diagnosis: () => say(call('report', diagnosed)),
        remediation: () => say(call('report', { role: 'remediation', outcome: 'proposed' })),
      },
    });
    await open(rig);
    expect(rig.fold.incident(INC)?.sessions.filter((one) => one.role === 'remediation')).toHaveLength(1);
    const forged = rig.fold.incident(INC)?.runs.find((run) => run.role === 'remediation');
    expect(forged?.settled).toMatchObject({ outcome: 'failed', reason: 'invalid_report', report: null });
  });

  test('refuses when the incident is closed or the run has to end', async () => {
    const rig = await createRig({
      roles: {
        coordinator: (_r, turn) => (turn === 0 ? say(call('incident_resolve'), spawnMonitor()) : say()),
      },
    });
    await open(rig);
    expect(rig.model.requests.at(-1)?.items.at(-1)).toMatchObject({
      outcome: 'gap',
      text: 'incident_closed',
    });
  });
});

describe('sessions_history', () => {
  test('lists states and outcomes of the own incident without any text', async () => {
    const rig = await createRig({
      roles: {
        coordinator: (_r, turn) =>
          turn === 0 ? say(spawnMonitor()) : turn === 2 ? say(call('sessions_history')) : say(),
        monitor: report,
      },
    });
    await open(rig);
    const result = rig.model.requests.at(-1)?.items.findLast((item) => item.kind === 'result');
    expect(result?.kind === 'result' && result.value).toEqual({
      sessions: [
        {
          childSessionKey: expect.any(String),
          runId: expect.any(String),
          role: 'monitor',
          state: 'settled',
          outcome: 'reported',
          reason: null,
        },
      ],
    });
  });
});

describe('a remediation', () => {
  test('whose change was taken up has reported what code says, and makes no other call', async () => {
    const spawn = call('sessions_spawn', {
      role: 'remediation',
      brief: remediation({ cause: 'unknown', confidence: 0 }),
    });
    const rig = await createRig({
      roles: {
        coordinator: (_r, turn) => (turn === 0 ? say(spawn) : say()),
        remediation: () => say(call('service_restart', { target: 'service:checkout' })),
      },
      answers: async ({ tool }) =>
        tool === 'service_restart'
          ? { kind: 'proposed', approval: ApprovalId.parse('A-1'), text: 'A-1 waits' }
          : { kind: 'ok', value: null, text: '' },
    });
    await open(rig);
    expect(rig.model.requests.filter((one) => one.role === 'remediation')).toHaveLength(1);
    const run = rig.fold.incident(INC)?.runs.find((one) => one.role === 'remediation');
    expect(run?.settled).toMatchObject({
      outcome: 'reported',
      report: { role: 'remediation', outcome: 'proposed' },
    });
  });
});

function remediation(changes: Partial<Extract<Brief, { role: 'remediation' }>>): Brief {
  return {
    role: 'remediation',
    cause: 'stuck_pool',
    service: 'service:checkout',
    confidence: 80,
    pressure: null,
    deploy: null,
    replicas: null,
    maxReplicas: null,
    evidence: [],
    requested: [],
    ...changes,
  };
}
