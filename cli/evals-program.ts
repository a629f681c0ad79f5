import type { Command } from 'commander';
import type { EvalsFlags } from './commands/evals.ts';
import { leaf, type Parts } from './leaf.ts';

/** The command that measures the product over cases. */
export function addEvalsCommand(program: Command, { context, settle }: Parts): void {
  leaf(program, 'evals', 'measure how often the diagnosis is right, over recorded cases')
    .argument('[suite]', 'which cases', 'own')
    .option('--data <dir>', 'folder of an outside set')
    .option('--model <model>', 'who plays the agents', 'rules')
    .option('--max-reads <n>', 'reads of a case over all its agents')
    .option('--leave-out <cause>', 'switch off the rules for a cause, or all: each in turn')
    .action((suite: string, options: EvalsFlags) =>
      settle(
        import('./commands/evals.ts').then(({ evals }) => evals(suite, options, context)),
        options,
      ),
    );
}
