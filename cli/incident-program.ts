import type { Command } from 'commander';
import type { EraseFlags } from './commands/erase.ts';
import type { PlainVerb, ResolveFlags, VerdictFlags } from './commands/incident-say.ts';
import type { ExportFlags, ShowFlags } from './commands/incidents.ts';
import type { Common } from './context.ts';
import { leaf, type Parts } from './leaf.ts';

/** `incidents ...`: what is and was wrong, and what people say of it. */
export function addIncidentCommands(program: Command, { context, settle }: Parts): void {
  const incidents = program.command('incidents').helpCommand(false).description('what is and was wrong');
  const load = () => import('./commands/incidents.ts');
  addErase(incidents, { context, settle });
  addSayings(incidents, { context, settle });
  leaf(incidents, 'list', 'all incidents, open ones first').action((options: Common) =>
    settle(
      load().then(({ listIncidents }) => listIncidents(options, context)),
      options,
    ),
  );
  leaf(incidents, 'show', 'one incident: what, why, what was done, what is next')
    .argument('<id>', 'like INC-12')
    .option('--png <file>', 'write its signal as a picture into this file')
    .option('--postmortem', 'a draft in Markdown, each line with the entries that it rests on')
    .action((id: string, options: ShowFlags) =>
      settle(
        load().then(({ showIncident }) => showIncident(id, options, context)),
        options,
      ),
    );
  leaf(incidents, 'export', 'one incident and its log entries as JSON, or with proofs for others')
    .argument('<id>', 'like INC-12')
    .option('--bundle <dir>', 'write a folder that anybody can check without Firebreak')
    .option('--with-payloads', 'put the decrypted contents of its calls into the folder')
    .option('--case <dir>', 'write it as a sealed case that firebreak evals DIR handles again')
    .action((id: string, options: ExportFlags) =>
      settle(
        load().then(({ exportIncident }) => exportIncident(id, options, context)),
        options,
      ),
    );
}

function addErase(incidents: Command, { context, settle }: Parts): void {
  leaf(incidents, 'erase', 'destroy the content of a closed incident; its entries stay (owners)')
    .argument('<id>', 'like INC-12')
    .option('--yes', 'do not ask')
    .action((id: string, options: EraseFlags) =>
      settle(
        import('./commands/erase.ts').then(({ eraseIncident }) => eraseIncident(id, options, context)),
        options,
      ),
    );
}

/** What people say of an incident; the server takes it, with the rights of the person. */
function addSayings(incidents: Command, { context, settle }: Parts): void {
  const load = () => import('./commands/incident-say.ts');
  const plain = (verb: PlainVerb, summary: string) =>
    leaf(incidents, verb, summary)
      .argument('<id>', 'like INC-12')
      .action((id: string, options: Common) =>
        settle(
          load().then(({ sayPlain }) => sayPlain(verb, id, { options, context })),
          options,
        ),
      );
  plain('take', 'you work on it: agents stop, and what waits is withdrawn');
  plain('pause', 'agents stop and nothing new starts, until somebody says resume');
  plain('resume', 'let it go on; everything is read anew');
  leaf(incidents, 'resolve', 'close it: fixed by hand, or nothing was wrong')
    .argument('<id>', 'like INC-12')
    .option('--nothing-wrong', 'nothing was wrong')
    .action((id: string, options: ResolveFlags) =>
      settle(
        load().then(({ resolveIncident }) => resolveIncident(id, options, context)),
        options,
      ),
    );
  leaf(incidents, 'verdict', 'say whether the named cause was right, and what it was')
    .argument('<id>', 'like INC-12')
    .option('--right', 'it was')
    .option('--wrong', 'it was not')
    .option('--cause <cause>', 'what it was, like bad_deploy')
    .option('--service <service>', 'of which service')
    .action((id: string, options: VerdictFlags) =>
      settle(
        load().then(({ giveVerdict }) => giveVerdict(id, options, context)),
        options,
      ),
    );
}
