import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonValue } from '#core/canonical.ts';
import { SessionKey } from '#core/ids.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';
import type { Item, Model, ModelCall, ModelReply, ModelRequest } from '#llm/model.ts';
import { loadItems } from '#sessions/transcript.ts';
import { type InProcess, inProcess, type ModelParts } from '../journeys/in-process.ts';
import { atRest, untilPeople } from '../journeys/model-scenarios.ts';
import { unpaired } from '../sessions/unpaired.ts';

/** What may be sent at once: the bound of a context, and the one turn that cannot be shortened. */
const MOST_SENT = 260_000;

const say = (...calls: ModelCall[]): ModelReply => ({
  kind: 'reply',
  text: '',
  calls,
  stop: calls.length > 0 ? 'tool_use' : 'end',
  usage: { inputTokens: 0, outputTokens: 0, usdMicros: 0 },
  by: { model: 'hostile', mode: 'model', why: null },
});
const call = (tool: string, args: JsonValue, id = tool): ModelCall => ({ id, tool, args });
const sizeOf = (items: readonly Item[]): number =>
  items.reduce(
    (sum, item) => sum + (item.kind === 'reply' ? JSON.stringify(item.calls).length : 0) + item.text.length,
    0,
  );

type Hostile = (request: ModelRequest, turn: number, base: ModelReply) => ModelReply;
type Played = { run: InProcess; largest: number };

/** A broken shop whose incident is handled by the rules, but for one role. Nobody says yes to anything. */
async function playedWith(role: AgentRole | 'all', hostile: Hostile): Promise<Played> {
  let largest = 0;
  const model = ({ rules }: ModelParts): Model => ({
    name: 'hostile',
    reply: async (request, signal) => {
      largest = Math.max(largest, sizeOf(request.items));
      const base = await rules.reply(request, signal);
      if (role !== 'all' && request.role !== role) return base;
      return hostile(request, request.items.filter((item) => item.kind === 'reply').length, base);
    },
  });
  const run = await inProcess({ model });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await untilPeople(run);
  await atRest(run);
  return { run, largest };
}

/** What must be so whatever a model does. Empty when all is. */
async function wrongIn({ run, largest }: Played): Promise<string[]> {
  const entries = await run.entries();
  const of = (kind: string) =>
    entries.flatMap((entry) => (entry.kind === kind ? [String(entry.body.run)] : []));
  const settled = of('run.settled');
  const wrong = [...new Set(settled)].length === settled.length ? [] : ['a run that settled twice'];
  if (of('run.started').toSorted().join() !== settled.toSorted().join())
    wrong.push('a run that did not settle');
  if (run.shop.applied.length > 0) wrong.push('a change that nobody allowed');
  if (run.incident().resolved !== null) wrong.push('said to be over');
  if (largest > MOST_SENT) wrong.push(`sent ${largest} characters`);
  for (const { kind, body, incidentId } of entries) {
    if (kind !== 'session.spawned' || incidentId === undefined) continue;
    const session = SessionKey.parse(body.session);
    const items = await loadItems({ log: run.log, incident: incidentId, session, from: 0 });
    wrong.push(...unpaired(items).map((one) => `${body.role}: ${one}`));
  }
  return [...wrong, ...run.errors];
}

const roles = ['coordinator', 'monitor', 'diagnosis', 'remediation'] as const;
const service = 'service:checkout';

describe.each(roles)('a hostile %s', (role) => {
  test.each<[string, Hostile]>([
    [
      'says huge things for ever',
      () => ({ ...say(call('incident_note', { text: 'x'.repeat(900) })), text: 'y'.repeat(60_000) }),
    ],
    [
      'fills its calls with as much as a reply may hold',
      (_r, turn) =>
        say(
          ...Array.from({ length: 16 }, (_, n) =>
            call('metrics_query', { service, fill: 'z'.repeat(3_800) }, `c${turn}-${n}`),
          ),
        ),
    ],
    [
      'says more than a reply may hold',
      () =>
        say(
          ...Array.from({ length: 16 }, (_, n) =>
            call('metrics_query', { fill: 'z'.repeat(60_000) }, `c${n}`),
          ),
        ),
    ],
    [
      'never reports',
      (_r, turn) =>
        say(call('http_probe', { service }, `c${turn}`), call('workload_status', { service }, `d${turn}`)),
    ],
    ['says nothing', () => say()],
    ['reports nonsense', (_r, turn) => say(call('report', { role, verdict: 'fine', n: turn }))],
    [
      'reads what it must not',
      (_r, turn) =>
        say(
          call('evidence_read', { call: `e${turn + 1}`, from: 0, length: 3_500 }, `c${turn}`),
          call('hypotheses_rank', {}, `d${turn}`),
        ),
    ],
  ])('that %s ends, once, within bounds, and changes nothing', async (_, hostile) => {
    expect(await wrongIn(await playedWith(role, hostile))).toEqual([]);
  });
});

