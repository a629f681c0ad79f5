import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import { Digest, ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import { type SendPolicy, sendPolicies } from '#llm/outgoing.ts';
import { readPattern } from '#tools/drivers/mcp/pattern.ts';
import {
  type McpArgument,
  type McpPlace,
  type McpServer,
  type McpTool,
  mcpRoles,
  mcpToolName,
} from '#tools/drivers/mcp/settings.ts';
import { secureAddress } from './config-cluster.ts';
import { secretRef } from './config-fields.ts';

/** Servers that speak the Model Context Protocol: which of their tools may be asked, by whom, about what, and with which arguments. */

/** Most tools that one agent may hold beside its own. */
export const MAX_MOUNTED = 12;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

const argumentFile = z
  .strictObject({
    one_of: z
      .union([z.array(z.string().min(1).max(200)).min(1).max(100), z.array(z.int()).min(1).max(100)])
      .exactOptional(),
    int: z.strictObject({ min: z.int(), max: z.int() }).exactOptional(),
    pattern: z
      .string()
      .max(200)
      .superRefine((pattern, context) => {
        const read = readPattern(pattern);
        if (typeof read === 'string') context.addIssue({ code: 'custom', message: read });
      })
      .exactOptional(),
    fixed: z
      .union([z.string().max(1000), z.int(), z.boolean(), z.array(z.string().max(200)).max(50)])
      .exactOptional(),
  })
  .refine((one) => Object.keys(one).length === 1, 'needs exactly one of one_of, int, pattern and fixed')
  .refine(({ int }) => int === undefined || int.min <= int.max, 'has a min above its max');

const argumentName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'is not a name of an argument');

const toolFile = z.strictObject({
  about: z.string().min(1).max(300),
  roles: z.array(z.enum(mcpRoles)).max(2).default([]),
  arguments: z.record(argumentName, argumentFile).default({}),
  definition: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'is not sha256: and 64 hex digits; firebreak mcp pin prints it')
    .exactOptional(),
  send_to_model: z.enum(sendPolicies).default('redacted'),
});

const serverFile = z.strictObject({
  command: z
    .tuple([z.string().regex(/^\/.{1,500}$/, 'is not an absolute path')], z.string().max(1000))
    .exactOptional(),
  env: z
    .record(z.string().regex(VARIABLE, 'is not a name of a variable'), z.string().max(2000))
    .exactOptional(),
  url: secureAddress.exactOptional(),
  token: secretRef.exactOptional(),
  services: z.array(ServiceId).min(1).max(200),
  tools: z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9_./-]{0,38}$/, 'is not a name of a tool: at most 39 characters'),
      toolFile,
    )
    .refine((tools) => Object.keys(tools).length > 0, 'names no tool'),
});

export const mcpFile = z.record(
  z
    .string()
    .regex(/^[a-z][a-z0-9]{0,15}$/, 'is not a name of an MCP server: at most 16 small letters and digits'),
  serverFile,
);
type ServerFile = z.infer<typeof serverFile>;
type ToolFile = z.infer<typeof toolFile>;

export type McpSettings = {
  readonly servers: readonly McpServer[];
  /** What of a tool's answers leaves for a model, by the name that agents know it by. */
  readonly send: ReadonlyMap<string, SendPolicy>;
};

/** Makes the typed servers of a file that was checked. */
export function buildMcp(
  file: Readonly<Record<string, ServerFile>>,
  secretOf: (ref: string) => Secret,
): McpSettings {
  const servers = Object.entries(file).map(
    ([id, one]): McpServer => ({
      id,
      at: placeOf(one, secretOf),
      services: one.services,
      tools: Object.entries(one.tools).map(([tool, settings]) => toolOf(id, tool, settings)),
    }),
  );
  const send = Object.entries(file).flatMap(([id, { tools }]) =>
    Object.entries(tools).map(([tool, { send_to_model }]) => [mcpToolName(id, tool), send_to_model] as const),
  );
  return { servers, send: new Map(send) };
}

function placeOf({ command, env, url, token }: ServerFile, secretOf: (ref: string) => Secret): McpPlace {
  if (command === undefined)
    return { kind: 'url', url: url ?? '', token: token === undefined ? null : secretOf(token) };
  const [program, ...args] = command;
  const variables = Object.entries(env ?? {}).map(
    ([name, value]) => [name, secretRef.safeParse(value).success ? secretOf(value) : value] as const,
  );
  return { kind: 'command', command: program, args, env: new Map<string, string | Secret>(variables) };
}

function toolOf(server: string, tool: string, file: ToolFile): McpTool {
  const { about, roles, definition } = file;
  return {
    name: mcpToolName(server, tool),
    tool,
    about,
    roles,
    arguments: new Map(Object.entries(file.arguments).map(([name, one]) => [name, argumentOf(one)])),
    definition: definition === undefined ? null : Digest.parse(definition.slice('sha256:'.length)),
  };
}

function argumentOf({ one_of, int, pattern, fixed }: ToolFile['arguments'][string]): McpArgument {
  if (one_of !== undefined) return { kind: 'one_of', values: one_of };
  if (int !== undefined) return { kind: 'int', ...int };
  if (pattern !== undefined) return { kind: 'pattern', pattern };
  return { kind: 'fixed', value: (fixed ?? null) satisfies JsonValue };
}
