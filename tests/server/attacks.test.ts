import { expect, test } from 'vitest';
import { rulesModel } from '#agents/rules/model.ts';
import { sha256 } from '#core/hash.ts';
import type { Model, ModelCall, ModelReply } from '#llm/model.ts';
import { aDelivery, anAlert, inProcess } from '#tests/journeys/in-process.ts';

const say = (...calls: ModelCall[]): ModelReply => ({
  kind: 'reply',
  text: '',
  calls,
  stop: calls.length > 0 ? 'tool_use' : 'end',
  usage: { inputTokens: 1, outputTokens: 1, usdMicros: 0 },
  by: { model: 'hostile', mode: 'model', why: null },
});

/** A model that a test writes: which role, and how often it has replied in this session. */
function hostile(
  script: (role: string, turn: number, request: Parameters<Model['reply']>[0]) => ModelReply,
): Model {
  return {
    name: 'hostile',
    reply: async (request) =>
      script(request.role, request.items.filter(({ kind }) => kind === 'reply').length, request),
  };
}

test('a storm of 900 alerts in one delivery is recorded, every one of them', async () => {
  const run = await inProcess();
  const alerts = Array.from({ length: 900 }, (_, i) =>
    anAlert(run.clock, { name: `HighErrorRate${i}`, fingerprint: sha256(`storm ${i}`) }),
  );
  const accepted = await run.firebreak.deliver(aDelivery(run.clock, alerts));
  expect(accepted).toEqual({ kind: 'accepted', incidents: [run.incident().id] });
  expect(new Set(run.incident().alerts.map(({ fingerprint }) => fingerprint)).size).toBe(900);
  const received = (await run.entries()).flatMap(({ kind, body }) =>
    kind === 'delivery.received' ? [body.alerts] : [],
  );
  expect(received.reduce((sum: number, count) => sum + Number(count), 0)).toBe(900);
  await run.firebreak.close();
});

test('an incident that comes back belongs to nobody, and what was verified before says nothing about it', async () => {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  await run.decide('approve');
  await run.until(() => run.incident().resolved !== null);
  run.shop.deployByHand('checkout', 'v43');
  await run.page();
  expect(run.incident()).toMatchObject({ resolved: null, takenBy: null, verified: false });
  const closed = await run.firebreak.carry.invoke.one(
    { kind: 'system', incident: run.incident().id },
    'incident_resolve',
    { resolution: 'recovered' },
  );
  expect(closed.outcome.kind).toBe('gap');
});

test('a coordinator that falls silent after nobody decided does not leave the incident alone', async () => {
  let silent = false;
  const honest = rulesModel((await inProcess()).shop.inventory);
  const model: Model = {
    ...honest,
    reply: (request, signal) =>
      silent && request.role === 'coordinator' ? Promise.resolve(say()) : honest.reply(request, signal),
  };
  const run = await inProcess({ model });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  silent = true;
  await run.decide('deny');
  await run.until(() => run.incident().escalated !== null, 180_000);
  expect(run.incident().escalated).toMatchObject({ reason: 'agent_failed' });
});

test('when somebody changed the target by hand and the alert goes on, people are told', async () => {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'pending'));
  run.shop.deployByHand('checkout', 'v42');
  await run.until(() => run.folds.approvals.all().some(({ state }) => state === 'withdrawn'));
  await run.until(() => run.incident().escalated !== null, 180_000);
  expect(run.incident().resolved).toBeNull();
});

test('agents that say all is well against what the tool saw do not close the incident', async () => {
  const model = hostile((role, turn, { items }) => {
    const at = Date.UTC(2026, 0, 5, 3, 12, 12);
    const service = 'service:checkout';
    if (role === 'monitor' && turn === 0)
      return say({ id: 'a', tool: 'metrics_query', args: { service, signal: 'error_ratio', at } });
    if (role === 'monitor') {
      const read = items.findLast((item) => item.kind === 'result');
      const evidence = read?.kind === 'result' && read.call !== null ? [read.call] : [];
      const finding = { service: 'checkout', signal: 'error_ratio', state: 'normal', now: '0', normal: '0' };
      const report = {
        role: 'monitor',
        verdict: 'healthy',
        signal: { service: 'checkout', name: 'error_ratio', low: '0', high: '1' },
        since: null,
        findings: [{ ...finding, since: null, evidence }],
      };
      return say({ id: 'b', tool: 'report', args: report });
    }
    if (role !== 'coordinator') return say();
    const brief = { role: 'monitor', service, severity: 'critical', about: 'error_ratio', startedAt: at };
    return turn === 0
      ? say({ id: 'c', tool: 'sessions_spawn', args: { role: 'monitor', brief } })
      : turn === 2
        ? say({ id: 'd', tool: 'incident_resolve', args: { resolution: 'nothing_wrong' } })
        : say();
  });
  const run = await inProcess({ model });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  let tried = 0;
  run.log.subscribe((entries) => {
    tried += entries.filter(
      ({ kind, body }) => kind === 'tool.finished' && body.tool === 'incident_resolve',
    ).length;
  });
  await run.page();
  await run.until(() => tried > 0);
  expect(run.incident().resolved).toBeNull();
  // What was measured stands in its place.
  const { monitor } = run.incident();
  expect(monitor).toMatchObject({
    verdict: 'impaired',
    findings: [{ signal: 'error_ratio', state: 'high' }],
  });
  expect(Number(monitor?.signal?.high)).toBeLessThan(0.1);
});

test('a band that nobody measured cannot be what a change is judged by', async () => {
  const model = hostile((role, turn, { items }) => {
    const at = Date.UTC(2026, 0, 5, 3, 12, 12);
    const service = 'service:checkout';
    if (role === 'coordinator' && turn === 0) {
      const brief = { role: 'monitor', service, severity: 'critical', about: 'error_ratio', startedAt: at };
      return say({ id: 'c', tool: 'sessions_spawn', args: { role: 'monitor', brief } });
    }
    if (role !== 'monitor') return say();
    if (turn === 0)
      return say({ id: 'a', tool: 'metrics_query', args: { service, signal: 'error_ratio', at } });
    const read = items.findLast((item) => item.kind === 'result');
    const evidence = read?.kind === 'result' && read.call !== null ? [read.call] : [];
    const finding = { service: 'checkout', signal: 'error_ratio', state: 'high', now: '0.3', normal: '0' };
    const report = {
      role: 'monitor',
      verdict: 'impaired',
      signal: { service: 'checkout', name: 'error_ratio', low: '0', high: '1000000' },
      since: null,
      findings: [{ ...finding, since: null, evidence }],
    };
    return say({ id: 'b', tool: 'report', args: report });
  });
  const run = await inProcess({ model });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await run.until(() => run.incident().monitor !== null);
  const { monitor } = run.incident();
  expect(monitor).toMatchObject({ verdict: 'impaired', signal: { name: 'error_ratio', low: '0' } });
  expect(Number(monitor?.signal?.high)).toBeLessThan(0.1);
});
