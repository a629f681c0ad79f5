import type { Command } from 'commander';
import type { Common, Context, Outcome } from './context.ts';

/** Takes what a command came to: prints it and keeps the exit code. */
export type Settle = (work: Promise<Outcome>, options: Common) => Promise<void>;

export type Parts = { readonly context: Context; readonly settle: Settle };

/** A command with the options that every command has. */
export function leaf(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option('--json', 'end with one JSON document on the last line')
    .option('--data-dir <dir>', 'data directory (default: .firebreak beside the config)')
    .option('--config <file>', 'config file (default: ./firebreak.yaml)')
    .option(
      '--token-file <file>',
      'file with your personal token (default: FIREBREAK_TOKEN, ~/.config/firebreak/token)',
    );
}
