import type { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import { type Heard, invalid, type Refused } from './asked.ts';

const CALL_ID = /^[a-zA-Z0-9_-]{1,64}$/;
export const TOOL_NAME = /^[a-zA-Z0-9_-]{1,64}$/;

/** Says what zod found, as the vendors do: the first problem with its place. */
export function badShape(error: z.ZodError): Refused {
  const [issue] = error.issues;
  return invalid(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'not understood'}`);
}

/**
 * Both vendors refuse a conversation whose calls and results do not pair: each result answers a call of the assistant's
 * last message, each call is answered before anything else is said, no id comes twice.
 */
export function pairingProblem(heard: readonly Heard[]): Refused | undefined {
  const known = new Set<string>();
  let open = new Set<string>();
  for (const one of heard) {
    if (one.kind === 'result') {
      if (!open.delete(one.id)) return invalid(`a result for ${one.id}, which is no open tool call`);
      continue;
    }
    const [unanswered] = open;
    if (unanswered !== undefined) return invalid(`tool call ${unanswered} without a result right after it`);
    if (one.kind === 'user') continue;
    for (const { id, tool } of one.calls) {
      if (!CALL_ID.test(id) || !TOOL_NAME.test(tool)) return invalid(`not a name: ${id} ${tool}`);
      if (known.has(id)) return invalid(`tool call id ${id} twice`);
      known.add(id);
    }
    open = new Set(one.calls.map(({ id }) => id));
  }
  const [unanswered] = open;
  return unanswered === undefined ? undefined : invalid(`tool call ${unanswered} has no result`);
}

type Strict = { readonly never: readonly string[]; readonly allRequired: boolean };
/** What each vendor's strict mode does not take. */
export const strictRules = {
  anthropic: {
    never: [
      'oneOf',
      'minimum',
      'maximum',
      'exclusiveMinimum',
      'exclusiveMaximum',
      'multipleOf',
      'minLength',
      'maxLength',
      'maxItems',
      'pattern',
      'propertyNames',
    ],
    allRequired: false,
  },
  openai: { never: ['oneOf', 'allOf', 'not', 'propertyNames', 'patternProperties'], allRequired: true },
} as const satisfies Record<string, Strict>;

/** What a strict tool schema holds that the vendor would refuse; undefined when nothing. */
export function schemaProblem(schema: JsonValue, rules: Strict, path = '$'): string | undefined {
  if (Array.isArray(schema)) {
    return first(schema.map((one: JsonValue, at) => schemaProblem(one, rules, `${path}[${at}]`)));
  }
  if (typeof schema !== 'object' || schema === null) return undefined;
  const members = Object.entries(schema);
  const properties = members.find(([key]) => key === 'properties')?.[1];
  const own = members.map(([key]) => key).find((key) => rules.never.includes(key));
  if (own !== undefined) return `${path}: ${own} is not supported in strict mode`;
  const isObject =
    properties !== undefined || members.some(([key, value]) => key === 'type' && value === 'object');
  if (isObject) {
    const found = objectProblem(Object.fromEntries(members), rules, path);
    if (found !== undefined) return found;
  }
  const below = members.filter(
    ([key]) => !['required', 'enum', 'const', 'default', 'examples'].includes(key),
  );
  return first(
    below.map(([key, value]) =>
      key === 'properties' && typeof value === 'object' && value !== null
        ? first(Object.entries(value).map(([name, one]) => schemaProblem(one, rules, `${path}.${name}`)))
        : schemaProblem(value, rules, `${path}.${key}`),
    ),
  );
}

function objectProblem(
  schema: Record<string, JsonValue | undefined>,
  rules: Strict,
  path: string,
): string | undefined {
  if (schema.additionalProperties !== false) return `${path}: additionalProperties must be false`;
  const names = Object.keys(schema.properties ?? {});
  const required: unknown = schema.required ?? [];
  const missing = names.find((name) => !(Array.isArray(required) && required.includes(name)));
  return rules.allRequired && missing !== undefined ? `${path}: ${missing} must be required` : undefined;
}

const first = (found: readonly (string | undefined)[]): string | undefined =>
  found.find((one) => one !== undefined);