const NORMAL = { now: '0', normal: '0', since: null, state: 'normal' };

test('a monitor cannot close an incident by what it never saw', async () => {
  const finding = { service: 'checkout', signal: 'error_ratio', ...NORMAL, evidence: ['e2'] };
  const signal = { service: 'checkout', name: 'error_ratio', low: '0', high: '1' };
  const report = { role: 'monitor', verdict: 'healthy', signal, since: null, findings: [finding] };
  const { run } = await playedWith('monitor', () => say(call('report', report)));
  expect(run.incident()).toMatchObject({ resolved: null, monitor: { verdict: 'unclear', signal: null } });
});

test('a monitor cannot make the fault look normal by another time for the page', async () => {
  let at = 0;
  const played = await playedWith('monitor', (request, turn) => {
    const { startedAt }: { startedAt?: number } = Object(
      request.items[0]?.kind === 'input' ? request.items[0].value : null,
    );
    at = (startedAt ?? 0) + 3_600_000;
    const looks = ['error_ratio', 'latency_p95', 'instances_up'].map((signal) =>
      call('metrics_query', { service, signal, at }, signal),
    );
    if (turn === 0) return say(...looks, call('http_probe', { service }));
    const findings = looks
      .slice(0, 2)
      .map(({ id }, n) => ({ service: 'checkout', signal: id, ...NORMAL, evidence: [`e${n + 2}`] }));
    return say(call('report', { role: 'monitor', verdict: 'healthy', signal: null, since: null, findings }));
  });
  expect(await wrongIn(played)).toEqual([]);
  expect(played.run.incident().monitor).toMatchObject({ verdict: 'unclear', findings: [] });
});

test('a coordinator cannot hand a diagnosis findings that no monitor reported', async () => {
  const { run } = await playedWith('coordinator', (_request, turn, base) => {
    if (base.kind !== 'reply') return base;
    const calls = base.calls.map((one) => {
      const { role, brief }: { role?: string; brief?: { findings?: object[] } } = Object(one.args);
      if (role !== 'diagnosis') return one;
      const findings = (brief?.findings ?? []).map((finding) => ({ ...finding, now: '0.99' }));
      return {
        ...one,
        id: `${one.id}-${turn}`,
        args: { ...Object(one.args), brief: { ...brief, findings } },
      };
    });
    return { ...base, calls };
  });
  const spawned = (await run.entries())
    .filter(({ kind }) => kind === 'session.spawned')
    .map(({ body }) => body.role);
  expect(spawned).toEqual(['coordinator', 'monitor']);
  expect(run.incident().escalated?.reason).toBe('agent_failed');
});

const anArgs: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.constant({ service }),
  fc.constant({ service, signal: 'error_ratio', at: 1 }),
  fc.constantFrom<JsonValue>(null, [], {}, { target: service }, { resolution: 'nothing_wrong' }),
  fc.jsonValue({ maxDepth: 3 }).map((value): JsonValue => JSON.parse(JSON.stringify(value))),
);
const tools = ['report', 'metrics_query', 'http_probe', 'logs_search', 'evidence_read', 'hypotheses_rank'];
const more = [
  'sessions_spawn',
  'service_restart',
  'service_rollback',
  'incident_resolve',
  'incident_note',
  'nope',
  'a b',
];
const aCall = fc.record({
  tool: fc.constantFrom(...tools, ...more),
  args: anArgs,
  id: fc.constantFrom('a', 'b', 'c', 'd'),
});
const aReply = fc.oneof(
  { weight: 6, arbitrary: fc.array(aCall, { maxLength: 4 }).map((calls): ModelReply => say(...calls)) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('unavailable', 'timeout', 'invalid_reply', 'over_budget')
      .map((reason): ModelReply => ({ kind: 'failed', reason })),
  },
  { weight: 3, arbitrary: fc.constant(null) },
);

test('whatever the four agents reply, every run settles once, calls and results pair, and nothing is changed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(aReply, { minLength: 3, maxLength: 40 }), async (replies) => {
      let asked = 0;
      const played = await playedWith('all', (_request, _turn, base) => {
        asked += 1;
        return replies[asked % replies.length] ?? base;
      });
      expect(await wrongIn(played)).toEqual([]);
    }),
    { numRuns: 40 },
  );
}, 60_000);
