import type { ActionsBlock, KnownBlock } from '@slack/types';
import { ApprovalId, Digest } from '#core/ids.ts';
import type { ApprovalCard } from '#views/approval-card.ts';
import { type ApprovalStanding, standingLine } from '#views/approval-standing.ts';
import { quoted } from '../inert.ts';
import type { Decided, SlackMessage } from '../ports.ts';
import { context, handles, section, timeOf, words } from './text.ts';
import { button } from './values.ts';

/** What the card says beside its model. */
export type ApprovalDrawn = {
  readonly zone: string;
  /** Half of its time is up and nobody has answered. */
  readonly reminded: boolean;
  /** Log position of the entry that made it what it is. */
  readonly seq: number;
  /** Whether a person may still ask for a new proposal: the incident is open and nobody has taken it. */
  readonly canAskAgain: boolean;
  /** Slack ids of the people who are asked, verified by the config. */
  readonly mentions: readonly string[];
  /** What an approver must know beside the plan, in mrkdwn of ours; before the buttons. */
  readonly warnings: readonly string[];
};

/**
 * Effect, target, undo and expiry within the first 200 characters, whatever they are made of: the target whole, the
 * rest cut where it must be; all of it stands again below.
 */
const MOST_TITLE = 104;
const MOST_UNDO = 40;

/** The target first: what is cut is what comes after it. */
export function headline(card: ApprovalCard): string {
  const more = /, then \d+ more changes?$/.exec(card.title)?.[0] ?? '';
  const first = words(card.title.slice(0, card.title.length - more.length), MOST_TITLE - more.length);
  return `${first}${more}`;
}

/** `Undo: deploy v42 again. Expires 03:27`, the second thing that an approver reads. */
export function undoAndExpiry(card: ApprovalCard, zone: string): string {
  const [first, ...others] = card.steps.map((step) => step.undo);
  const undo = others.length === 0 ? (first ?? 'none') : 'step by step, below';
  return `Undo: ${words(undo, MOST_UNDO)}. Expires ${timeOf(card.expiresAt, zone)}`;
}

/** The card of one proposal, for as long as it is shown. Pure, and independent of the time at which it is drawn. */
export function approvalMessage(
  card: ApprovalCard,
  standing: ApprovalStanding,
  drawn: ApprovalDrawn,
): SlackMessage {
  const { zone } = drawn;
  const head = `${headline(card)}\n${undoAndExpiry(card, zone)}`;
  const isOpen = standing.state === 'pending';
  const became = `${words(standingLine(standing, zone), 400)} (#${drawn.seq})`;
  const ends = isOpen ? ', then nothing happens.' : '.';
  const blocks: KnownBlock[] = [
    ...section(
      `*${headline(card)}*`,
      `${undoAndExpiry(card, zone)}${ends}`,
      `Touches ${words(card.touches)}.`,
    ),
    ...section(...drawn.warnings),
    ...buttons(card, standing, drawn),
    ...(isOpen ? openLines(drawn) : section(`*${became}*`)),
    ...effectLines(card).flatMap((line) => section(line)),
    ...section(...detailLines(card)),
    ...section(...byHandLines(card)),
  ];
  return { text: isOpen ? `${head}. Approve or deny?` : `${headline(card)}: ${became}`, blocks };
}

function openLines({ reminded, mentions }: ApprovalDrawn): KnownBlock[] {
  const people = mentions.map((user) => `<@${user}>`).join(' ');
  return context(
    people === '' ? null : `For ${people}`,
    reminded ? '*Reminder:* half of the time is over and nobody has answered.' : null,
  );
}

/** A command has so many characters at most (config), with its environment, and so many what takes it back. */
const MOST_EFFECT = 1900;
const MOST_WHOLE_UNDO = 700;

/** What is done and how it is taken back, word for word: each in a section of its own, so that none crowds another out. */
function effectLines(card: ApprovalCard): string[] {
  const whole = headline(card) === words(card.title) ? '' : `${words(card.title)}: `;
  return card.steps.map(({ title, effect, undo }, index) => {
    const head =
      card.steps.length === 1 ? `*Effect:* ${whole}` : `*Step ${index + 1}:* ${words(title, 200)}: `;
    return `${head}${words(effect, MOST_EFFECT)}; undo: ${words(undo, MOST_WHOLE_UNDO)}`;
  });
}

function detailLines(card: ApprovalCard): string[] {
  const typed =
    card.typed === ''
      ? ''
      : `; each types ${card.typed
          .split(', ')
          .map((name) => quoted(name))
          .join(' ')}`;
  return [
    `*Check:* ${words(card.check)}`,
    `*Why:* ${words(card.why)} ${handles(card.evidence)}`,
    `*Needs:* ${words(card.needs, 500)}${typed}`,
    `${card.tier}, ${words(card.approval, 20)} of ${words(card.incident, 20)}`,
  ];
}

function byHandLines(card: ApprovalCard): string[] {
  return ['*By hand:*', ...card.steps.map(({ manual }) => quoted(manual, 500))];
}

function buttons(card: ApprovalCard, standing: ApprovalStanding, drawn: ApprovalDrawn): ActionsBlock[] {
  const approval = ApprovalId.safeParse(card.approval);
  const hash = Digest.safeParse(card.hash);
  if (!approval.success || !hash.success) return [];
  const elements = offered(card, standing, drawn).map(([text, decision, style]) =>
    button(text, { kind: 'approval', decision, approval: approval.data, hash: hash.data }, style),
  );
  return elements.length === 0 ? [] : [{ type: 'actions', elements }];
}

type Offer = readonly [text: string, decision: Decided['decision'], style?: 'primary' | 'danger'];

function offered(card: ApprovalCard, { state }: ApprovalStanding, { canAskAgain }: ApprovalDrawn): Offer[] {
  switch (state) {
    case 'pending':
      return [
        [card.typed === '' ? 'Approve' : 'Approve …', 'approve', 'primary'],
        ['Deny', 'deny'],
      ];
    case 'approved':
      return [['Revoke', 'revoke', 'danger']];
    case 'expired':
    case 'withdrawn':
    case 'invalidated':
      return canAskAgain ? [['Propose again', 'again']] : [];
    default:
      return [];
  }
}
