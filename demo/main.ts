import { once } from 'node:events';
import { stdin, stdout } from 'node:process';
import { FirebreakError } from '#core/errors.ts';
import { type ChosenApprover, chooseApprover } from './approver.ts';
import { type WishedModel, whoAnswers, wishedModel } from './model.ts';
import { type RunResult, runScenario, type ShownSlack } from './run.ts';
import { blindScenario, breakIt, type Scenario, scenario, scenarioNames } from './scenarios.ts';
import { createScreen } from './screen.ts';
import type { PagedBy } from './shop.ts';
import { startDemoSlack } from './slack-fake/start.ts';

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
  /** `anthropic` or `openai` for a mocked model, one of their models by its name for the real one; left out = rules. */
  readonly model?: string;
  /** A stand-in for Slack, with a page on this machine that shows it and takes clicks. */
  readonly slackFake: boolean;
  /** Who pages: the demo's monitoring sends as this one does. */
  readonly from: PagedBy;
  readonly json: boolean;
};

/** Shops that run side by side in `--all` when nobody is asked. */
const SIDE_BY_SIDE = 2;

/**
 * The `demo` command: real processes are broken, Firebreak finds out and asks. Resolves to the exit code: 0 when each run
 * ended as it should, also when nobody was there to approve. Ctrl-C ends every process.
 */
export async function demo(options: DemoOptions): Promise<number> {
  const chosen = scenariosOf(options);
  const model = options.model === undefined ? null : wishedModel(options.model);
  if (options.keep !== undefined && chosen.length > 1)
    throw new FirebreakError('usage', '--keep keeps one log: give one scenario');
  if (options.slackFake && chosen.length > 1)
    throw new FirebreakError('usage', '--slack-fake shows one channel: give one scenario');
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new FirebreakError('usage', 'stopped'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  try {
    const runs = await runAll(chosen, { ...options, model }, stop.signal);
    if (options.json) stdout.write(`${JSON.stringify(runs.map(({ result }) => result))}\n`);
    return runs.every(isAsExpected) ? 0 : 1;
  } catch (error) {
    if (stop.signal.aborted) return 130;
    throw error;
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupt);
  }
}

function scenariosOf(options: DemoOptions): readonly Scenario[] {
  const { scenario: name = 'bad-deploy', seed } = options;
  if (options.breakIt) return [breakIt];
  if (options.all) return scenarioNames.flatMap((each) => scenario(each, seed) ?? []);
  if (options.blind) return [blindScenario(seed)];
  const one = scenario(name, seed);
  if (one !== undefined) return [one];
  throw new FirebreakError('usage', `there is no scenario "${name}"; there are ${scenarioNames.join(', ')}`);
}

type Chosen = Omit<DemoOptions, 'model'> & { readonly model: WishedModel | null };
type Run = { readonly scenario: Scenario; readonly result: RunResult; readonly approver: ChosenApprover };

/** One after the other where a person is asked or a single one was chosen, else a few side by side; answers in order. */
async function runAll(chosen: readonly Scenario[], options: Chosen, signal: AbortSignal): Promise<Run[]> {
  const asked = options.approveAs === undefined && stdin.isTTY === true;
  const lanes = asked ? 1 : Math.min(SIDE_BY_SIDE, chosen.length);
  const runs: Run[] = [];
  const waiting = [...chosen.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, one] = next;
      runs[index] = await runOne(one, options, { signal, live: lanes === 1 });
    }
  };
  await Promise.all(Array.from({ length: lanes }, work));
  return runs;
}

async function runOne(
  one: Scenario,
  options: Chosen,
  { signal, live }: { signal: AbortSignal; live: boolean },
): Promise<Run> {
  const hidden = one.name === 'blind';
  const title = hidden ? `blind run, seed ${options.seed}` : `scenario ${one.name}, hidden from Firebreak`;
  const screen = createScreen({
    ...{ json: options.json, title, hidden, live },
    answers: whoAnswers(options.model),
  });
  const approver = chooseApprover(options, screen.say);
  const expecting = approver.kind === 'denies' ? withNobody(one) : one;
  const result = await runScenario(expecting, {
    ...{ approver, events: screen, keep: options.keep, signal },
    ...{ model: options.model, from: options.from },
    ...(options.slackFake && { slack: shownSlack(approver.name, { say: screen.say, signal }) }),
  });
  screen.end();
  return { scenario: expecting, result, approver };
}

/** One line says where to look. On a terminal it stays open until Ctrl-C. */
function shownSlack(
  approver: string,
  { say, signal }: { say: (text: string) => void; signal: AbortSignal },
): ShownSlack {
  return {
    start: async (dir) => {
      const slack = await startDemoSlack(dir, approver);
      say(`Slack, a stand-in: ${slack.url}  you are ${approver}`);
      return slack;
    },
    lookAround: async () => {
      if (stdin.isTTY !== true || stdout.isTTY !== true) return;
      say('That was it; the page stays open until Ctrl-C.');
      if (!signal.aborted) await once(signal, 'abort');
    },
  };
}

/** With nobody to approve, a scenario that needs a yes must end denied. */
function withNobody(one: Scenario): Scenario {
  return one.actions.length > 0 ? { ...one, expected: 'denied', actions: [] } : one;
}

/** A person at the terminal may say no, and a shop that the user broke has no expected end. */
function isAsExpected({ scenario: one, result, approver }: Run): boolean {
  if (result.expected === null || (approver.kind === 'asks' && result.outcome === 'denied')) return true;
  const needsName = result.expected === 'recovered' || result.expected === 'denied';
  const named = !needsName || result.culprit === result.brokenService;
  return result.outcome === result.expected && named && result.actions.join() === one.actions.join();
}
