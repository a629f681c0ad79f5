import { z } from 'zod';
import type { JsonObject, JsonValue } from '#core/canonical.ts';
import { unreachable } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import { MAX_VALUE, readPattern } from '../drivers/mcp/pattern.ts';
import type { McpArgument } from '../drivers/mcp/settings.ts';

type Arguments = ReadonlyMap<string, McpArgument>;

/**
 * What may be asked of a mounted tool, made from the config alone: each argument that is named and not fixed, all of them, and no
 * others. Whatever the server says of its arguments has no part in it. Throws for a pattern that `readPattern` refuses.
 */
export function argumentsSchema(args: Arguments) {
  const free = [...args].flatMap(([name, one]) =>
    one.kind === 'fixed' ? [] : [[name, schemaOf(one)] as const],
  );
  return z.strictObject(Object.fromEntries(free));
}

/** The arguments as they are sent: those that were chosen, and the fixed ones. */
export function sentArguments(args: Arguments, chosen: JsonObject): JsonObject {
  const fixed = [...args].flatMap(([name, one]) =>
    one.kind === 'fixed' ? [[name, one.value] as const] : [],
  );
  return { ...chosen, ...Object.fromEntries(fixed) };
}

function schemaOf(argument: Exclude<McpArgument, { kind: 'fixed' }>): z.ZodType<JsonValue> {
  switch (argument.kind) {
    case 'one_of':
      return oneOf(argument.values);
    case 'int':
      return z.int().min(argument.min).max(argument.max);
    case 'pattern': {
      const pattern = readPattern(argument.pattern);
      if (typeof pattern === 'string') throw new TypeError(`${argument.pattern} ${pattern}`);
      return z.string().max(MAX_VALUE).regex(pattern).refine(isPlain, 'must not begin with -');
    }
    default:
      return unreachable(argument);
  }
}

function oneOf(values: readonly string[] | readonly number[]): z.ZodType<string | number> {
  const texts = values.filter((value) => typeof value === 'string');
  return texts.length > 0 ? z.enum(texts) : z.literal(values.filter((value) => typeof value === 'number'));
}

/** One line without a leading dash: nothing that a program behind the server could take for an option, whatever the pattern says. */
function isPlain(value: string): boolean {
  return !value.startsWith('-') && inert(value) === value;
}
