import type { Command } from 'commander';
import type { AcceptOptions } from './commands/policy.ts';
import type { Common } from './context.ts';
import { leaf, type Parts } from './leaf.ts';

/** The commands about who may change what. */
export function addPolicyCommands(program: Command, { context, settle }: Parts): void {
  const policy = program.command('policy').helpCommand(false).description('who may change what');
  const load = () => import('./commands/policy.ts');
  leaf(policy, 'diff', 'what a changed config allows more, or less; exit 1 when it allows more')
    .argument('<old>', 'config file')
    .argument('<new>', 'config file')
    .action((before: string, after: string, options: Common) =>
      settle(
        load().then(({ diffPolicy }) => diffPolicy({ before, after }, context)),
        options,
      ),
    );
  leaf(policy, 'accept', 'let count what the config of the running server allows more (owners)')
    .option('-y, --yes', 'do not ask')
    .action((options: AcceptOptions) =>
      settle(
        load().then(({ acceptPolicy }) => acceptPolicy(options, context)),
        options,
      ),
    );
}
