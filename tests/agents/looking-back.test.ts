import { expect, test } from 'vitest';
import type { JsonValue } from '#core/canonical.ts';
import type { Item, Model, ModelCall, ModelReply } from '#llm/model.ts';
import { incidentCard } from '#views/incident-card.ts';
import { inProcess, type ModelParts } from '../journeys/in-process.ts';
import { atRest, untilPeople } from '../journeys/model-scenarios.ts';

type Reply = Extract<ModelReply, { kind: 'reply' }>;
type Twist = (base: Reply, items: readonly Item[]) => readonly ModelCall[];

/** The rules, but for what the diagnosis asks for. */
const twisted =
  (twist: Twist) =>
  ({ rules }: ModelParts): Model => ({
    name: 'twisted',
    reply: async (request, signal) => {
      const base = await rules.reply(request, signal);
      if (base.kind !== 'reply' || request.role !== 'diagnosis') return base;
      return { ...base, calls: twist(base, request.items) };
    },
  });

async function badDeploy(twist: Twist) {
  const run = await inProcess({ model: twisted(twist) });
  run.shop.inject('bad-deploy', 'checkout');
  await run.clock.advance(12_000);
  await run.page();
  await untilPeople(run);
  await atRest(run);
  return run;
}

const results = (items: readonly Item[], tool: string) =>
  items.filter(
    (item): item is Extract<Item, { kind: 'result' }> => item.kind === 'result' && item.tool === tool,
  );

test('a diagnosis can ask how code ranks the causes, and read again what the monitor saw', async () => {
  const seen: Item[] = [];
  const look = (tool: string, args: JsonValue): ModelCall => ({ id: `x-${tool}`, tool, args });
  const run = await badDeploy(({ calls }, items) => {
    seen.splice(0, seen.length, ...items);
    const isDone = results(items, 'hypotheses_rank').length > 0;
    return isDone || calls[0]?.tool !== 'report'
      ? calls
      : [look('hypotheses_rank', {}), look('evidence_read', { call: 'e2', from: 0, length: 100 })];
  });
  const [ranked] = results(seen, 'hypotheses_rank');
  expect(ranked).toMatchObject({ outcome: 'ok', value: { outcome: 'confirmed' } });
  expect(ranked?.text).toMatch(/^bad_deploy of checkout: \d+ of 100, for e\d+.*, against nothing$/m);
  const [again] = results(seen, 'evidence_read');
  expect(again).toMatchObject({
    outcome: 'ok',
    text: expect.stringMatching(/^e2 metrics_query, characters 0 to 100 of /),
  });
  const incident = run.incident();
  expect(incident.diagnosis).toMatchObject({ outcome: 'confirmed', hypotheses: [{ cause: 'bad_deploy' }] });
  const evidence = run.folds.sessions.evidence(incident.id);
  expect(evidence.filter(({ tool }) => tool === 'hypotheses_rank' || tool === 'evidence_read')).toEqual([]);
  expect(run.errors).toEqual([]);
});

test('a diagnosis that abstains where the rules would not is shown beside them, and nothing is proposed', async () => {
  const run = await badDeploy(({ calls }) =>
    calls.map((call) =>
      call.tool === 'report' ? { ...call, args: { ...Object(call.args), outcome: 'inconclusive' } } : call,
    ),
  );
  expect(run.folds.approvals.all()).toEqual([]);
  expect(run.incident().escalated?.reason).toBe('inconclusive');
  const card = incidentCard(await run.entries(), 'UTC');
  expect(card?.rules).toMatch(/^rules would say: confirmed, bad deploy of checkout/);
  expect(card?.cause).toMatchObject({ word: 'not clear' });
});

test('a diagnosis that blames another service loses its claim, and nothing is proposed', async () => {
  const run = await badDeploy(({ calls }) =>
    calls.map((call) => {
      if (call.tool !== 'report') return call;
      const forged = {
        cause: 'instance_down',
        service: 'inventory',
        confidence: 100,
        for: ['e2', 'e3'],
        against: [],
      };
      return { ...call, args: { ...Object(call.args), outcome: 'confirmed', hypotheses: [forged] } };
    }),
  );
  expect(run.folds.approvals.all()).toEqual([]);
  expect(run.incident().diagnosis).toMatchObject({ outcome: 'inconclusive', hypotheses: [] });
  expect(incidentCard(await run.entries(), 'UTC')).toMatchObject({ droppedClaims: 2 });
});

test('a diagnosis that never reports leaves what was seen to people, and no cause to act on', async () => {
  const run = await badDeploy(({ calls }) =>
    calls.map((call) => (call.tool === 'report' ? { ...call, args: { role: 'diagnosis' } } : call)),
  );
  const settled = (await run.entries()).filter(
    ({ kind, body }) => kind === 'run.settled' && body.role === 'diagnosis',
  );
  expect(settled.map(({ body }) => [body.outcome, body.reason])).toEqual([['reported', 'invalid_report']]);
  expect(run.incident().diagnosis).toMatchObject({
    outcome: 'inconclusive',
    hypotheses: [{ cause: 'bad_deploy' }],
  });
  expect(run.incident().escalated?.reason).toBe('inconclusive');
  expect(run.folds.approvals.all()).toEqual([]);
});
