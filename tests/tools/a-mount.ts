import { ServiceId } from '#core/ids.ts';
import { definitionOf } from '#tools/drivers/mcp/definition.ts';
import { createMcpLink } from '#tools/drivers/mcp/link.ts';
import { type McpServer, type McpTool, mcpToolName } from '#tools/drivers/mcp/settings.ts';
import type { Standing } from '#tools/drivers/mcp/standing.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createScriptedServer, lookTool, type WireTool } from '../fakes/mcp/scripted-server.ts';

/** A tool of the config that is pinned to how `wire` is described. */
export function mountOf(wire: WireTool = lookTool, more: Partial<McpTool> = {}): McpTool {
  return {
    name: mcpToolName('cw', wire.name),
    tool: wire.name,
    about: 'A metric of the cloud.',
    roles: ['diagnosis'],
    arguments: new Map([['name', { kind: 'one_of', values: ['CPU', 'Mem'] }]]),
    definition: definitionOf({ inputSchema: undefined, ...wire }).digest,
    ...more,
  };
}

export function serverOf(tools: readonly McpTool[], more: Partial<McpServer> = {}): McpServer {
  return {
    id: 'cw',
    at: { kind: 'url', url: 'http://127.0.0.1:1', token: null },
    services: [ServiceId.parse('checkout')],
    tools,
    ...more,
  };
}

/** A server of this process behind the real library and the real link. */
export function linked(tools: readonly McpTool[] = [mountOf()]) {
  const clock = new FakeClock();
  const world = createScriptedServer();
  const told: string[] = [];
  const onStanding = ({ tool }: McpTool, { kind }: Standing): void => void told.push(`${tool} ${kind}`);
  const link = createMcpLink(serverOf(tools), { clock, open: world.open, onStanding });
  const signal = new AbortController().signal;
  const ask = (tool = 'get_metric', args = { name: 'CPU' }) => link.ask({ tool, args }, signal);
  const calls = () => world.heard.filter(({ method }) => method === 'tools/call');
  const lists = () => world.heard.filter(({ method }) => method === 'tools/list').length;
  return { clock, world, told, link, ask, calls, lists };
}
