import { describe, expect, test } from 'vitest';
import { agentSpecs } from '#agents/spec.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, ServiceId } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import { type BodyOf, fact, readFact, SYSTEM } from '#incidents/entry.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { loadPrompts } from '#prompts/load.ts';
import { historyTool } from '#sessions/history.ts';
import { createScheduler } from '#sessions/scheduler.ts';
import { createSessionsFold } from '#sessions/sessions-fold.ts';
import { spawnTool } from '#sessions/spawn.ts';
import { toolSpecsOf } from '#sessions/tool-specs.ts';
import { loadItems } from '#sessions/transcript.ts';
import { createNoteTools } from '#tools/act/notes.ts';
import { actTools } from '#tools/act/tools.ts';
import { createInvoke } from '#tools/invoke.ts';
import { readTools } from '#tools/read/tools.ts';
import type { AnyTool } from '#tools/tool.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';
import {
  COORDINATOR,
  call,
  countingRandom,
  INC,
  monitorBrief,
  opened,
  type Script,
  say,
  scripted,
  spawnMonitor,
} from '../sessions/rig.ts';

const opening: BodyOf<'incident.opened'> = {
  alert: {
    source: 'generic',
    status: 'firing',
    fingerprint: sha256('alert'),
    name: 'HighErrorRate',
    severity: 'critical',
    service: 'checkout',
    environment: 'prod',
    startsAt: 1,
  },
  group: 'checkout',
  service: ServiceId.parse('checkout'),
  environment: 'prod',
  owner: 'team-shop',
  severity: 'critical',
  mode: 'act',
  reason: 'new',
};

/** The four agents on the real tool layer and a simulated shop; only the gate is a list of what was proposed. */
async function house(roles: Partial<Record<string, Script>>) {
  const clock = new FakeClock();
  const random = countingRandom();
  const fold = createSessionsFold();
  const incidents = new IncidentFold();
  const log = await openMemoryLog({ clock, random, folds: [fold, incidents] });
  const { world, inventory, applied } = createFakeWorld({ clock, seed: 1 });
  const specs = agentSpecs(await loadPrompts(), inventory);
  const launch: Parameters<typeof spawnTool>[0]['launch'] = (incident, run) =>
    scheduler.launch(incident, run);
  const own: AnyTool[] = [
    spawnTool({ log, random, fold, specs, inventory, runbooks: [], launch }),
    historyTool(fold),
  ];
  const tools: AnyTool[] = [...readTools, ...actTools, ...createNoteTools({ log, incidents }), ...own];
  const proposals: string[] = [];
  const invoke = createInvoke({
    log,
    clock,
    world,
    inventory,
    runbooks: [],
    numbers: new CallNumbers(incidents),
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    propose: async ({ caller, steps }) => {
      proposals.push(...steps.map((step) => `${caller.role} ${step.tool}`));
      return { kind: 'requested', approval: ApprovalId.parse('A-1'), pending: true };
    },
  });
  const model = scripted(roles);
  const errors: unknown[] = [];
  const base = { log, clock, random, fold, specs, model, invoke, toolSpecs: toolSpecsOf(tools, specs) };
  const scheduler = createScheduler({ ...base, onError: (error) => errors.push(error) });
  await log.append([fact('incident.opened', opening, { actor: SYSTEM, traceId: INC, incident: INC })]);
  await scheduler.open(INC, COORDINATOR, opened);
  await scheduler.drain();
  const facts = [];
  for await (const entry of log.read(0)) facts.push(...[readFact(entry) ?? []].flat());
  const refused = facts.flatMap((one) =>
    one.kind === 'tool.refused' ? [`${one.body.tool} ${one.body.reason}`] : [],
  );
  return { log, fold, model, errors, facts, refused, proposals, applied };
}

const spawnFirst: Script = (_r, turn) => (turn === 0 ? say(spawnMonitor()) : say());

describe('agents on the real tool layer', () => {
  test('a sub-agent gets nothing but what its role holds, and every refusal is in the log', async () => {
    const hostile = say(
      call('service_restart', { target: 'service:checkout' }, 'a'),
      call('sessions_spawn', { role: 'monitor', brief: monitorBrief }, 'b'),
      call('incident_resolve', { resolution: 'nothing_wrong' }, 'c'),
      call('shell', { cmd: 'id' }, 'd'),
      call('http_probe', { service: 'service:checkout', url: 'http://169.254.169.254/' }, 'e'),
    );
    const seen = await house({
      coordinator: spawnFirst,
      monitor: (_r, turn) => (turn === 0 ? hostile : say()),
    });
    expect(seen.refused).toEqual([
      'service_restart not_allowed',
      'sessions_spawn not_allowed',
      'incident_resolve not_allowed',
      'shell unknown_tool',
      'http_probe invalid_arguments',
    ]);
    expect(seen.proposals).toEqual([]);
    expect(seen.applied).toEqual([]);
    expect(seen.errors).toEqual([]);
  });

  test('a coordinator can neither look nor change', async () => {
    const tries = ['metrics_query', 'logs_search', 'service_restart', 'service_rollback', 'service_scale'];
    const seen = await house({
      coordinator: (_r, turn) => (turn === 0 ? say(...tries.map((tool) => call(tool))) : say()),
    });
    expect(seen.refused).toEqual(tries.map((tool) => `${tool} not_allowed`));
  });

  test('a remediation proposes once and performs nothing', async () => {
    const brief = {
      role: 'remediation',
      cause: 'unknown',
      service: 'service:checkout',
      confidence: 0,
      pressure: null,
      deploy: null,
      replicas: null,
      maxReplicas: null,
      evidence: [],
      requested: [],
    };
    const seen = await house({
      coordinator: (_r, turn) =>
        turn === 0 ? say(call('sessions_spawn', { role: 'remediation', brief })) : say(),
      remediation: () => say(call('service_restart', { target: 'service:checkout' })),
    });
    expect(seen.proposals).toEqual(['remediation service_restart']);
    expect(seen.applied).toEqual([]);
    const run = seen.fold.incident(INC)?.runs.find((one) => one.role === 'remediation');
    expect(run?.settled?.report).toEqual({ role: 'remediation', outcome: 'proposed' });
  });

  test('a transcript rebuilt from the log holds what the tools answered, word for word', async () => {
    const seen = await house({
      coordinator: spawnFirst,
      monitor: (_r, turn) =>
        turn === 0
          ? say(
              call('metrics_query', {
                service: 'service:checkout',
                signal: 'error_ratio',
                at: Date.UTC(2026, 0, 5, 3, 12),
              }),
              call('http_probe', { service: 'service:checkout' }),
            )
          : say(),
    });
    const session =
      seen.fold.incident(INC)?.sessions.find((one) => one.role === 'monitor')?.key ?? COORDINATOR;
    const shown = seen.model.requests.findLast((request) => request.role === 'monitor')?.items ?? [];
    const rebuilt = await loadItems({ log: seen.log, incident: INC, session, from: 0 });
    expect(shown.filter((item) => item.kind === 'result' && item.outcome === 'ok')).toHaveLength(2);
    expect(rebuilt.slice(0, shown.length)).toEqual(shown);
    expect(seen.fold.evidence(INC)).toMatchObject([
      { tool: 'metrics_query', service: 'checkout', signal: 'error_ratio' },
      { tool: 'http_probe', service: 'checkout', signal: null },
    ]);
  });
});
