import type { JsonValue } from '#core/canonical.ts';
import { CallId, IncidentId, RunId, SessionKey } from '#core/ids.ts';
import { Brief, Wake } from '#incidents/reports.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';
import type { Item, ModelRequest, ResultOutcome } from '#llm/model.ts';
import type { Asked, Heard, HeardCall } from '../asked.ts';
import { jsonLine, unfenced } from './fenced.ts';
import { readResult } from './read-result.ts';

const OUTCOMES: readonly ResultOutcome[] = ['ok', 'gap', 'failed', 'unknown', 'refused', 'proposed'];

/** The conversation as the program that had it would hold it, as far as its texts tell. */
export function requestOf(asked: Asked): ModelRequest {
  const calls = asked.heard.flatMap((one) => (one.kind === 'assistant' ? one.calls : []));
  return {
    role: roleOf(asked),
    turn: {
      incident: IncidentId.parse('INC-1'),
      session: SessionKey.parse('agent:wire:1'),
      run: RunId.parse('run-1'),
    },
    head: asked.head,
    tools: asked.tools.map(({ name, schema }) => ({ name, schema, description: '' })),
    items: asked.heard.map((one) => itemOf(one, calls)),
    callsLeft: asked.mustCall ? 1 : 10,
  };
}

/** Told from the tools that it holds. */
function roleOf({ tools }: Asked): AgentRole {
  const holds = (name: string): boolean => tools.some((tool) => tool.name === name);
  if (holds('sessions_spawn')) return 'coordinator';
  if (holds('service_restart')) return 'remediation';
  return holds('deployments_list') ? 'diagnosis' : 'monitor';
}

function itemOf(one: Heard, calls: readonly HeardCall[]): Item {
  switch (one.kind) {
    case 'user':
      return inputOf(one.text);
    case 'assistant':
      return { kind: 'reply', text: one.text, calls: one.calls };
    case 'result':
      return resultOf(
        one,
        calls.find(({ id }) => id === one.id),
      );
  }
}

function inputOf(whole: string): Item {
  const { label, text } = unfenced(whole);
  const said = jsonLine(text);
  const source = label.startsWith('wake') ? 'wake' : 'brief';
  const value: JsonValue = (source === 'wake' ? Wake : Brief).safeParse(said).success ? json(said) : null;
  return { kind: 'input', source, value, text };
}

/** Parsed from text a line before, so JSON it is. */
function json(value: unknown): JsonValue {
  const copy: JsonValue = JSON.parse(JSON.stringify(value));
  return copy;
}

/** Outcome and evidence id stand in the label: `result of metrics_query, outcome ok, evidence e7`. */
function resultOf({ id, text: whole }: Heard & { kind: 'result' }, call: HeardCall | undefined): Item {
  const { label, text } = unfenced(whole);
  const outcome = OUTCOMES.find((word) => label.includes(`outcome ${word}`)) ?? 'unknown';
  const evidence = CallId.safeParse(/evidence (\S+)/.exec(label)?.[1]);
  const tool = call?.tool ?? '';
  const value = outcome === 'ok' ? readResult(tool, call?.args ?? null, text) : { reason: reasonOf(text) };
  return { kind: 'result', id, call: evidence.data ?? null, tool, outcome, value, text };
}

function reasonOf(text: string): string {
  return /^[a-z_]{3,40}\b/.exec(text)?.[0] ?? 'not_seen';
}
