import { FirebreakError } from '#core/errors.ts';
import { renderPins } from '#views/mcp-pins.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { configPath } from '../data-dir.ts';

/**
 * Asks the MCP servers of the config what their tools are, and prints the lines that pin the named ones to that. Writes
 * nothing. Exit 1 where a server was not reached or a tool is not as the config has it.
 */
export async function pinMcp(only: string | undefined, options: Common, context: Context): Promise<Outcome> {
  const [{ loadConfig }, { readPins }] = await Promise.all([
    import('#server/config.ts'),
    import('#server/mcp-pin.ts'),
  ]);
  const { mcp } = loadConfig(configPath(options, context));
  const asked = mcp.servers.filter(({ id }) => only === undefined || id === only);
  if (asked.length === 0)
    throw new FirebreakError('usage', `the config names no MCP server ${only ?? ''}`.trim());
  const onLine = (server: string, line: string): void => context.err(`${server}  ${line}`);
  const servers = await readPins(asked, { clock: context.clock, onLine });
  const isAsPinned = servers.every(
    ({ problem, tools }) => problem === null && tools.every(({ standing }) => standing === 'ready'),
  );
  return { lines: renderPins(servers), json: { servers }, ...(isAsPinned ? {} : { exit: 1 }) };
}
