import { stdin, stdout } from 'node:process';
import { FirebreakError } from '#core/errors.ts';
import { PersonId } from '#core/ids.ts';
import type { FirebreakHome } from './firebreak-config.ts';
import { firebreak } from './firebreak-process.ts';
import type { DemoSlack } from './slack-fake/start.ts';

export type Question = {
  readonly approval: string;
  readonly home: FirebreakHome;
  /** Where decisions are clicked instead of being sent from here. */
  readonly slack: Pick<DemoSlack, 'click'> | null;
};

/** Who answers the approval card in a demo run. */
export type Approver = {
  /** Id of the person in the config. */
  readonly name: string;
  /** Decides, and sends the decision as that person. */
  decide(question: Question): Promise<void>;
};
export type ChosenApprover = Approver & { readonly kind: 'approves' | 'asks' | 'denies' };

type Wish = { readonly approveAs?: string; readonly json: boolean; readonly slackFake?: boolean };
const PERSON = 'alice';

/** A name approves by itself; in Slack people click; a terminal is asked; with neither the answer is no, and it says how to change that. */
export function chooseApprover(
  { approveAs, json, slackFake = false }: Wish,
  say: (text: string) => void,
): ChosenApprover {
  const send = async (question: Question, decision: 'approve' | 'deny'): Promise<void> => {
    const { approval, slack } = question;
    const problem =
      slack === null ? await sendDecision(question, decision) : await slack.click(approval, decision);
    if (problem !== '') say(`the decision was not taken: ${problem}`);
  };
  if (approveAs !== undefined) {
    const name = PersonId.safeParse(approveAs);
    if (!name.success)
      throw new FirebreakError('usage', `--approve-as: "${approveAs}" is not a person id such as alice`);
    return { kind: 'approves', name: name.data, decide: (question) => send(question, 'approve') };
  }
  if (slackFake)
    return { kind: 'asks', name: PERSON, decide: async () => say('waits for a click in the page') };
  if (stdin.isTTY === true && stdout.isTTY === true && !json) {
    return {
      kind: 'asks',
      name: PERSON,
      decide: async (question) => send(question, await ask(question.approval)),
    };
  }
  return {
    kind: 'denies',
    name: PERSON,
    decide: async (question) => {
      say('no terminal to ask on, so the answer is no; to approve: npm run demo -- --approve-as alice');
      await send(question, 'deny');
    },
  };
}

/** Sends a decision from a process of its own, with a throw-away personal token; gives what went wrong, or nothing. */
async function sendDecision(
  { approval, home }: Pick<Question, 'approval' | 'home'>,
  decision: 'approve' | 'deny',
): Promise<string> {
  const sure = decision === 'approve' ? ['--yes'] : [];
  const args = [
    'approvals',
    decision,
    approval,
    ...sure,
    '--data-dir',
    home.data,
    '--token-file',
    home.approver.tokenFile,
  ];
  const { code, stdout: out, stderr } = await firebreak(args);
  return code === 0 ? '' : `${stderr}${out}`.trim();
}

async function ask(approval: string): Promise<'approve' | 'deny'> {
  const { confirm, isCancel } = await import('@clack/prompts');
  const answer = await confirm({ message: `Approve ${approval} as ${PERSON}?`, initialValue: false });
  return !isCancel(answer) && answer ? 'approve' : 'deny';
}
