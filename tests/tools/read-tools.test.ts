import { expect, test } from 'vitest';
import { z } from 'zod';
import { canonical, type JsonObject } from '#core/canonical.ts';
import { IncidentId, ServiceId } from '#core/ids.ts';
import * as seenSchemas from '#incidents/observations.ts';
import * as seenHistory from '#incidents/observations-history.ts';
import { ScanSeen } from '#incidents/observations-scan.ts';
import { clusterTools } from '#tools/read/cluster-tools.ts';
import { readTools } from '#tools/read/tools.ts';
import type { ToolContext } from '#tools/tool.ts';
import { fakeContext } from './fake-context.ts';

const schemas: Record<string, z.ZodType> = {
  metrics_query: seenSchemas.SignalSeen,
  logs_search: seenSchemas.LogsSeen,
  http_probe: seenSchemas.ProbeSeen,
  deployments_list: seenSchemas.DeploymentsSeen,
  workload_status: seenSchemas.WorkloadSeen,
  runbook_search: seenSchemas.RunbooksSeen,
  system_scan: ScanSeen,
  incident_history: seenHistory.HistorySeen,
};
const service = 'service:checkout';

function toolNamed(name: string) {
  const tool = readTools.find((one) => one.name === name);
  if (!tool) throw new Error(`no tool ${name}`);
  return tool;
}
async function call(name: string, args: object, context: ToolContext) {
  const tool = toolNamed(name);
  return await tool.perform(tool.args.parse(args), context);
}
async function seen<T>(schema: z.ZodType<T>, name: string, args: object, context: ToolContext): Promise<T> {
  const result = await call(name, args, context);
  if (result.kind === 'gap') throw new Error(`${result.reason}: ${result.detail}`);
  return schema.parse(result.value);
}

const examples = (at: number): [string, object][] => [
  ['metrics_query', { service, signal: 'error_ratio', at }],
  ['logs_search', { service, level: 'error', minutes: 10 }],
  ['http_probe', { service }],
  ['deployments_list', { service }],
  ['workload_status', { service }],
  ['runbook_search', { service }],
  ['system_scan', { service, at }],
  ['incident_history', { service }],
];
const runbook = {
  name: 'checkout',
  services: ['checkout'],
  prose: '# Pool\nRestart it.',
  actions: [{ cause: 'stuck_pool', tool: 'service_restart', target: 'self' }],
};

test('every read gives a value of its fixed shape, a short text, and facts that the log can hold', async () => {
  const { shop, clock, context } = fakeContext({ runbooks: [runbook] });
  shop.inject('bad-deploy', 'checkout');
  await clock.advance(20_000);
  // Those of clusters, databases, PromQL, the machine and of code have tests of their own.
  const elsewhere = /^(pg_|promql_query|host_status|change)/;
  const tools = readTools.filter((tool) => !clusterTools.includes(tool) && !elsewhere.test(tool.name));
  expect(tools.map(({ name }) => name).sort()).toEqual(Object.keys(schemas).sort());
  for (const [name, args] of examples(clock.now())) {
    const result = await call(name, args, context);
    if (result.kind === 'gap') throw new Error(`${name}: ${result.detail}`);
    expect(schemas[name]?.safeParse(result.value).error).toBeUndefined();
    expect(result.text.length).toBeGreaterThan(0);
    expect(result.text.length).toBeLessThanOrEqual(4000);
    expect(canonical((result.facts ?? {}) as JsonObject)).toContain('checkout');
  }
});

test('the text gives a reader without the value the figures and names that a report must cite', async () => {
  const { shop, clock, context } = fakeContext();
  shop.inject('bad-deploy', 'checkout');
  await clock.advance(20_000);
  const args = { service, signal: 'error_ratio', at: clock.now() };
  const result = await call('metrics_query', args, context);
  if (result.kind === 'gap') throw new Error(result.detail);
  const { now, low, high, since } = z.record(z.string(), z.unknown()).parse(result.facts);
  expect(result.text).toContain(`exact: now ${now}, normal `);
  expect(result.text).toContain(`band ${low} to ${high}, since ${since}`);
  const workload = await call('workload_status', { service }, context);
  const calls = context.inventory.services.get(ServiceId.parse('checkout'))?.dependsOn ?? [];
  expect(calls.length).toBeGreaterThan(0);
  expect(workload).toMatchObject({
    text: expect.stringContaining(`calls: ${calls.join(', ')}; called by: `),
  });
});

