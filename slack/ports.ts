import type { KnownBlock, ModalView } from '@slack/types';
import type { ApprovalId, Digest, IncidentId, PersonId } from '#core/ids.ts';

/** A message as Slack shows it. `text` is what a notification and a phone's lock screen show; both are inert. */
export type SlackMessage = { readonly text: string; readonly blocks: readonly KnownBlock[] };

/** Where something is said: `thread` is the time stamp of its first message, null in the channel itself. */
export type Place = { readonly team: string; readonly channel: string; readonly thread: string | null };

/** Who speaks, by the verified ids of Slack; `person` is null for somebody whom the config does not know. */
export type Speaker = { readonly team: string; readonly user: string; readonly person: PersonId | null };

/** An answer to a person's own words or click: a reply, not an effect on its own. */
export type Answer = SlackMessage & {
  readonly visible: 'thread' | 'only_you';
  /** Of a form: why what was typed does not do, in plain text; the form stays open and shows it instead. */
  readonly retype?: string;
};

/**
 * A sentence in a thread. `text` is untrusted: entities are decoded, a mention of a person whom the config knows reads
 * `@alice`, of anybody else `@unknown`, a channel `<#C0SHOP>`, a link as its address. `message` is Slack's id of it.
 */
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
  readonly verb:
    | 'take'
    | 'ack'
    | 'pause'
    | 'resume'
    | 'wrong_cause'
    | 'accept_handover'
    | 'postmortem'
    | 'propose'
    /** What was asked back is what was meant. */
    | 'meant';
  /** Values of a modal by field, or `detail` of the button, untrusted; empty for a plain click. */
  readonly fields: Readonly<Record<string, string>>;
};

/** A click, before it counts: on a button of an approval card, or on one of an incident card. */
export type Click = {
  readonly who: Speaker;
  readonly place: Place;
  readonly on:
    | ({ readonly kind: 'approval' } & Pick<Decided, 'approval' | 'hash' | 'decision'>)
    | ({ readonly kind: 'incident' } & Pick<Pressed, 'incident' | 'verb'> & {
          /** What else the button says, in the grammar of its verb. */
          readonly detail: string | null;
        });
};

/**
 * Handed in: what the product does with what people say and click. None of them throws. A command is always answered to
 * its speaker only.
 */
export type Handlers = {
  /** Null: nothing to answer, for example a message that is no business of ours. */
  onMessage(said: Said): Promise<Answer | null>;
  onCommand(commanded: Commanded): Promise<Answer>;
  /**
   * The form that a click opens first; what is sent with it is then the decision, `fields` being the value of each input
   * block by its block id and `typed` the one of the block `typed`. Null: the click counts by itself.
   */
  modal(click: Click): ModalView | null;
  onDecision(decided: Decided): Promise<Answer>;
  onPressed(pressed: Pressed): Promise<Answer>;
  /** What the Home tab shows to this person. */
  home(who: Speaker): Promise<readonly KnownBlock[]>;
};
