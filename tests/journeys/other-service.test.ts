import { expect, test } from 'vitest';
import { IncidentFold } from '#incidents/incident-fold.ts';
import type { Model, ModelCall, ModelReply } from '#llm/model.ts';
import { type InProcess, inProcess } from './in-process.ts';

/** A coordinator's first choice of calls; undefined where it does as the rules do. */
type Choose = (about: { wake: string; rules: readonly ModelCall[] }) => readonly ModelCall[] | undefined;

const say = (calls: readonly ModelCall[]): ModelReply => ({
  kind: 'reply',
  text: '',
  calls,
  stop: calls.length === 0 ? 'end' : 'tool_use',
  usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
  by: { model: 'test/coordinator', mode: 'model', why: null },
});

/** Rules for every role, and a coordinator that may choose otherwise. */
function coordinator(rules: Model, choose: Choose): Model {
  return {
    name: 'test',
    reply: async (request, signal) => {
      const reply = await rules.reply(request, signal);
      const last = request.items.at(-1);
      if (request.role !== 'coordinator' || last?.kind !== 'input' || reply.kind !== 'reply') return reply;
      const calls = choose({ wake: JSON.stringify(last.value), rules: reply.calls });
      return calls === undefined ? reply : say(calls);
    },
  };
}

const resolve: ModelCall = { id: 'r', tool: 'incident_resolve', args: { resolution: 'nothing_wrong' } };

function monitor(service: string, startedAt: number): ModelCall {
  const brief = { role: 'monitor', service, severity: 'critical', about: null, startedAt };
  return { id: `m-${service}`, tool: 'sessions_spawn', args: { role: 'monitor', brief } };
}

async function burning(
  model: (parts: { rules: Model; startedAt: () => number }) => Model,
): Promise<InProcess> {
  let startedAt = 0;
  const run = await inProcess({
    seed: 3,
    model: ({ rules }) => model({ rules, startedAt: () => startedAt }),
  });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  startedAt = run.clock.now();
  return run;
}

const isOver = (run: InProcess) => run.incident().resolved !== null || run.incident().escalated !== null;

test('a coordinator that looks at a healthy neighbour instead cannot close a burning page', async () => {
  const run = await burning(({ rules, startedAt }) =>
    coordinator(rules, ({ wake }) => {
      if (wake.includes('"opened"')) return [monitor('service:inventory', startedAt())];
      return wake.includes('"healthy"') ? [resolve] : undefined;
    }),
  );
  await run.page();
  await run.until(() => isOver(run));
  expect(run.incident()).toMatchObject({ service: 'checkout', monitor: null, resolved: null });
  expect(run.incident().looks).toMatchObject([
    { service: 'inventory', report: { verdict: 'healthy', signal: { service: 'inventory' } } },
  ]);
});

test('a healthy service does not close an incident which another service joined with a page that burns', async () => {
  const run = await burning(({ rules }) => coordinator(rules, () => undefined));
  await run.page({ service: 'inventory' });
  await run.page({ service: 'checkout' });
  await run.until(() => isOver(run));
  expect(run.incident()).toMatchObject({
    service: 'inventory',
    alerts: [{ service: 'inventory' }, { service: 'checkout' }],
    monitor: { verdict: 'healthy', signal: { service: 'inventory' } },
    resolved: null,
    escalated: { reason: 'agent_failed' },
  });
});

test('what must come back stays the signal of the page when a neighbour is looked at before the plan', async () => {
  let asRules: readonly ModelCall[] | undefined;
  const run = await burning(({ rules, startedAt }) =>
    coordinator(rules, ({ wake, rules: calls }) => {
      if (wake.includes('"role":"diagnosis"')) {
        asRules = calls;
        return [monitor('service:inventory', startedAt())];
      }
      return wake.includes('"verdict":"healthy"') ? asRules : undefined;
    }),
  );
  await run.page();
  const pending = () => run.folds.approvals.all().filter(({ state }) => state === 'pending');
  await run.until(() => pending().length > 0);
  expect(run.incident().looks.map(({ service }) => service)).toContain('inventory');
  expect(run.incident().monitor?.signal).toMatchObject({ service: 'checkout', name: 'error_ratio' });
  expect(pending()[0]?.plan.verification).toMatchObject({ service: 'checkout', signal: 'error_ratio' });
  await run.decide('approve');
  await run.until(() => run.incident().resolved !== null);
  expect(run.incident()).toMatchObject({ verified: true, resolved: { resolution: 'recovered' } });
});

test('a model that is paused does not hide why it was paused', async () => {
  const run = await inProcess({
    seed: 3,
    model: ({ rules }) => {
      let turns = 0;
      return {
        name: 'test',
        reply: async (request, signal) => {
          const reply = await rules.reply(request, signal);
          const why = turns === 0 ? 'key_refused' : 'breaker_open';
          turns += 1;
          return reply.kind === 'reply' ? { ...reply, by: { ...reply.by, why } } : reply;
        },
      };
    },
  });
  await run.page();
  await run.until(() => isOver(run));
  const fold = new IncidentFold();
  for (const entry of await run.entries()) fold.apply(entry);
  const fallback = fold.current()[0]?.models.fallback;
  expect(fallback?.turns).toBeGreaterThan(2);
  expect(fallback?.why).toBe('key_refused');
});
