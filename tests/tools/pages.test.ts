import { expect, test } from 'vitest';
import { agentSpecs } from '#agents/spec.ts';
import type { JsonValue } from '#core/canonical.ts';
import { RunId, SessionKey } from '#core/ids.ts';
import type { AgentCaller, Caller } from '#incidents/caller.ts';
import { readFact } from '#incidents/entry.ts';
import { NOTICE_MS } from '#incidents/notices.ts';
import { loadPrompts } from '#prompts/load.ts';
import type { Pager, Told } from '#tools/drivers/pager.ts';
import { ownToolNames, type ToolName } from '#tools/tool.ts';
import { alice, inProcess } from '../journeys/in-process.ts';

async function setUp() {
  const heard: string[] = [];
  const world: { answer: Told } = { answer: { kind: 'told', already: false } };
  const hear = async (what: string): Promise<Told> => {
    heard.push(what);
    return world.answer;
  };
  const pager: Pager = {
    acknowledge: (page) => hear(`acknowledge ${page}`),
    resolve: (page) => hear(`resolve ${page}`),
    note: (page, text) => hear(`note ${page} ${text}`),
    escalate: (page, level) => hear(`escalate ${page} ${level}`),
    trigger: ({ key, severity, summary }) => hear(`trigger ${key} ${severity} ${summary}`),
    withdraw: (key) => hear(`withdraw ${key}`),
    onCalls: async () => ({ kind: 'seen', value: [] }),
  };
  const run = await inProcess({ pager });
  await run.page({ page: 'P1', source: 'pagerduty' });
  const { id: incident } = run.incident();
  const system: Caller = { kind: 'system', incident };
  const person: Caller = { kind: 'person', id: alice.id, incident };
  const call = async (tool: ToolName, args: JsonValue, caller: Caller = system) => {
    const { outcome } = await run.firebreak.carry.invoke.one(caller, tool, args);
    return outcome.kind === 'ok' ? 'ok' : `${outcome.kind}: ${'reason' in outcome ? outcome.reason : ''}`;
  };
  return { run, heard, world, call, system, person, incident };
}
const cause = { page: 'P1', about: 'cause', ref: null, severity: 'error', text: 'bad deploy of checkout' };

test('no agent holds a tool that speaks to PagerDuty, and one that called it all the same is refused', async () => {
  const { run, heard, incident } = await setUp();
  const specs = agentSpecs(await loadPrompts(), run.shop.inventory);
  const held = Object.values(specs).flatMap(({ allowlist }) => allowlist);
  expect(held.filter((name) => ownToolNames.some((own) => own === name))).toEqual([]);
  const agent: AgentCaller = {
    kind: 'agent',
    role: 'coordinator',
    incident,
    session: SessionKey.parse('agent:coordinator:hook:x:y'),
    run: RunId.parse('run-1'),
    allowlist: ['page_acknowledge', 'page_note', 'page_resolve', 'page_escalate', 'page_trigger'],
    budget: { modelCalls: 9, toolCalls: 9, deadline: run.clock.now() + 60_000 },
    signal: new AbortController().signal,
  };
  const calls = [
    { id: '1', tool: 'page_acknowledge', args: { page: 'P1' } },
    { id: '2', tool: 'page_note', args: cause },
    { id: '3', tool: 'page_resolve', args: { page: 'P1' } },
    { id: '4', tool: 'page_escalate', args: { page: 'P1', rung: 1 } },
    { id: '5', tool: 'page_trigger', args: { about: 'fallback', severity: 'critical', text: 'x' } },
  ];
  const results = await run.firebreak.carry.invoke.turn(agent, calls);
  expect(results.map(({ outcome }) => outcome.kind)).toEqual(Array.from(calls, () => 'gap'));
  expect(heard).toEqual([]);
});

test('only pages of the incident can be spoken about', async () => {
  const { heard, call, person } = await setUp();
  expect(await call('page_note', { ...cause, page: 'P2' })).toBe('gap: refused');
  expect(await call('page_acknowledge', { page: 'P2' }, person)).toBe('gap: refused');
  expect(await call('page_note', { ...cause, page: '../users' })).toBe('refused: invalid_arguments');
  expect(heard).toEqual([]);
});

