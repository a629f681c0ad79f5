import { stdin, stdout } from 'node:process';
import { FirebreakError } from '#core/errors.ts';
import { PersonId } from '#core/ids.ts';
import { type Approver, sendDecision } from './approver.ts';
import { type RunResult, runScenario } from './run.ts';
import { blindScenario, type Scenario, scenario, scenarioNames } from './scenarios.ts';
import { createScreen } from './screen.ts';

export type DemoOptions = {
  readonly scenario?: string;
  readonly all: boolean;
  readonly blind: boolean;
  readonly breakIt: boolean;
  readonly seed: number;
  /** Approves by itself as this person, with a throw-away token. */
  readonly approveAs?: string;
  /** Keeps the log, and nothing else, in this folder. */
  readonly keep?: string;
  readonly json: boolean;
};

/**
 * The `demo` command: real processes are broken, Firebreak finds out and asks. Resolves to the exit code: 0 when each run
 * ended as it should, and for a single run that nobody approved. Ctrl-C ends every process.
 */
export async function demo(options: DemoOptions): Promise<number> {
  const chosen = scenariosOf(options);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new FirebreakError('usage', 'stopped'));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    const results: RunResult[] = [];
    for (const one of chosen) results.push(await runOne(one, options, stop.signal));
    if (options.json) stdout.write(`${JSON.stringify(results)}\n`);
    return results.every(isAsExpected) ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) return 130;
    throw error;
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

function scenariosOf({ scenario: name, all, blind, seed }: DemoOptions): readonly Scenario[] {
  if (all) return scenarioNames.flatMap((each) => scenario(each, seed) ?? []);
  if (blind) return [blindScenario(seed)];
  const one = scenario(name ?? 'bad-deploy', seed);
  if (one === undefined)
    throw new FirebreakError(
      'usage',
      `there is no scenario "${name}"; there are ${scenarioNames.join(', ')}`,
    );
  return [one];
}

async function runOne(one: Scenario, options: DemoOptions, signal: AbortSignal): Promise<RunResult> {
  const title =
    one.name === 'blind' ? `blind run, seed ${options.seed}` : `scenario ${one.name}, hidden from Firebreak`;
  const screen = createScreen({ json: options.json, title, hidden: one.name === 'blind' });
  const approver = approverOf(options, screen.say);
  const result = await runScenario(expecting(one, approver.denies), {
    approver,
    events: screen,
    keep: options.keep,
    signal,
  });
  screen.say('');
  return result;
}

/** With nobody to approve, a scenario that needs a yes must end denied. */
function expecting(one: Scenario, denies: boolean): Scenario {
  return denies && one.expected !== 'nothing_wrong' && one.actions.length > 0
    ? { ...one, expected: 'denied', actions: [] }
    : one;
}

function isAsExpected(result: RunResult): boolean {
  const named =
    result.expected === 'recovered' || result.expected === 'denied'
      ? result.culprit === result.brokenService
      : true;
  return result.outcome === result.expected && named;
}

type DemoApprover = Approver & { readonly denies: boolean };

function approverOf(options: DemoOptions, say: (text: string) => void): DemoApprover {
  if (options.approveAs !== undefined) {
    const name = PersonId.safeParse(options.approveAs);
    if (!name.success)
      throw new FirebreakError(
        'usage',
        `--approve-as: "${options.approveAs}" is not a person id such as alice`,
      );
    return {
      name: name.data,
      denies: false,
      decide: async (question) => report(say, await sendDecision(question, 'approve')),
    };
  }
  if (stdin.isTTY === true && stdout.isTTY === true && !options.json) {
    return {
      name: 'alice',
      denies: false,
      decide: async (question) => report(say, await sendDecision(question, await ask(question.approval))),
    };
  }
  return {
    name: 'alice',
    denies: true,
    decide: async (question) => {
      say(
        'no terminal to ask on: the answer is no. To approve by itself: npm run demo -- --approve-as alice',
      );
      report(say, await sendDecision(question, 'deny'));
    },
  };
}

async function ask(approval: string): Promise<'approve' | 'deny'> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: `Approve ${approval} as alice?`, initialValue: false });
  return !isCancel(answer) && answer ? 'approve' : 'deny';
}

function report(say: (text: string) => void, problem: string): void {
  if (problem !== '') say(`the decision was not taken: ${problem}`);
}
