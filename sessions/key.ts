import { SessionKey } from '#core/ids.ts';
import type { AgentRole } from '#incidents/vocabulary.ts';

export type ChildRole = Exclude<AgentRole, 'coordinator'>;

/** What a session key says. The two spellings of a key, text and this, are the same fact. */
export type ParsedKey =
  | { kind: 'slack'; channel: string; thread: string }
  | { kind: 'hook'; source: string; dedup: string }
  | { kind: 'cli'; id: string }
  | { kind: 'eval'; case: string; seed: number }
  | { kind: 'subagent'; role: ChildRole; uuid: string };

const WORD = '[A-Za-z0-9][A-Za-z0-9._-]{0,79}';
const SLACK = /^agent:coordinator:slack:channel:([A-Z0-9]{1,32}):thread:(\d{1,12}\.\d{6})$/;
const HOOK = new RegExp(`^agent:coordinator:hook:([a-z][a-z0-9_-]{0,39}):(${WORD})$`);
const CLI = new RegExp(`^agent:coordinator:cli:(${WORD})$`);
const EVAL = new RegExp(`^agent:coordinator:eval:(${WORD}):(0|[1-9]\\d{0,9})$`);
const CHILD =
  /^agent:(monitor|diagnosis|remediation):subagent:([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/;

/**
 * Reads a session key; `undefined` for anything outside the grammar. Never repairs: another case, a blank or a missing
 * part is another key or none at all, so that two conversations cannot end up under one key.
 */
export function parseSessionKey(text: string): ParsedKey | undefined {
  const slack = SLACK.exec(text);
  if (slack?.[1] !== undefined && slack[2] !== undefined) {
    return { kind: 'slack', channel: slack[1], thread: slack[2] };
  }
  const hook = HOOK.exec(text);
  if (hook?.[1] !== undefined && hook[2] !== undefined) {
    return { kind: 'hook', source: hook[1], dedup: hook[2] };
  }
  const cli = CLI.exec(text);
  if (cli?.[1] !== undefined) return { kind: 'cli', id: cli[1] };
  const evaluation = EVAL.exec(text);
  if (evaluation?.[1] !== undefined && evaluation[2] !== undefined) {
    return { kind: 'eval', case: evaluation[1], seed: Number(evaluation[2]) };
  }
  return parseChild(text);
}

function parseChild(text: string): ParsedKey | undefined {
  const match = CHILD.exec(text);
  const role = match?.[1];
  if (role !== 'monitor' && role !== 'diagnosis' && role !== 'remediation') return undefined;
  return match?.[2] === undefined ? undefined : { kind: 'subagent', role, uuid: match[2] };
}

/** The text of a key; `undefined` when a part is outside the grammar. `parseSessionKey` of it gives the parts back. */
export function formatSessionKey(key: ParsedKey): SessionKey | undefined {
  const text = spell(key);
  return parseSessionKey(text) === undefined ? undefined : SessionKey.parse(text);
}

function spell(key: ParsedKey): string {
  switch (key.kind) {
    case 'slack':
      return `agent:coordinator:slack:channel:${key.channel}:thread:${key.thread}`;
    case 'hook':
      return `agent:coordinator:hook:${key.source}:${key.dedup}`;
    case 'cli':
      return `agent:coordinator:cli:${key.id}`;
    case 'eval':
      return `agent:coordinator:eval:${key.case}:${key.seed}`;
    case 'subagent':
      return `agent:${key.role}:subagent:${key.uuid}`;
  }
}
