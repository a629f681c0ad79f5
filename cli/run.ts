import { CommanderError } from 'commander';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { inert } from '#core/inert.ts';
import { redact } from '#core/redact.ts';
import type { Common, Context, Outcome } from './context.ts';
import { buildProgram } from './program.ts';

/** 0 fine, 1 the check or run failed, 2 wrong usage. */
const FAILED = 1;
const WRONG_USAGE = 2;

/** Runs one command line (without `node` and the script) and gives its exit code. Never throws for what a person can cause. */
export async function runCli(argv: readonly string[], context: Context): Promise<number> {
  let exit = 0;
  const settle = async (work: Promise<Outcome>, options: Common): Promise<void> => {
    exit = await report(work, options, context);
  };
  const program = buildProgram({ context, settle });
  const write = {
    writeOut: (text: string) => context.out(text.trimEnd()),
    writeErr: (text: string) => context.err(text.trimEnd()),
  };
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.exitOverride().configureOutput(write);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (answered.has(error.code) && argv.length > 0) return 0;
    if (argv.includes('--json')) context.out(JSON.stringify({ error: 'usage', message: error.message }));
    return WRONG_USAGE;
  }
}

/** Help and version were asked for and shown. */
const answered: ReadonlySet<string> = new Set(['commander.helpDisplayed', 'commander.version']);

async function report(work: Promise<Outcome>, { json }: Common, context: Context): Promise<number> {
  try {
    const outcome = await work;
    if (json !== true) for (const line of outcome.lines) context.out(line);
    else if (outcome.json !== undefined) context.out(JSON.stringify(outcome.json));
    return outcome.exit ?? 0;
  } catch (error) {
    const code = error instanceof FirebreakError ? error.code : 'bug';
    const lines = redact(messageOf(error)).split('\n').map(inert);
    for (const line of lines) context.err(line);
    if (json === true) context.out(JSON.stringify({ error: code, message: lines.join('\n') }));
    return code === 'usage' ? WRONG_USAGE : FAILED;
  }
}
