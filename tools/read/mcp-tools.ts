import { z } from 'zod';
import type { JsonObject } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import { redact } from '#core/redact.ts';
import { type ServiceRef, serviceOf, serviceRef } from '#incidents/refs.ts';
import type { McpServer, McpTool } from '../drivers/mcp/settings.ts';
import type { McpAnswer } from '../drivers/mcp-port.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { foreign, joined, MAX_TEXT } from './foreign.ts';
import { notConfigured, unknownService } from './known-service.ts';
import { argumentsSchema, sentArguments } from './mcp-arguments.ts';

const MAX_LINE = 2000;

type Args = { service: ServiceRef; arguments: JsonObject };

/** The tools of the config's servers that somebody may hold and that are pinned to a definition, as looks of this product. */
export function mcpTools(servers: readonly McpServer[]): readonly ReadTool[] {
  return servers.flatMap((server) =>
    server.tools
      .filter(({ definition, roles }) => definition !== null && roles.length > 0)
      .map((tool) => mcpTool(server, tool)),
  );
}

function mcpTool(server: McpServer, tool: McpTool): ReadTool<Args> {
  const services = server.services.map(serviceRef);
  return {
    kind: 'read',
    tier: 'R0',
    name: tool.name,
    version: 1,
    description: tool.about,
    args: z.strictObject({
      service: z.enum(services),
      arguments: argumentsSchema(tool.arguments),
    }),
    deadlineMs: 20_000,
    perform: (args, context) => look({ server, tool }, args, context),
  };
}

async function look(
  { server, tool }: { server: McpServer; tool: McpTool },
  { service, arguments: chosen }: Args,
  { inventory, world, signal }: ToolContext,
): Promise<ToolResult> {
  if (!inventory.services.has(serviceOf(service))) return unknownService(service);
  const driver = world.mounts?.get(server.id);
  if (driver === undefined) return notConfigured(`there is no MCP server ${server.id}`);
  const args = sentArguments(tool.arguments, chosen);
  const seen = await driver.ask({ tool: tool.tool, args }, signal);
  return seen.kind === 'gap' ? seen : observed(tool, service, seen.value);
}

/** What is kept of an answer: its text without secrets and without anything that steers, and a fixed few words about it. */
function observed(tool: McpTool, service: ServiceRef, answer: McpAnswer): ToolResult {
  const clean = redact(answer.text);
  const lines = clean === '' ? [] : clean.split('\n').map((line) => foreign(line, MAX_LINE));
  const rest = answer.leftOut === 0 ? [] : [`(${answer.leftOut} parts that are no text are left out)`];
  const text = joined([...rest, ...(lines.length === 0 ? ['(empty answer)'] : lines)]);
  const truncated = answer.truncated || lines.join('\n').length > MAX_TEXT - 40;
  const value = { tool: tool.name, digest: sha256(answer.text), lines: lines.length, truncated };
  return { kind: 'ok', value, text, facts: { service, ...value } };
}
