import type { KnownBlock } from '@slack/types';
import type { ApprovalId, Digest, IncidentId, PersonId } from '#core/ids.ts';

/** A message as Slack shows it. `text` is what a notification and a phone's lock screen show; both are inert. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly KnownBlock[] };

/** Where something is said: `thread` is the time stamp of its first message, null in the channel itself. */
export type Place = { readonly team: string; readonly channel: string; readonly thread: string | null };

/** Who speaks, by the verified ids of Slack; `person` is null for somebody whom the config does not know. */
export type Speaker = { readonly team: string; readonly user: string; readonly person: PersonId | null };

/** An answer to a person's own words or click: a reply, not an effect on its own. */
export type Answer = SlackMessage & { readonly visible: 'thread' | 'only_you' };

/** A sentence in a thread. `text` is untrusted. `message` is Slack's id of it. */
export type Said = {
  readonly who: Speaker;
  readonly place: Place;
  readonly message: string;
  readonly text: string;
};
/** `/firebreak ...`; `text` is untrusted. */
export type Commanded = { readonly who: Speaker; readonly place: Place; readonly text: string };
/** A click on a button of an approval card, or its modal sent: ids and hash come from the button that code drew. */
export type Decided = {
  readonly who: Speaker;
  readonly place: Place;
  readonly approval: ApprovalId;
  readonly hash: Digest;
  readonly decision: 'approve' | 'deny' | 'revoke' | 'again';
  /** What was typed into the modal, where the tier asks for it. */
  readonly typed: string | null;
};
/** A click on a button of an incident card, or its modal sent. */
export type Pressed = {
  readonly who: Speaker;
  readonly place: Place;
  readonly incident: IncidentId;
  readonly verb: 'take' | 'ack' | 'pause' | 'resume' | 'wrong_cause' | 'accept_handover' | 'postmortem';
  /** Values of a modal by field, untrusted; empty for a plain click. */
  readonly fields: Readonly<Record<string, string>>;
};

/** Handed in: what the product does with what people say and click. None of them throws. */
export type Handlers = {
  /** Null: nothing to answer, for example a message that is no business of ours. */
  onMessage(said: Said): Promise<Answer | null>;
  onCommand(commanded: Commanded): Promise<Answer>;
  onDecision(decided: Decided): Promise<Answer>;
  onPressed(pressed: Pressed): Promise<Answer>;
  /** What the Home tab shows to this person. */
  home(who: Speaker): Promise<readonly KnownBlock[]>;
};
