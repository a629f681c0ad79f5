import { Command } from 'commander';
import { addAuditCommands } from './audit-program.ts';
import type { DecideOptions, ReleaseOptions, Wanted } from './commands/approvals.ts';
import type { DemoFlags } from './commands/demo.ts';
import type { InitFlags } from './commands/init.ts';
import type { ServeFlags } from './commands/serve.ts';
import type { Common } from './context.ts';
import { addDoctorCommands } from './doctor-program.ts';
import { addEvalsCommand } from './evals-program.ts';
import { addIncidentCommands } from './incident-program.ts';
import { leaf, type Parts } from './leaf.ts';
import { addMaintenanceCommands } from './maintenance-program.ts';
import { addMcpCommands } from './mcp-program.ts';
import { addPolicyCommands } from './policy-program.ts';
import { addSecretsCommands } from './secrets-program.ts';
import { addTokenCommands } from './token-program.ts';
import { version } from './version.ts';

/** All commands. What a command needs is loaded only when it runs, so that `status` does not wait for the server's code. */
export function buildProgram(parts: Parts): Command {
  const program = new Command('firebreak').description(
    'Incident assistant for people on call. Nothing is changed unless a person approved exactly that.',
  );
  program.helpCommand(false).version(version());
  addServerCommands(program, parts);
  addIncidentCommands(program, parts);
  addApprovalCommands(program, parts);
  addSessionCommands(program, parts);
  addAuditCommands(program, parts);
  addPolicyCommands(program, parts);
  addMcpCommands(program, parts);
  addMaintenanceCommands(program, parts);
  addStopCommands(program, parts);
  addTokenCommands(program, parts);
  addSecretsCommands(program, parts);
  addDoctorCommands(program, parts);
  addEvalsCommand(program, parts);
  return program;
}

function addServerCommands(program: Command, { context, settle }: Parts): void {
  leaf(program, 'serve', 'run the server')
    .option('--until-stdin-ends', 'stop when standard input ends: a server that must not outlive its parent')
    .action((options: ServeFlags) =>
      settle(
        import('./commands/serve.ts').then(({ runServer }) => runServer(options, context)),
        options,
      ),
    );
  leaf(program, 'init', 'write a first config and your personal token')
    .option('--person <id>', 'you, like alice')
    .option('--team <id>', 'your team, like team-shop')
    .option('--environment <name>', 'where your services run (default: prod)')
    .option('--test-page', 'write nothing: send a harmless page to the running server')
    .action((options: InitFlags) =>
      settle(
        options.testPage === true
          ? import('./commands/test-page.ts').then(({ testPage }) => testPage(options, context))
          : import('./commands/init.ts').then(({ init }) => init(options, context)),
        options,
      ),
    );
  leaf(program, 'status', 'what burns, what waits, what is switched off').action((options: Common) =>
    settle(
      import('./commands/status.ts').then(({ status }) => status(options, context)),
      options,
    ),
  );
  leaf(program, 'demo', 'break a small real shop and watch it being repaired')
    .option('--scenario <name>', 'what is broken')
    .option('--all', 'every scenario, one after the other')
    .option('--blind', 'a scenario chosen by the seed and shown at the end only')
    .option('--break-it', 'nothing is broken for you: break something yourself')
    .option('--seed <n>', 'whole number that makes a run repeatable', '0')
    .option('--approve-as <person>', 'approve without asking')
    .option('--keep <dir>', 'keep the log in this folder')
    .option(
      '--model <model>',
      'anthropic or openai: a mocked model; anthropic/NAME or openai/NAME: the real one',
    )
    .option('--from <sender>', 'who pages: alertmanager or pagerduty', 'alertmanager')
    .option(
      '--slack-fake',
      'a stand-in for Slack: a page of this machine that shows the channel and takes clicks',
    )
    .action((options: DemoFlags) =>
      settle(
        import('./commands/demo.ts').then(({ runDemo }) => runDemo(options)),
        options,
      ),
    );
  leaf(
    program,
    'triage',
    'hand over alerts, or a few words about what is wrong, from a file or - for standard input',
  )
    .argument('<file>')
    .action((file: string, options: Common) =>
      settle(
        import('./commands/triage.ts').then(({ triage }) => triage(file, options, context)),
        options,
      ),
    );
}

