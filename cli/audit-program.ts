import type { Command } from 'commander';
import type { ShowFilter, VerifyFlags } from './commands/audit.ts';
import type { AcceptOptions } from './commands/audit-accept.ts';
import type { ArchiveFlags } from './commands/audit-archive.ts';
import type { RotateOptions } from './commands/audit-key.ts';
import type { ProveFlags } from './commands/audit-prove.ts';
import type { Common } from './context.ts';
import { leaf, type Parts } from './leaf.ts';

/** The commands about the log itself. */
export function addAuditCommands(program: Command, parts: Parts): void {
  const audit = program.command('audit').helpCommand(false).description('the log that proves what happened');
  addChecks(audit, parts);
  addProofs(audit, parts);
  addUpkeep(audit, parts);
}

function addChecks(audit: Command, { context, settle }: Parts): void {
  const load = () => import('./commands/audit.ts');
  leaf(audit, 'verify', 'check every byte of a log, and that what it says was allowed')
    .argument('[dir]', 'data directory or log folder')
    .option('--key <key>', 'public key of the log, or a file with it, instead of its own log.pub')
    .option(
      '--against <checkpoints>',
      'checkpoints kept elsewhere, or a file with them: the log must hold them',
    )
    .action((dir: string | undefined, options: VerifyFlags) =>
      settle(
        load().then(({ verifyAudit }) => verifyAudit(dir, options, context)),
        options,
      ),
    );
  leaf(audit, 'show', 'print the entries as they are')
    .option('--incident <id>', 'only this incident')
    .option('--kind <kind>', 'only entries of this kind, like tool.intended')
    .action((options: ShowFilter) =>
      settle(
        load().then(({ showAudit }) => showAudit(options, context)),
        options,
      ),
    );
}

function addProofs(audit: Command, { context, settle }: Parts): void {
  const load = () => import('./commands/audit-prove.ts');
  leaf(audit, 'prove', 'write a proof that anybody can check offline')
    .argument('[seq]', 'number of the entry to prove')
    .option(
      '--from <checkpoint>',
      'prove instead that the log only grew since this checkpoint (or a file with it)',
    )
    .option('--out <file>', 'write the proof here, and the program that checks it beside it')
    .action((seq: string | undefined, options: ProveFlags) =>
      settle(
        load().then(({ prove }) => prove(seq, options, context)),
        options,
      ),
    );
  leaf(audit, 'checkpoint', 'print the newest checkpoint, to keep it elsewhere').action((options: Common) =>
    settle(
      load().then(({ printCheckpoint }) => printCheckpoint(options, context)),
      options,
    ),
  );
}

function addUpkeep(audit: Command, { context, settle }: Parts): void {
  leaf(
    audit,
    'accept',
    'a log was tampered with and moved aside: look at that, and let changes run again (owners)',
  )
    .option('--yes', 'do not ask')
    .action((options: AcceptOptions) =>
      settle(
        import('./commands/audit-accept.ts').then(({ acceptAudit }) => acceptAudit(options, context)),
        options,
      ),
    );
  leaf(audit, 'archive', 'copy the log into a folder, or bring the copy there up to date, and verify both')
    .argument('<folder>', 'where the copy lies, such as another disk')
    .option('--key <key>', 'public key of the log, kept elsewhere, instead of its own log.pub')
    .action((folder: string, options: ArchiveFlags) =>
      settle(
        import('./commands/audit-archive.ts').then(({ archive }) => archive(folder, options, context)),
        options,
      ),
    );
  leaf(
    audit,
    'rotate-key',
    'sign with another key from now on, and destroy the present one; stop the server first',
  )
    .option('--reason <text>', 'why, for the log')
    .option('--yes', 'do not ask')
    .action((options: RotateOptions) =>
      settle(
        import('./commands/audit-key.ts').then(({ rotateKey }) => rotateKey(options, context)),
        options,
      ),
    );
}
