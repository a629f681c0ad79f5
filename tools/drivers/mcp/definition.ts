import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';

/** A tool as its server describes it. Everything but the digest is foreign. */
export type Definition = {
  readonly name: string;
  /** Equal only for the same definition; what it says for no reader (`_meta`) and its pictures are no part of that. */
  readonly digest: Digest;
  readonly description: string;
  /** Names of its arguments. */
  readonly takes: readonly string[];
  /** What the server says of whether it only looks; `nothing` where it says neither. */
  readonly says: 'read_only' | 'changes' | 'nothing';
};

const MAX_NESTING = 64;

const Annotations = z.looseObject({
  readOnlyHint: z.unknown().optional(),
  destructiveHint: z.unknown().optional(),
});
export const WireTool = z.looseObject({
  name: z.string().min(1).max(200),
  description: z.string().nullish(),
  inputSchema: z.unknown(),
  annotations: Annotations.nullish(),
});

/** Reads a tool of a server's list. Throws for a definition that is nested too deep to be compared. */
export function definitionOf(tool: z.infer<typeof WireTool>): Definition {
  const { name, description, inputSchema, annotations } = tool;
  const { readOnlyHint, destructiveHint } = annotations ?? {};
  // Anything but a plain `false` for "destroys" counts: what cannot be read is no promise.
  const isHarmless = destructiveHint === undefined || destructiveHint === null || destructiveHint === false;
  const isUnsaid = readOnlyHint === undefined || readOnlyHint === null;
  const properties = z.looseObject({ properties: z.looseObject({}) }).safeParse(inputSchema);
  return {
    name,
    digest: sha256(sortedJson({ ...tool, _meta: undefined, icons: undefined }, 0)),
    description: description ?? '',
    takes: properties.success ? Object.keys(properties.data.properties) : [],
    says:
      !isHarmless || (!isUnsaid && readOnlyHint !== true) ? 'changes' : isUnsaid ? 'nothing' : 'read_only',
  };
}

/** JSON with sorted keys and without white space (RFC 8785); takes any number and any text, other than what goes into the log. */
function sortedJson(value: unknown, depth: number): string {
  if (depth > MAX_NESTING) throw new RangeError(`nested deeper than ${MAX_NESTING}`);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((one) => sortedJson(one, depth + 1)).join(',')}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${sortedJson(member, depth + 1)}`);
  return `{${members.join(',')}}`;
}
