import type { ActionsBlockElement, Button } from '@slack/types';
import { z } from 'zod';
import { readJson } from '#core/foreign-json.ts';
import { ApprovalId, Digest, IncidentId } from '#core/ids.ts';
import type { Click, Decided, Pressed } from '../ports.ts';

/** What a click is on: all that our buttons say. Whether it counts is decided where it arrives. */
export type ButtonMeaning = Click['on'];

export const decisions = ['approve', 'deny', 'revoke', 'again'] as const satisfies Decided['decision'][];
export const verbs = [
  'take',
  'ack',
  'pause',
  'resume',
  'wrong_cause',
  'accept_handover',
  'postmortem',
  'propose',
  'meant',
] as const satisfies Pressed['verb'][];

const Decision = z.enum(decisions);
const Verb = z.enum(verbs);
const OfApproval = z.strictObject({ approval: ApprovalId, hash: Digest });
const OfIncident = z.strictObject({ incident: IncidentId, detail: z.string().max(200).exactOptional() });

/** `decision:approve`, `pressed:take`: the name of a button, and of the form that it opens. */
export function actionOf(on: ButtonMeaning): string {
  return on.kind === 'approval' ? `decision:${on.decision}` : `pressed:${on.verb}`;
}

/** What goes with that name: ids and a hash, nothing to be trusted. */
export function bodyOf(on: ButtonMeaning): string {
  if (on.kind === 'approval') return JSON.stringify({ approval: on.approval, hash: on.hash });
  return JSON.stringify({
    incident: on.incident,
    ...(on.detail === null ? {} : { detail: on.detail }),
  });
}

/** What a button or form of that name and value means; undefined when it is none of ours. Never throws. */
export function readButton(action: string, value: string): ButtonMeaning | undefined {
  const [kind, name] = action.split(':', 2);
  const body = readJson(value);
  if (kind === 'decision') {
    const decision = Decision.safeParse(name);
    const of = OfApproval.safeParse(body);
    if (!decision.success || !of.success) return undefined;
    return { kind: 'approval', decision: decision.data, ...of.data };
  }
  const verb = Verb.safeParse(name);
  const of = OfIncident.safeParse(body);
  if (kind !== 'pressed' || !verb.success || !of.success) return undefined;
  const { incident, detail = null } = of.data;
  return { kind: 'incident', verb: verb.data, incident, detail };
}

/** A button of ours; `text` is ours too, at most 75 characters. */
export function button(
  text: string,
  on: ButtonMeaning,
  style?: 'primary' | 'danger',
): ActionsBlockElement & Button {
  return {
    type: 'button',
    action_id: actionOf(on),
    text: { type: 'plain_text', text, emoji: false },
    value: bodyOf(on),
    ...(style === undefined ? {} : { style }),
  };
}

/** A button of an incident card, or of an answer that asks for one more click. */
export function incidentButton(
  text: string,
  { verb, incident, detail = null }: Pick<Pressed, 'verb' | 'incident'> & { detail?: string | null },
): ActionsBlockElement & Button {
  return button(text, { kind: 'incident', verb, incident, detail });
}
