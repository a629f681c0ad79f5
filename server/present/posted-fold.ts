import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import { type Fact, readFact } from '#incidents/entry.ts';
import { REOPEN_MS } from '#incidents/incident-fold.ts';
import { PostArgs, SlackChannel, SlackStamp } from '#tools/act/posts.ts';

/** A message that stands in Slack. */
export type Message = {
  readonly channel: string;
  readonly ts: string;
  /** Digest of what it says; null when an edit may or may not have arrived. */
  readonly content: string | null;
  /** How many people it called by name when it was posted. */
  readonly mentions: number;
};

/** What was posted of one incident, as receipts in the log say. */
export type PostedOf = {
  card: Message | null;
  /** A card was sent of which nobody knows whether it arrived. */
  again: boolean;
  /** The log does not yet bind the incident to the thread of its card. */
  unbound: boolean;
  approvals: Record<string, Message>;
  /** The channel that took no card of it; null: none was refused, or it took one since. */
  refused: string | null;
  /** The call for help of this round that is kept up to date, and what it is about. */
  notice: (Message & { readonly about: string }) | null;
  /** Of this round: thread messages in all, with those that may have arrived; people that were called by name, on the card too. */
  posts: number;
  mentions: number;
  /** The calls for help that were posted, by what they are about. */
  noticed: string[];
  /** Those of them, and `card`, that called somebody by name. */
  called: string[];
  /** Proposals that were posted. */
  asked: number;
  pictures: number;
  anchors: number;
  /** The log up to here is covered by an anchor; -1 = no anchor yet. */
  anchoredSeq: number;
  /** Log positions of the last decision of a person, and of the last closing; -1 = none. */
  decidedSeq: number;
  closedSeq: number;
  /** When the last edit began. */
  editedAt: number;
  resolvedAt: number | null;
};

type Sent = { readonly args: PostArgs };

const Saved = z.object({
  incidents: z.record(z.string(), z.custom<PostedOf>()),
  sent: z.record(z.string(), z.custom<Sent>()),
});
const Receipt = z.object({ channel: SlackChannel, ts: SlackStamp });

/** Which message stands for what, folded from the log, so that a restart posts nothing twice. */
export class PostedFold implements Fold {
  readonly name = 'posted';
  readonly version = 2;
  #incidents = new Map<string, PostedOf>();
  /** Calls without an outcome. */
  #sent = new Map<string, Sent>();

  get(id: IncidentId): PostedOf {
    return this.#incidents.get(id) ?? nothing();
  }

  apply(entry: Entry): void {
    if (entry.kind === 'incident.opened' || entry.kind === 'server.started') this.#forget(entry.ts);
    const id = entry.incidentId;
    if (id === undefined || !WATCHED.has(entry.kind)) return;
    const fact = readFact(entry);
    if (fact === undefined) return;
    const posted = this.#incidents.get(id) ?? nothing();
    this.#incidents.set(id, posted);
    if (fact.kind === 'tool.intended') this.#intend(posted, fact);
    else if (fact.kind === 'tool.finished') this.#finish(posted, fact);
    else mark(posted, fact);
  }

