import type { ModalView } from '@slack/types';
import type { IncidentId, ServiceId } from '#core/ids.ts';
import type { Cause } from '#incidents/vocabulary.ts';
import { actionOf, type ButtonMeaning, bodyOf } from '../cards/values.ts';
import { plain } from '../inert.ts';

/** A list of Slack takes so many entries. */
const MOST_OPTIONS = 100;

/** The form that asks what the cause was: one of these causes, and one of these services, or neither; the likely ones first. */
export function wrongCauseForm({
  incident,
  causes,
  services,
}: {
  incident: IncidentId;
  causes: readonly Cause[];
  services: readonly ServiceId[];
}): ModalView {
  const on: ButtonMeaning = { kind: 'incident', verb: 'wrong_cause', incident, detail: null };
  return {
    type: 'modal',
    callback_id: actionOf(on),
    private_metadata: bodyOf(on),
    title: { type: 'plain_text', text: 'Wrong cause', emoji: false },
    submit: { type: 'plain_text', text: 'Send', emoji: false },
    close: { type: 'plain_text', text: 'Cancel', emoji: false },
    blocks: [
      choice('cause', 'What was it? Empty: you only know that it was not the one named', causes),
      choice('service', 'Of which service?', services),
    ],
  };
}

function choice(id: 'cause' | 'service', text: string, values: readonly string[]) {
  return {
    type: 'input' as const,
    block_id: id,
    optional: true,
    label: { type: 'plain_text' as const, text, emoji: false },
    element: {
      type: 'static_select' as const,
      action_id: id,
      options: values.slice(0, MOST_OPTIONS).map((value) => ({
        text: { type: 'plain_text' as const, text: plain(value.replaceAll('_', ' '), 75), emoji: false },
        value,
      })),
    },
  };
}
