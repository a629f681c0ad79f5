import type { Command } from 'commander';
import type { Common } from './context.ts';
import { leaf, type Parts } from './leaf.ts';

/** The commands about the credentials that the config names. */
export function addSecretsCommands(program: Command, { context, settle }: Parts): void {
  const secrets = program
    .command('secrets')
    .helpCommand(false)
    .description('credentials that the config names, never their values');
  leaf(
    secrets,
    'check',
    'whether each is there, its age and when it last worked; exit 1 when one is not',
  ).action((options: Common) =>
    settle(
      import('./commands/secrets.ts').then(({ checkSecrets }) => checkSecrets(options, context)),
      options,
    ),
  );
}
