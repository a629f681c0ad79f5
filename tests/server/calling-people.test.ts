import { createServer } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { IncidentId, PersonId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import { createFallbacks, webhookFallback } from '#server/fallback.ts';
import { createJobs } from '#server/jobs.ts';
import { createPagerDutyRota } from '#server/pagerduty-rota.ts';
import { createRungPages } from '#server/rung-pages.ts';
import type { SlackHealth } from '#slack/health.ts';
import { type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import { fallbackTool } from '#tools/act/fallback.ts';
import { createPageTools } from '#tools/act/pages.ts';
import type { OnCall, Pager, Told } from '#tools/drivers/pager.ts';
import type { Gap } from '#tools/drivers/ports.ts';
import { createInvoke } from '#tools/invoke.ts';
import type { AnyTool } from '#tools/tool.ts';

const MIN = 60_000;
const INC = IncidentId.parse('INC-1');
const bob = PersonId.parse('bob');
const down: Gap = { kind: 'gap', reason: 'unreachable', detail: 'no route' };
const told: Told = { kind: 'told', already: false };

/** A page of a broken service, other ways to people that are recorded in `said`, and a Slack that fails or not. */
async function set({ page }: { page?: string } = {}) {
  const run = await inProcess();
  run.shop.inject('bad-deploy', 'checkout');
  const said: string[] = [];
  const state = { answer: told as Told, slack: { kind: 'ok' } as SlackHealth, called: [] as string[] };
  const say = async (what: string): Promise<Told> => {
    if (state.answer.kind === 'told') said.push(what);
    return state.answer;
  };
  const pager: Pager = {
    acknowledge: () => say('acknowledge'),
    resolve: () => say('resolve'),
    note: () => say('note'),
    escalate: (ref, level) => say(`escalate ${ref} to ${level}`),
    trigger: ({ summary }) => say(summary),
    withdraw: () => say('withdraw'),
    onCalls: async () => down,
  };
  await run.page(page === undefined ? {} : { page });
  return {
    said,
    state,
    ...over(run, { pager, say, called: state.called }),
    run,
    again: (of: InProcess) => over(of, { pager, say, called: state.called }),
  };
}

type Ways = { pager: Pager; say: (what: string) => Promise<Told>; called: string[] };
function over(run: InProcess, { pager, say, called }: Ways) {
  const { log, clock, folds, firebreak } = run;
  const { incidents, rungs } = folds;
  const posted = { get: (id: IncidentId) => ({ ...folds.posted.get(id), called }) };
  const tools: AnyTool[] = [
    ...createPageTools({ pager, incidents }),
    fallbackTool({ say: async (text) => ((await say(text)).kind === 'told' ? { kind: 'told' } : down) }),
  ];
  const invoke = createInvoke({
    ...{ log, clock, world: run.shop.world, inventory: firebreak.gate.inventory, runbooks: [] },
    numbers: new CallNumbers(incidents),
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    propose: () => Promise.reject(new Error('nothing is proposed here')),
  });
  const jobs = createJobs((where, message) => run.errors.push(`${where}: ${message}`));
  const pass = async (part: { tick(): void }, ms: number): Promise<void> => {
    for (let i = 0; i < ms; i += 5000) {
      part.tick();
      await jobs.idle();
      await clock.advance(5000);
    }
  };
  const fallback = (health: () => SlackHealth, kind: 'pagerduty' | 'webhook' = 'webhook') =>
    createFallbacks({ kind, incidents, rungs, posted, health, invoke, clock, jobs });
  const rungPages = (canTrigger = true) =>
    createRungPages({ incidents, rungs, invoke, clock, jobs, canTrigger });
  const reach = async (rung: number): Promise<void> => {
    const body = { rung, people: [bob], team: 'team-shop', reason: 'nobody_answered' };
    await log.append([fact('rung.reached', body, { actor: SYSTEM, traceId: 't', incident: INC })]);
  };
  const seen = async (): Promise<void> => {
    const context = { actor: { kind: 'person', id: bob } as const, traceId: 't', incident: INC };
    await log.append([fact('incident.acknowledged', { by: bob }, context)]);
  };
  return { fallback, rungPages, pass, reach, seen };
}
const failing: SlackHealth = { kind: 'failing', since: 0, why: 'unreachable' };

test('while Slack works nobody is told another way, and while it fails once in half an hour', async () => {
  const { said, state, fallback, pass } = await set();
  const part = fallback(() => state.slack);
  await pass(part, MIN);
  expect(said).toEqual([]);
  state.slack = failing;
  await pass(part, 20 * MIN);
  expect(said).toEqual([
    'critical: HighErrorRate checkout (INC-1). Slack takes no messages now; look with: firebreak incidents show INC-1',
  ]);
  await pass(part, 20 * MIN);
  expect(said).toHaveLength(2);
});

test('what could not be said is tried again until there is a receipt, and a start repeats nothing', async () => {
  const { said, state, run, fallback, pass, again } = await set();
  state.answer = down;
  await pass(
    fallback(() => failing),
    2 * MIN,
  );
  expect(said).toEqual([]);
  expect(run.incident().notices.every(({ outcome }) => outcome === 'gap')).toBe(true);
  expect(run.incident().notices.length).toBeLessThanOrEqual(4);
  state.answer = told;
  await pass(
    fallback(() => failing),
    MIN,
  );
  expect(said).toHaveLength(1);
  const next = await run.restart();
  await next.firebreak.recover();
  const later = again(next);
  await later.pass(
    later.fallback(() => failing),
    5 * MIN,
  );
  expect(said).toHaveLength(1);
});

test('an incident that somebody has seen, or that is not critical, is no reason', async () => {
  const seen = await set();
  await seen.seen();
  await seen.pass(
    seen.fallback(() => failing),
    MIN,
  );
  const run = await set();
  await run.run.page({ severity: 'warning', service: 'billing' });
  await run.pass(
    run.fallback(() => failing),
    MIN,
  );
  expect([seen.said.length, run.said.length]).toEqual([0, 1]);
});

test('the name of an alert calls nobody and links nowhere in the chat behind the fallback', async () => {
  const run = await set();
  await run.run.page({ name: '<!channel> @all [win](https://evil.example)', service: 'billing' });
  await run.pass(
    run.fallback(() => failing),
    MIN,
  );
  const hostile = run.said.find((text) => text.includes('channel'));
  expect(hostile).toBeDefined();
  expect(hostile).not.toMatch(/<|@|:\/\//);
});

test('a rung whose people nothing could call is told another way after half a minute, once; a mention is a receipt', async () => {
  const { said, run, state, fallback, pass, reach } = await set();
  const part = fallback(() => state.slack);
  await reach(0);
  await pass(part, 20_000);
  expect(said).toEqual([]);
  await pass(part, 5 * MIN);
  expect(said).toEqual([
    'critical: HighErrorRate checkout (INC-1). For bob, who could not be called in Slack: nobody answered; look with: firebreak incidents show INC-1',
  ]);
  await reach(1);
  state.called.push(`rung-1-${run.folds.rungs.get(INC).reached.at(-1)?.at}`);
  await pass(part, 5 * MIN);
  expect(said).toHaveLength(1);
});

test('where the paging system asked the people of a rung, or the page came from it, there is no other way', async () => {
  const { said, state, fallback, rungPages, pass, reach } = await set({ page: 'PT4KHLK' });
  const part = fallback(() => state.slack);
  await reach(0);
  await pass(part, 2 * MIN);
  await reach(1);
  await pass(rungPages(), MIN);
  await pass(part, 2 * MIN);
  expect(said).toEqual(['escalate PT4KHLK to 2']);
});

test('the fallback can be a page in PagerDuty', async () => {
  const { said, fallback, pass } = await set();
  await pass(
    fallback(() => failing, 'pagerduty'),
    MIN,
  );
  expect(said).toHaveLength(1);
});

let close = async () => {};
afterEach(() => close());

test('a webhook gets the text as JSON; its address, which is a secret, stands in no answer', async () => {
  const bodies: string[] = [];
  let status = 200;
  const server = createServer(async (request, response) => {
    bodies.push(Buffer.concat(await request.toArray()).toString());
    response.writeHead(status).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  close = () => new Promise((done) => server.close(() => done()));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const hook = webhookFallback(new Secret(`http://127.0.0.1:${port}/s3cret`), realClock);
  const { signal } = new AbortController();
  expect(await hook.say('checkout is down', signal)).toEqual({ kind: 'told' });
  expect(bodies).toEqual(['{"text":"checkout is down"}']);
  status = 500;
  const refused = await hook.say('x', signal);
  const nowhere = webhookFallback(new Secret('http://127.0.0.1:1/s3cret'), realClock);
  const gone = await nowhere.say('x', signal);
  expect([refused.kind, gone.kind]).toEqual(['gap', 'gap']);
  expect(JSON.stringify([refused, gone])).not.toContain('s3cret');
});

test('each rung after the first asks the next level of the page, once', async () => {
  const { said, rungPages, pass, reach } = await set({ page: 'PT4KHLK' });
  const part = rungPages();
  await reach(0);
  await pass(part, MIN);
  expect(said).toEqual([]);
  await reach(1);
  await pass(part, 10 * MIN);
  expect(said).toEqual(['escalate PT4KHLK to 2']);
  await reach(2);
  await pass(part, 10 * MIN);
  expect(said).toEqual(['escalate PT4KHLK to 2', 'escalate PT4KHLK to 3']);
});

test('a page that the paging system does not know is made there, where it can be', async () => {
  const { said, rungPages, pass, reach } = await set();
  await reach(1);
  await pass(rungPages(false), MIN);
  expect(said).toEqual([]);
  await pass(rungPages(), 10 * MIN);
  expect(said).toEqual([
    'critical: HighErrorRate checkout (INC-1), and nobody has answered. firebreak incidents show INC-1',
  ]);
});

test('whoever answered meanwhile is not asked, and a paging system that is down is not asked for ever', async () => {
  const answered = await set({ page: 'PT4KHLK' });
  await answered.reach(1);
  await answered.seen();
  await answered.pass(answered.rungPages(), MIN);
  expect(answered.said).toEqual([]);
  const { state, run, rungPages, pass, reach } = await set({ page: 'PT4KHLK' });
  state.answer = down;
  await reach(1);
  await pass(rungPages(), 30 * MIN);
  expect(run.incident().notices).toHaveLength(10);
});

test('a rota in PagerDuty is asked once a minute; the lowest level counts, known people only, six hours at most', async () => {
  const { clock } = await inProcess();
  const asked: unknown[] = [];
  const state: { calls: readonly OnCall[] | null } = {
    calls: [
      { user: 'PALICE', level: 2, until: null },
      { user: 'PBOB', level: 1, until: null },
      { user: 'PNOBODY', level: 1, until: null },
    ],
  };
  const errors: string[] = [];
  const jobs = createJobs((where, message) => errors.push(`${where}: ${message}`));
  const rota = { kind: 'pagerduty', schedule: 'PSCHED1', policy: null } as const;
  const kept = createPagerDutyRota({
    pager: {
      onCalls: async (of) => {
        asked.push(of);
        return state.calls === null ? down : { kind: 'seen', value: state.calls };
      },
    },
    teams: [{ id: 'team-shop', name: 'Shop', channel: null, rota, rungs: [] }],
    users: new Map([
      ['PBOB', bob],
      ['PALICE', PersonId.parse('alice')],
    ]),
    clock,
    jobs,
  });
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i += 10_000) {
      kept.tick();
      await jobs.idle();
      await clock.advance(10_000);
    }
  };
  expect(kept.of(rota)).toEqual([]);
  await pass(2 * MIN);
  expect([asked, kept.of(rota)]).toEqual([[{ schedule: 'PSCHED1' }, { schedule: 'PSCHED1' }], [bob]]);
  state.calls = null;
  await pass(5 * MIN);
  expect(kept.of(rota)).toEqual([bob]);
  await clock.advance(6 * 60 * MIN);
  expect([kept.of(rota), errors]).toEqual([[], []]);
});