function addApprovalCommands(program: Command, { context, settle }: Parts): void {
  const approvals = program
    .command('approvals')
    .helpCommand(false)
    .description('changes that wait for a person, and what became of them');
  const load = () => import('./commands/approvals.ts');
  leaf(approvals, 'list', 'all approvals, what waits first').action((options: Common) =>
    settle(
      load().then(({ listApprovals }) => listApprovals(options, context)),
      options,
    ),
  );
  leaf(approvals, 'show', 'one proposal as its approvers see it')
    .argument('<id>', 'like A-3')
    .action((id: string, options: Common) =>
      settle(
        load().then(({ showApproval }) => showApproval(id, options, context)),
        options,
      ),
    );
  const decide = (wanted: Wanted) => (id: string, options: DecideOptions) =>
    settle(
      load().then(({ decideApproval }) => decideApproval(wanted, id, { options, context })),
      options,
    );
  leaf(approvals, 'approve', 'say yes to exactly the card that is shown')
    .argument('<id>', 'like A-3')
    .option('-y, --yes', 'do not ask')
    .option('--typed <name>', 'name of the target, for a wide change')
    .action(decide('approve'));
  leaf(approvals, 'deny', 'say no').argument('<id>', 'like A-3').action(decide('deny'));
  leaf(approvals, 'revoke', 'take back a yes before it is used')
    .argument('<id>', 'like A-3')
    .action(decide('revoke'));
  leaf(approvals, 'release', 'say what became of a change whose effect is not known')
    .argument('<id>', 'like A-3')
    .option('--happened', 'you looked: the change was made')
    .option('--did-not-happen', 'you looked: nothing was changed')
    .action((id: string, options: ReleaseOptions) =>
      settle(
        load().then(({ releaseApproval }) => releaseApproval(id, options, context)),
        options,
      ),
    );
  leaf(approvals, 'again', 'look anew after nobody decided in time, or it could not be carried out')
    .argument('<id>', 'like A-3')
    .action((id: string, options: Common) =>
      settle(
        load().then(({ againApproval }) => againApproval(id, options, context)),
        options,
      ),
    );
}

function addSessionCommands(program: Command, { context, settle }: Parts): void {
  const sessions = program.command('sessions').helpCommand(false).description('conversations of the agents');
  const load = () => import('./commands/sessions.ts');
  leaf(sessions, 'list', 'sessions of incidents that are open or just ended').action((options: Common) =>
    settle(
      load().then(({ listSessions }) => listSessions(options, context)),
      options,
    ),
  );
  leaf(sessions, 'show', 'one session')
    .argument('<key>')
    .action((key: string, options: Common) =>
      settle(
        load().then(({ showSession }) => showSession(key, options, context)),
        options,
      ),
    );
  leaf(sessions, 'export', 'a transcript as JSON lines')
    .argument('<key>')
    .action((key: string, options: Common) =>
      settle(
        load().then(({ exportSession }) => exportSession(key, options, context)),
        options,
      ),
    );
}

function addStopCommands(program: Command, { context, settle }: Parts): void {
  const load = () => import('./commands/stops.ts');
  const freeze = program.command('freeze').helpCommand(false).description('stop or allow new changes');
  leaf(freeze, 'on', 'no change is started; the undo of one that was started still runs').action(
    (options: Common) =>
      settle(
        load().then((stops) => stops.freeze(true, options, context)),
        options,
      ),
  );
  leaf(freeze, 'off', 'end the freeze').action((options: Common) =>
    settle(
      load().then((stops) => stops.freeze(false, options, context)),
      options,
    ),
  );
  leaf(program, 'off', 'stop every new effect at once, undo included; needs no token and no server').action(
    (options: Common) =>
      settle(
        load().then((stops) => stops.off(options, context)),
        options,
      ),
  );
  leaf(program, 'on', 'switch on again (owners)').action((options: Common) =>
    settle(
      load().then((stops) => stops.on(options, context)),
      options,
    ),
  );
}
