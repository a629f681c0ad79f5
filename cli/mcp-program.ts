import type { Command } from 'commander';
import type { Common } from './context.ts';
import { leaf, type Parts } from './leaf.ts';

/** The command about servers of others whose tools are mounted. */
export function addMcpCommands(program: Command, { context, settle }: Parts): void {
  const mcp = program
    .command('mcp')
    .helpCommand(false)
    .description('tools of MCP servers that are looks here');
  leaf(mcp, 'pin', 'print the definitions of the named tools as their servers give them now; writes nothing')
    .argument('[server]', 'only this one of the config')
    .action((server: string | undefined, options: Common) =>
      settle(
        import('./commands/mcp.ts').then(({ pinMcp }) => pinMcp(server, options, context)),
        options,
      ),
    );
}
