import type { Command } from 'commander';
import type { DoctorFlags } from './commands/doctor.ts';
import type { GuardFlags } from './commands/guard.ts';
import { leaf, type Parts } from './leaf.ts';

/** The commands about how Firebreak itself stands. */
export function addDoctorCommands(program: Command, { context, settle }: Parts): void {
  leaf(program, 'doctor', 'check config, files, log and what runs; exit 1 when a check fails')
    .option('--online', 'also ask Slack, GitHub, PagerDuty and Kubernetes what they let us do')
    .action((options: DoctorFlags) =>
      settle(
        import('./commands/doctor.ts').then(({ doctor }) => doctor(options, context)),
        options,
      ),
    );
  leaf(program, 'guard', 'run the checks again and again: what begins to fail opens an incident')
    .option('--once', 'look once; exit 1 when a check fails')
    .option('--every <time>', 'how often, like 10m (default: 10m)')
    .action((options: GuardFlags) =>
      settle(
        import('./commands/guard.ts').then(({ guard }) => guard(options, context)),
        options,
      ),
    );
}
