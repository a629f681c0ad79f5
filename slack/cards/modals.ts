import type { ModalView } from '@slack/types';
import { ApprovalId, Digest } from '#core/ids.ts';
import type { ApprovalCard } from '#views/approval-card.ts';
import { plain } from '../inert.ts';
import { headline, undoAndExpiry } from './approval.ts';
import { section, words } from './text.ts';
import { actionOf, type ButtonMeaning, bodyOf } from './values.ts';

/** The field of the form that holds what was typed. */
export const TYPED_FIELD = 'typed';

/** The form for a yes that must be typed: the effect once more, then the names of `targets`. Undefined for no real card. */
export function approveModal(
  card: ApprovalCard,
  { targets, zone }: { targets: readonly string[]; zone: string },
): ModalView | undefined {
  const approval = ApprovalId.safeParse(card.approval);
  const hash = Digest.safeParse(card.hash);
  if (!approval.success || !hash.success) return undefined;
  const on: ButtonMeaning = {
    kind: 'approval',
    decision: 'approve',
    approval: approval.data,
    hash: hash.data,
  };
  const names = targets.join(' ');
  const effects = card.steps.map(({ title, effect }) => `${words(title)}: ${words(effect)}`);
  return {
    type: 'modal',
    callback_id: actionOf(on),
    private_metadata: bodyOf(on),
    title: { type: 'plain_text', text: `Approve ${card.approval}`.slice(0, 24), emoji: false },
    submit: { type: 'plain_text', text: 'Approve', emoji: false },
    close: { type: 'plain_text', text: 'Cancel', emoji: false },
    blocks: [
      ...section(`*${headline(card)}*`, undoAndExpiry(card, zone), `Touches ${words(card.touches)}.`),
      ...section(...effects),
      {
        type: 'input',
        block_id: TYPED_FIELD,
        label: { type: 'plain_text', text: 'Type the name of what is changed', emoji: false },
        hint: { type: 'plain_text', text: plain(names, 150), emoji: false },
        element: { type: 'plain_text_input', action_id: TYPED_FIELD, max_length: 1000 },
      },
    ],
  };
}
