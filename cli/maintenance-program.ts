import type { Command } from 'commander';
import type { AddOptions } from './commands/maintenance.ts';
import type { Common } from './context.ts';
import { leaf, type Parts } from './leaf.ts';

/** The commands about pages that are left alone. */
export function addMaintenanceCommands(program: Command, { context, settle }: Parts): void {
  const maintenance = program
    .command('maintenance')
    .helpCommand(false)
    .description('leave pages of a service alone for a while');
  const load = () => import('./commands/maintenance.ts');
  leaf(maintenance, 'add', 'record pages of a service and do nothing else until then')
    .argument('<service>', 'like checkout')
    .requiredOption('--until <time>', 'like 2h, 18:30 or 2026-01-31T18:00+01:00; over a day: owners')
    .requiredOption('--reason <words>', 'why, for whoever looks')
    .action((service: string, options: AddOptions) =>
      settle(
        load().then((commands) => commands.addMaintenance(service, options, context)),
        options,
      ),
    );
  leaf(maintenance, 'list', 'what is left alone, until when, and how many pages that concerned').action(
    (options: Common) =>
      settle(
        load().then((commands) => commands.listMaintenance(options, context)),
        options,
      ),
  );
  leaf(maintenance, 'end', 'let its pages count again now')
    .argument('<id>', 'like M-3')
    .action((id: string, options: Common) =>
      settle(
        load().then((commands) => commands.endMaintenance(id, options, context)),
        options,
      ),
    );
}
