import type { Command } from 'commander';
import type { EvalsFlags } from './commands/evals.ts';
import type { BoardFlags } from './commands/evals-board.ts';
import { leaf, type Parts } from './leaf.ts';

/** The command that measures the product over cases. */
export function addEvalsCommand(program: Command, { context, settle }: Parts): void {
  leaf(program, 'evals', 'measure how often the diagnosis is right, over recorded cases')
    .argument(
      '[suite]',
      'which cases, or a folder with exported ones; alone: our own, with every model that needs no key',
    )
    .option('--data <dir>', 'folder of an outside set')
    .option(
      '--model <model>',
      'who plays the agents: rules (default), scripted, recorded, hostile, anthropic/NAME, openai/NAME',
    )
    .option('--max-reads <n>', 'reads of a case over all its agents')
    .option('--leave-out <cause>', 'switch off the rules for a cause, or all: each in turn')
    .option('--live', 'ask the real model, with the key in the environment; costs money, at most $5 a run')
    .option('--record', 'keep what the real model says in the cassette')
    .option('--cassette <file>', 'what a real model said; played where --live is not given')
    .option('--html <file>', 'where the page of the run goes (default: results/evals.html)')
    .option('--accept', 'make this run the baseline that later runs are held against')
    .action((suite: string | undefined, options: EvalsFlags & BoardFlags) =>
      settle(
        isBoard(suite, options)
          ? import('./commands/evals-board.ts').then(({ evalsBoard }) => evalsBoard(options, context))
          : import('./commands/evals.ts').then(({ evals }) => evals(suite ?? 'own', options, context)),
        options,
      ),
    );
}

/** Nothing of a single suite was asked for. */
function isBoard(suite: string | undefined, { data, model, maxReads, leaveOut }: EvalsFlags): boolean {
  return [suite, data, model, maxReads, leaveOut].every((one) => one === undefined);
}