test('the product itself neither acknowledges for people nor closes what has not recovered', async () => {
  const { heard, call, person } = await setUp();
  expect(await call('page_acknowledge', { page: 'P1' })).toBe('gap: refused');
  expect(await call('page_resolve', { page: 'P1' })).toBe('gap: refused');
  expect(await call('page_resolve', { page: 'P1' }, person)).toBe('gap: refused');
  expect(await call('page_acknowledge', { page: 'P1' }, person)).toBe('ok');
  expect(heard).toEqual(['acknowledge P1']);
});

test('a second note about the same is held back for half an hour and recorded as that; a worse one is not', async () => {
  const { run, heard, call } = await setUp();
  expect(await call('page_note', cause)).toBe('ok');
  expect(await call('page_note', { ...cause, text: 'overload of checkout' })).toBe('gap: held_back');
  expect(await call('page_note', { ...cause, severity: 'warning' })).toBe('gap: held_back');
  expect(await call('page_note', { ...cause, severity: 'critical', text: 'worse' })).toBe('ok');
  const next = await run.restart();
  const again = await next.firebreak.carry.invoke.one(
    { kind: 'system', incident: next.incident().id },
    'page_note',
    { ...cause, severity: 'critical' },
  );
  expect(again.outcome).toMatchObject({ kind: 'gap', reason: 'held_back' });
  await next.clock.advance(NOTICE_MS);
  const later = await next.firebreak.carry.invoke.one(
    { kind: 'system', incident: next.incident().id },
    'page_note',
    { ...cause, severity: 'critical', text: 'still' },
  );
  expect(later.outcome.kind).toBe('ok');
  expect(heard).toEqual(['note P1 bad deploy of checkout', 'note P1 worse', 'note P1 still']);
  const reasons = (await next.entries())
    .map(readFact)
    .flatMap((one) =>
      one?.kind === 'tool.finished' && one.body.tool === 'page_note' ? [one.body.reason] : [],
    );
  expect(reasons).toEqual([null, 'held_back', 'held_back', null, 'held_back', null]);
});

test('whoever waits for a decision is told at once, every time', async () => {
  const { heard, call } = await setUp();
  for (const ref of ['A-1', 'A-2'])
    expect(await call('page_note', { ...cause, about: 'approval', ref, text: `${ref} waits` })).toBe('ok');
  expect(heard).toEqual(['note P1 A-1 waits', 'note P1 A-2 waits']);
});

test('a note that did not arrive holds nothing back', async () => {
  const { heard, world, call } = await setUp();
  world.answer = { kind: 'gap', reason: 'unreachable', detail: 'down' };
  expect(await call('page_note', cause)).toBe('gap: unreachable');
  world.answer = { kind: 'told', already: false };
  expect(await call('page_note', cause)).toBe('ok');
  expect(heard).toHaveLength(2);
});

test('each rung is asked once, and again only when nobody was reached', async () => {
  const { heard, world, call } = await setUp();
  world.answer = { kind: 'gap', reason: 'timeout', detail: 'late' };
  expect(await call('page_escalate', { page: 'P1', rung: 1 })).toBe('gap: timeout');
  world.answer = { kind: 'told', already: false };
  expect(await call('page_escalate', { page: 'P1', rung: 1 })).toBe('ok');
  expect(await call('page_escalate', { page: 'P1', rung: 1 })).toBe('gap: held_back');
  expect(await call('page_escalate', { page: 'P1', rung: 2 })).toBe('ok');
  expect(heard).toEqual(['escalate P1 2', 'escalate P1 2', 'escalate P1 3']);
});

test('a page of our own has a key by which it is known again, and the text of a note is no part of the entry', async () => {
  const { run, heard, call } = await setUp();
  const text = 'Slack is down; checkout fails';
  const page = { about: 'fallback', severity: 'critical', text };
  expect(await call('page_trigger', page)).toBe('ok');
  expect(await call('page_trigger', page)).toBe('gap: held_back');
  expect(heard).toEqual([`trigger firebreak/INC-1 critical ${text}`]);
  const intents = (await run.entries()).filter(
    ({ kind, body }) => kind === 'tool.intended' && body.tool === 'page_trigger',
  );
  expect(intents.map(({ body }) => JSON.stringify(body))).not.toContainEqual(
    expect.stringContaining('Slack'),
  );
});
