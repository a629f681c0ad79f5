import type { Command } from 'commander';
import type { TokenFlags } from './commands/token.ts';
import { leaf, type Parts } from './leaf.ts';

/** The commands about personal tokens. */
export function addTokenCommands(program: Command, { context, settle }: Parts): void {
  const token = program.command('token').helpCommand(false).description('what people prove themselves by');
  leaf(token, 'new', 'make a personal token, shown once, and the config lines for it')
    .requiredOption('--person <id>', 'whose it is, like alice')
    .option('--expires <days>', 'how long it counts, like 90d (default: it does not end)')
    .option(
      '--scopes <rights>',
      'what it is for: read, note, propose, stop, decide, own (default: everything that its person may)',
    )
    .action((options: TokenFlags) =>
      settle(
        import('./commands/token.ts').then(({ newToken }) => newToken(options, context)),
        options,
      ),
    );
}
