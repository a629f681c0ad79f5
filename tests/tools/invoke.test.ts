import { expect, test } from 'vitest';
import { z } from 'zod';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { IncidentId, PersonId, RunId, SessionKey } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import type { AgentCaller, Caller } from '#incidents/caller.ts';
import { readFact } from '#incidents/entry.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { actTools } from '#tools/act/tools.ts';
import { createInvoke } from '#tools/invoke.ts';
import type { AnyTool, ReadTool } from '#tools/tool.ts';
import { fakeContext } from './fake-context.ts';

const INCIDENT = IncidentId.parse('INC-1');
const restart = { target: 'service:checkout' };

/** A read tool that notes what the log held when it was performed. */
function aProbe(seen: string[][], kinds: () => string[], answers = true): ReadTool {
  return {
    kind: 'read',
    tier: 'R0',
    name: 'http_probe',
    version: 1,
    description: 'For this test.',
    args: z.strictObject({}),
    deadlineMs: 5_000,
    perform: () => {
      seen.push(kinds());
      return answers ? Promise.resolve({ kind: 'ok', value: 1, text: 'one' }) : new Promise(() => {});
    },
  };
}

async function rig({ answers = true, broken = false } = {}) {
  const { clock, shop, context } = fakeContext();
  const kinds: string[] = [];
  const seen: string[][] = [];
  const log = await openMemoryLog({ clock, random: realRandom });
  log.subscribe((entries) => kinds.push(...entries.map((entry) => entry.kind)));
  const append: typeof log.append = (drafts, options) =>
    broken
      ? Promise.reject(new FirebreakError('log_append_failed', 'disk full'))
      : log.append(drafts, options);
  const tools: AnyTool[] = [aProbe(seen, () => [...kinds], answers), ...actTools];
  const proposed: string[] = [];
  const invoke = createInvoke({
    ...context,
    log: { ...log, append },
    numbers: new CallNumbers(new IncidentFold()),
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    propose: async ({ steps }) => {
      proposed.push(...steps.map((step) => step.tool));
      return { kind: 'refused', reason: 'policy_denied' };
    },
  });
  const facts = async () => (await Array.fromAsync(log.read(0))).flatMap((entry) => readFact(entry) ?? []);
  return { clock, shop, invoke, kinds, seen, proposed, facts };
}

const system: Caller = { kind: 'system', incident: INCIDENT };
const person: Caller = { kind: 'person', id: PersonId.parse('alice'), incident: INCIDENT };

function anAgent(now: number): AgentCaller {
  return {
    kind: 'agent',
    role: 'remediation',
    incident: INCIDENT,
    session: SessionKey.parse('agent:remediation:subagent:00000000-0000-4000-8000-000000000001'),
    run: RunId.parse('run-1'),
    allowlist: ['service_restart'],
    budget: { modelCalls: 9, toolCalls: 9, deadline: now + 60_000 },
    signal: new AbortController().signal,
  };
}

test('a call is made after its intent is in the log, and its outcome follows', async () => {
  const { invoke, kinds, seen } = await rig();
  await invoke.one(system, 'http_probe', {});
  expect(seen).toEqual([['tool.intended']]);
  expect(kinds).toEqual(['tool.intended', 'tool.finished']);
});

test('when the log cannot take the intent the call is not made', async () => {
  const { invoke, seen, shop, proposed, clock } = await rig({ broken: true });
  await expect(invoke.one(system, 'http_probe', {})).rejects.toThrow('disk full');
  const call = { id: 'a', tool: 'service_restart', args: restart };
  await expect(invoke.turn(anAgent(clock.now()), [call])).rejects.toThrow('disk full');
  expect({ seen, proposed, applied: shop.applied }).toEqual({ seen: [], proposed: [], applied: [] });
});

test('a change is never made by calling it: an agent can only propose it, code and people are refused', async () => {
  const { invoke, shop, proposed, facts, clock } = await rig();
  const call = { id: 'a', tool: 'service_restart', args: restart };
  await invoke.turn(anAgent(clock.now()), [call]);
  for (const caller of [system, person]) {
    const { outcome } = await invoke.one(caller, 'service_restart', restart);
    expect(outcome).toMatchObject({ kind: 'refused', reason: 'caller_not_allowed' });
  }
  expect(proposed).toEqual(['service_restart']);
  expect(shop.applied).toEqual([]);
  const refused = (await facts()).flatMap((one) =>
    one.kind === 'tool.refused' ? [`${one.body.caller} ${one.body.reason}`] : [],
  );
  expect(refused).toEqual([
    'agent:remediation policy_denied',
    'system:firebreak caller_not_allowed',
    'person:alice caller_not_allowed',
  ]);
});

test('a tool that does not answer is given up at its deadline, and that is in the log', async () => {
  const { clock, invoke, facts } = await rig({ answers: false });
  const waiting = invoke.one(system, 'http_probe', {});
  await clock.advance(5_000);
  expect((await waiting).outcome).toMatchObject({ kind: 'gap', reason: 'timeout' });
  expect((await facts()).at(-1)).toMatchObject({ body: { outcome: 'gap', reason: 'timeout' } });
});
