import type { FirebreakHome } from './firebreak-config.ts';
import { type FirebreakProcess, firebreak } from './firebreak-process.ts';

export type Question = {
  approval: string;
  hash: string;
  plan: unknown;
  home: FirebreakHome;
  server: FirebreakProcess;
};

/** Who answers the approval card in a demo run. */
export type Approver = {
  /** Id of the person in the config. */
  readonly name: string;
  /** Decides and sends the decision; the first line it returns says what happened. */
  decide(question: Question): Promise<void>;
};

/** Sends a decision as the person would: from a process of its own, with a personal token. */
export async function sendDecision(question: Question, decision: 'approve' | 'deny'): Promise<string> {
  const { approval, home } = question;
  const args = [
    'approvals',
    decision,
    approval,
    '--yes',
    '--data-dir',
    home.data,
    '--token-file',
    home.approver.tokenFile,
  ];
  const { code, stdout, stderr } = await firebreak(args);
  return code === 0 ? '' : `${stderr}${stdout}`.trim();
}