  #intend(posted: PostedOf, { body, entry }: Extract<Fact, { kind: 'tool.intended' }>): void {
    if (body.tool !== 'slack_post') return;
    const args = PostArgs.safeParse(body.args);
    if (!args.success) return;
    this.#sent.set(`${entry.incidentId} ${body.call}`, { args: args.data });
    if (args.data.edit !== null) posted.editedAt = entry.ts;
  }

  #finish(posted: PostedOf, { body, entry }: Extract<Fact, { kind: 'tool.finished' }>): void {
    if (body.tool !== 'slack_post') return;
    const key = `${entry.incidentId} ${body.call}`;
    const sent = this.#sent.get(key);
    this.#sent.delete(key);
    if (sent === undefined) return;
    const receipt = body.outcome === 'ok' ? Receipt.safeParse(body.facts).data : undefined;
    if (receipt !== undefined) arrived(posted, sent, receipt);
    else if (sent.args.what === 'picture' && body.outcome === 'ok') count(posted, sent.args);
    else if (body.outcome === 'unknown' || body.reason === 'timeout') doubtful(posted, sent);
    else if (body.reason === 'refused' && isNewCard(sent.args)) posted.refused = sent.args.channel;
  }

  /** Like the incidents themselves: gone half an hour after the end. */
  #forget(now: number): void {
    for (const [id, { resolvedAt }] of this.#incidents)
      if (resolvedAt !== null && now - resolvedAt >= REOPEN_MS) this.#incidents.delete(id);
  }

  save(): unknown {
    return { incidents: Object.fromEntries(this.#incidents), sent: Object.fromEntries(this.#sent) };
  }
  load(state: unknown): void {
    const saved = Saved.parse(state);
    this.#incidents = new Map(Object.entries(saved.incidents));
    this.#sent = new Map(Object.entries(saved.sent));
  }
  reset(): void {
    this.load({ incidents: {}, sent: {} });
  }
}

const WATCHED: ReadonlySet<string> = new Set([
  'tool.intended',
  'tool.finished',
  'thread.bound',
  'incident.resolved',
  'incident.reopened',
  'approval.approved',
  'approval.rejected',
  'approval.revoked',
]);

function nothing(): PostedOf {
  return {
    ...{ card: null, again: false, unbound: false, approvals: {} },
    ...{ refused: null, ...newRound() },
    ...{ anchoredSeq: -1, decidedSeq: -1, closedSeq: -1, editedAt: 0, resolvedAt: null },
  };
}

/** What is counted anew each time that an incident opens again. */
function newRound(): Pick<
  PostedOf,
  'posts' | 'mentions' | 'notice' | 'noticed' | 'called' | 'asked' | 'pictures' | 'anchors'
> {
  return { posts: 0, mentions: 0, notice: null, noticed: [], called: [], asked: 0, pictures: 0, anchors: 0 };
}

function mark(posted: PostedOf, fact: Fact): void {
  switch (fact.kind) {
    case 'thread.bound':
      posted.unbound = false;
      return;
    case 'incident.resolved':
      posted.closedSeq = fact.entry.seq;
      posted.resolvedAt = fact.entry.ts;
      return;
    case 'incident.reopened':
      Object.assign(posted, newRound(), { resolvedAt: null });
      return;
    case 'approval.approved':
    case 'approval.rejected':
    case 'approval.revoked':
      posted.decidedSeq = fact.entry.seq;
      return;
    default:
      return;
  }
}

/** `closing-1234`: what an anchor marks, and the size of the log that it names. */
export function anchorName(what: 'opening' | 'decision' | 'closing', size: number): string {
  return `${what}-${size}`;
}

/** The last entry that an anchor of this name covers. */
function anchoredBy(about: string | null): number {
  const size = Number(/-(\d{1,15})$/.exec(about ?? '')?.[1] ?? 0);
  return size - 1;
}

function arrived(posted: PostedOf, { args }: Sent, { channel, ts }: { channel: string; ts: string }): void {
  const message = { channel, ts, content: args.content, mentions: args.mentions };
  if (args.what === 'card') {
    if (args.edit === null || posted.card?.ts === args.edit) posted.card = message;
    if (args.edit === null) posted.unbound = true;
    if (args.edit === null && channel === posted.refused) posted.refused = null;
  } else if (args.what === 'approval' && args.about !== null) place(posted, args.about, message);
  else if (args.what === 'notice' && args.about !== null && isLast(posted, args))
    posted.notice = { ...message, about: args.about };
  if (args.what === 'anchor') posted.anchoredSeq = Math.max(posted.anchoredSeq, anchoredBy(args.about));
  count(posted, args);
}

const isNewCard = ({ what, edit }: PostArgs): boolean => what === 'card' && edit === null;

/** A new call for help takes the place of the one before; an edit only where that one still is the last. */
const isLast = ({ notice }: PostedOf, { edit }: PostArgs): boolean => edit === null || notice?.ts === edit;

/** A message shows one proposal: one that takes over another's message ends what that one had. */
function place(posted: PostedOf, about: string, message: Message): void {
  for (const [id, { ts }] of Object.entries(posted.approvals))
    if (ts === message.ts) delete posted.approvals[id];
  posted.approvals[about] = message;
}

/** What may have arrived counts as posted, and is not known to say anything. */
function doubtful(posted: PostedOf, { args }: Sent): void {
  if (args.edit === null) {
    if (args.what === 'card') posted.again = true;
    return count(posted, args);
  }
  if (args.what === 'card' && posted.card?.ts === args.edit) posted.card = { ...posted.card, content: null };
  if (args.what === 'notice' && posted.notice?.ts === args.edit)
    posted.notice = { ...posted.notice, content: null };
  const shown = args.about === null ? undefined : posted.approvals[args.about];
  if (args.about !== null && shown?.ts === args.edit)
    posted.approvals[args.about] = { ...shown, content: null };
}

function count(posted: PostedOf, { what, edit, mentions, about }: PostArgs): void {
  if (edit !== null) return;
  posted.mentions += mentions;
  if (mentions > 0) posted.called.push(what === 'notice' ? (about ?? '') : what);
  if (what === 'card') return;
  posted.posts += 1;
  if (what === 'notice') posted.noticed.push(about ?? '');
  if (what === 'approval') posted.asked += 1;
  if (what === 'picture') posted.pictures += 1;
  if (what === 'anchor') posted.anchors += 1;
}