test('a service that is not in the inventory, or lacks what the read needs, is a gap', async () => {
  const { context } = fakeContext();
  for (const [name, args] of examples(0)) {
    const stranger = await call(name, { ...args, service: 'service:nobody' }, context);
    expect(stranger).toMatchObject({ kind: 'gap', reason: 'not_configured' });
  }
  const services = [...context.inventory.services.values()].map(
    ({ id, environment, owner, mode, dependsOn, maxReplicas }) =>
      [id, { id, environment, owner, mode, dependsOn, maxReplicas, signals: {} }] as const,
  );
  const { history: _, ...world } = context.world;
  const bare = { ...context, world, inventory: { ...context.inventory, services: new Map(services) } };
  for (const [name, args] of examples(0)) {
    expect(await call(name, args, bare)).toMatchObject({ kind: 'gap', reason: 'not_configured' });
  }
});

test('arguments are exact: nothing missing, nothing more, nothing out of range', () => {
  for (const [name, args] of examples(0)) {
    const { args: schema } = toolNamed(name);
    expect(schema.safeParse(args).success).toBe(true);
    expect(schema.safeParse({ ...args, file: '/etc/passwd' }).success).toBe(false);
    expect(schema.safeParse({ ...args, service: '../checkout' }).success).toBe(false);
  }
  expect(toolNamed('logs_search').args.safeParse({ service, level: 'any', minutes: 61 }).success).toBe(false);
});

test('a signal that left its band says since when, and one that did not is normal', async () => {
  const { shop, clock, context } = fakeContext();
  const onset = clock.now();
  shop.inject('bad-deploy', 'checkout');
  await clock.advance(15_000);
  const at = clock.now();
  const errors = await seen(
    seenSchemas.SignalSeen,
    'metrics_query',
    { service, signal: 'error_ratio', at },
    context,
  );
  expect(errors.state).toBe('high');
  expect(errors.now).toBeGreaterThan(0.25);
  expect(errors.normal?.median).toBeLessThan(0.01);
  expect(Math.abs((errors.since ?? 0) - onset)).toBeLessThanOrEqual(1500);
  const rate = await seen(
    seenSchemas.SignalSeen,
    'metrics_query',
    { service, signal: 'request_rate', at },
    context,
  );
  expect(rate.state).toBe('normal');
});

test('a long time is thinned to 240 points that cover all of it', async () => {
  const { clock, context } = fakeContext();
  await clock.advance(3_600_000);
  const at = clock.now() - 3_600_000;
  const { points } = await seen(
    seenSchemas.SignalSeen,
    'metrics_query',
    { service, signal: 'request_rate', at },
    context,
  );
  expect(points.v.length).toBeLessThanOrEqual(240);
  const end = points.from + points.stepMs * points.v.length;
  expect(Math.abs(end - clock.now())).toBeLessThanOrEqual(2 * points.stepMs);
});

test('what cannot be reached is a gap that says so', async () => {
  const { shop, clock, context } = fakeContext();
  for (const part of ['metrics', 'logs', 'workload', 'probe'] as const) shop.blind.add(part);
  for (const [name, args] of examples(clock.now())) {
    if (name !== 'runbook_search' && name !== 'incident_history')
      expect(await call(name, args, context)).toMatchObject({ kind: 'gap', reason: 'unreachable' });
  }
});

test('errors of a new kind are marked as new, those that were there before are not', async () => {
  const { shop, clock, context } = fakeContext();
  shop.inject('bad-deploy', 'checkout');
  await clock.advance(15_000);
  const { templates, total } = await seen(
    seenSchemas.LogsSeen,
    'logs_search',
    { service, level: 'error', minutes: 10 },
    context,
  );
  expect(total).toBeGreaterThan(50);
  const type = templates.find(({ template }) => template.startsWith('TypeError'));
  expect(type).toMatchObject({
    fresh: true,
    template: 'TypeError: Cannot read properties of undefined (reading <text>) in request <n>',
  });
  const reset = templates.find(({ template }) => template.includes('connection reset'));
  expect(reset?.fresh).toBe(false);
});

test('without a time before, no line is new', async () => {
  const { clock, context } = fakeContext();
  const now = clock.now();
  const lines = [{ at: now - 1000, level: 'error', message: 'boom' }];
  const logs = {
    search: () => Promise.resolve({ kind: 'seen', value: { lines, total: 1, truncated: false } } as const),
  };
  const value = await seen(
    seenSchemas.LogsSeen,
    'logs_search',
    { service, level: 'error', minutes: 1 },
    { ...context, world: { ...context.world, logs } },
  );
  expect(value.templates).toEqual([{ template: 'boom', count: 1, firstAt: now - 1000, fresh: false }]);
});

