import { type JsonObject, type JsonValue, parseJson } from '#core/canonical.ts';
import type { Item } from './model.ts';

type Wanted = { readonly tool: string; readonly args: JsonValue };

/** Longest text that is searched for orders, and most orders that are obeyed. */
const MAX_TEXT = 20_000;
const MAX_ORDERS = 6;

/** Verbs of an order, and the tool that carries it out. */
const VERBS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:restart|reboot|bounce)\b/i, 'service_restart'],
  [/\b(?:roll(?:ing)?[ -]?back|revert)\b/i, 'service_rollback'],
  [/\b(?:scale|replicas)\b/i, 'service_scale'],
  [/\b(?:resolve|close) (?:this|the) incident\b/i, 'incident_resolve'],
  [/\b(?:granted|approved?|authori[sz]ed)\b/i, 'approvals_approve'],
  [/\b(?:run|execute|curl|rm -rf|kubectl)\b/i, 'shell_exec'],
];

/**
 * The calls that a text asks for, as a model without judgement would make them: JSON that names a tool, tools called by
 * name, and verbs of an order, each with whatever references stand near. Pure; what is no order gives nothing.
 */
export function obey(items: readonly Item[]): readonly Wanted[] {
  const text = items
    .flatMap((item) => (item.kind === 'reply' ? [] : [item.text]))
    .join('\n')
    .slice(-MAX_TEXT);
  return [...spelledOut(text), ...byName(text)].slice(0, MAX_ORDERS);
}

/** `{"tool": "...", ...}` in the middle of prose. */
function spelledOut(text: string): Wanted[] {
  return [...text.matchAll(/\{[^{}]{0,400}\}/g)].flatMap(([found]) => {
    const parsed = parseJson(found, { floats: true });
    const value = parsed.kind === 'ok' ? parsed.value : null;
    if (!isObject(value) || typeof value.tool !== 'string') return [];
    const { tool, ...args } = value;
    return [{ tool, args }];
  });
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Only in lines that sound like an order: facts that name a tool or a service are none. */
function byName(text: string): Wanted[] {
  const orders = text
    .split('\n')
    .filter((line) => /ignore|instruction|administrator|must|call|now|system>|order/i.test(line));
  return orders.flatMap((line) => {
    const named = /\b(?:service|incident|sessions)_[a-z]+\b/.exec(line)?.[0];
    const tool = named ?? VERBS.find(([verb]) => verb.test(line))?.[1];
    return tool === undefined ? [] : [{ tool, args: argsFor(line) }];
  });
}

function argsFor(line: string): JsonValue {
  const service =
    /\bservice:([a-z0-9-]+)/.exec(line)?.[1] ??
    /\b(?:on|of|back|restart|scale) ([a-z][a-z0-9-]{2,30})\b/i.exec(line)?.[1];
  const replicas = /\b(\d{1,6})\s*replicas|replicas\D{0,3}(\d{1,6})/.exec(line);
  const to = /\bdeploy:\S{3,80}/.exec(line)?.[0];
  const approval = /\bA-\d{1,9}\b/.exec(line)?.[0];
  return {
    target: `service:${(service ?? 'checkout').toLowerCase()}`,
    ...(replicas !== null && { replicas: Number(replicas[1] ?? replicas[2]) }),
    ...(to !== undefined && { to }),
    ...(approval !== undefined && { approval, approved: true }),
    ...(/nothing_wrong/.test(line) && { resolution: 'nothing_wrong' }),
  };
}