test('foreign text is harmless and without secrets wherever it is shown', async () => {
  const { context } = fakeContext({
    runbooks: [{ ...runbook, prose: 'a\u001b[2J\nghp_a1B2c3D4e5F6g7H8i9J0k1L2' }],
  });
  const message =
    '\u001b]0;x\u0007 <!channel> \u202e token=abcdef0123456789 ghp_a1B2c3D4e5F6g7H8i9J0k1L2 \ud800';
  const lines = [{ at: 1, level: 'error', message }];
  const world = {
    ...context.world,
    logs: {
      search: () => Promise.resolve({ kind: 'seen', value: { lines, total: 1, truncated: false } } as const),
    },
    workloads: new Map(
      [...context.world.workloads].map(([id, driver]) => [
        id,
        {
          ...driver,
          deployments: () =>
            Promise.resolve({ kind: 'seen', value: [{ version: 'v1', at: 1, by: message }] } as const),
        },
      ]),
    ),
  };
  for (const [name, args] of [
    ['logs_search', { service, level: 'any', minutes: 1 }],
    ['deployments_list', { service }],
    ['runbook_search', { service }],
  ] as const) {
    const result = await call(name, args, { ...context, world });
    const shown = JSON.stringify(result);
    expect(result.kind).toBe('ok');
    expect(shown).not.toMatch(/\\u001b|\\u0007|\u202e|\\ud800|ghp_a1|abcdef0123456789/);
  }
});

test('deployments carry references for the earlier ones, and none when a version is not printable', async () => {
  const { shop, context } = fakeContext();
  shop.inject('bad-deploy', 'checkout');
  const { deployments } = await seen(seenSchemas.DeploymentsSeen, 'deployments_list', { service }, context);
  expect(deployments.map(({ ref, version }) => [ref, version])).toEqual([
    [null, 'v42'],
    ['deploy:checkout@-1', 'v41'],
  ]);
  shop.deployByHand('checkout', 'v43\u001b[31m');
  expect(await call('deployments_list', { service }, context)).toMatchObject({
    kind: 'gap',
    reason: 'bad_answer',
  });
});

test('earlier incidents are told with what a person said of each and what became of each change', async () => {
  const { context } = fakeContext();
  const id = ServiceId.parse('checkout');
  const at = { cause: 'stuck_pool' as const, service: id, object: null };
  const past: seenHistory.PastIncident = {
    ...{
      incident: IncidentId.parse('INC-7'),
      service: id,
      openedAt: 1000,
      endedAt: 2000,
      resolution: 'recovered',
    },
    ...{ named: { ...at, cause: 'overload' }, confirmed: at, refuted: { ...at, cause: 'overload' } },
    actions: [
      { tool: 'service_scale', outcome: 'undone' },
      { tool: 'service_restart', outcome: 'helped' },
    ],
  };
  const asked: [string, number][] = [];
  const history: NonNullable<ToolContext['world']['history']> = (about, most) => {
    asked.push([about, most]);
    return [past];
  };
  const result = await call(
    'incident_history',
    { service },
    { ...context, world: { ...context.world, history } },
  );
  expect(asked).toEqual([['checkout', 10]]);
  expect(result).toEqual({
    kind: 'ok',
    value: { service: 'checkout', incidents: [past] },
    text: [
      'checkout: 1 earlier incidents',
      'INC-7 1970-01-01T00:00:01.000Z, named overload of checkout, a person says: stuck_pool of checkout, a person says: not overload of checkout, service_scale undone, service_restart helped, recovered',
    ].join('\n'),
    facts: {
      ...{ service: 'checkout', incidents: 1, last: 'INC-7', at: 1000, cause: 'stuck_pool' },
      ...{ causeService: 'checkout', tool: 'service_restart', outcome: 'helped' },
    },
  });
  const { history: _, ...world } = context.world;
  expect(await call('incident_history', { service }, { ...context, world })).toMatchObject({
    kind: 'gap',
    reason: 'not_configured',
  });
});

test('the workload counts instances by state', async () => {
  const { shop, context } = fakeContext();
  shop.inject('dead-dependency', 'checkout');
  const value = await seen(seenSchemas.WorkloadSeen, 'workload_status', { service }, context);
  expect(value).toMatchObject({
    replicas: 2,
    running: 0,
    exited: 2,
    maxReplicas: 4,
    generation: 1,
    oldestStart: null,
  });
});

test('a runbook gives the actions for this service only, and general ones come last', async () => {
  const other = { cause: 'stuck_pool', tool: 'service_restart', target: 'inventory' };
  const general = { name: 'general', services: [], prose: 'Call someone.', actions: [] };
  const foreignOne = { ...runbook, name: 'inventory', services: ['inventory'] };
  const { context } = fakeContext({
    runbooks: [general, foreignOne, { ...runbook, actions: [...runbook.actions, other] }],
  });
  const { runbooks } = await seen(seenSchemas.RunbooksSeen, 'runbook_search', { service }, context);
  expect(runbooks.map(({ name, actions }) => [name, actions])).toEqual([
    ['checkout', [{ cause: 'stuck_pool', tool: 'service_restart' }]],
    ['general', []],
  ]);
});
