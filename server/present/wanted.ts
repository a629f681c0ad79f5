import type { Approval } from '#approvals/approval.ts';
import { isEnded } from '#approvals/approval.ts';
import type { Incident } from '#incidents/incident.ts';
import { contentDigest, type PostContent } from '#tools/act/posts.ts';
import { mayPost } from './budget.ts';
import { type DrawDeps, drawApproval, drawIncident, drawNotice } from './draw.ts';
import type { Message, PostedOf } from './posted-fold.ts';

/** Something that Slack does not show yet. `edit`: the message that is to say something else; null posts a new one. */
export type Wanted =
  | {
      readonly kind: 'card';
      readonly edit: Message | null;
      readonly channel: string;
      readonly content: PostContent;
      readonly mentions: number;
    }
  | { readonly kind: 'bind'; readonly card: Message }
  | {
      readonly kind: 'approval';
      readonly about: string;
      readonly edit: Message | null;
      readonly content: PostContent;
      readonly mentions: number;
    }
  | {
      readonly kind: 'notice';
      readonly about: string;
      readonly edit: Message | null;
      readonly content: PostContent;
      readonly mentions: number;
    }
  | { readonly kind: 'anchor'; readonly about: 'opening' | 'decision' | 'closing' }
  | { readonly kind: 'picture' };

/**
 * What is missing in Slack of one incident, most urgent first: its card, which is the root of everything else; then the
 * proposals that people can decide on, and calls for help; then what already stands there but is not true any more; then the rest. Only the
 * latest state counts: what came and went while Slack could not be reached is not told afterwards.
 */
export function wantedOf(deps: DrawDeps, incident: Incident, posted: PostedOf): readonly Wanted[] {
  const { card } = posted;
  const drawn = drawIncident(deps, incident, posted);
  if (card === null) {
    const channel = deps.channelFor(incident, posted.refused);
    return incident.mergedInto === null ? [{ kind: 'card', edit: null, channel, ...drawn }] : [];
  }
  const approvals = deps.folds.approvals.of(incident.id);
  return [
    ...(posted.unbound ? [{ kind: 'bind', card } as const] : []),
    ...approvals.flatMap((approval) => newCard(deps, { approval, incident, approvals }, posted)),
    ...noticeOf(deps, incident, posted),
    ...approvals.flatMap((approval) => changedCard(deps, { approval, incident }, posted)),
    ...anchorOf(incident, posted),
    ...(incident.diagnosis !== null && posted.pictures === 0 && mayPost('picture', posted)
      ? [{ kind: 'picture' } as const]
      : []),
    ...changedRoot(card, drawn.content),
  ];
}

function changedRoot(card: Message, content: PostContent): Wanted[] {
  if (card.content === contentDigest(content)) return [];
  const { channel, mentions } = card;
  return [{ kind: 'card', edit: card, channel, content, mentions }];
}

type About = { readonly approval: Approval; readonly incident: Incident };

/** A proposal without a message: a new one while there is room, else that of a proposal that is over. */
function newCard(
  deps: DrawDeps,
  { approval, incident, approvals }: About & { approvals: readonly Approval[] },
  posted: PostedOf,
): Wanted[] {
  if (posted.approvals[approval.id] !== undefined) return [];
  if (isEnded(approval) && approval.state !== 'recorded') return [];
  const { content, mentions } = drawApproval(deps, { approval, incident }, posted);
  const wanted = { kind: 'approval', about: approval.id, content } as const;
  if (mayPost('approval', posted)) return [{ ...wanted, edit: null, mentions }];
  if (approval.state === 'recorded') return [];
  const over = approvals.find((one) => isEnded(one) && posted.approvals[one.id] !== undefined);
  const edit = over === undefined ? undefined : posted.approvals[over.id];
  return edit === undefined ? [] : [{ ...wanted, edit, mentions: 0 }];
}

function changedCard(deps: DrawDeps, about: About, posted: PostedOf): Wanted[] {
  const shown = posted.approvals[about.approval.id];
  if (shown === undefined) return [];
  const { content, mentions } = drawApproval(deps, about, posted);
  if (shown.content === contentDigest(content)) return [];
  return [{ kind: 'approval', about: about.approval.id, edit: shown, content, mentions }];
}

/** Whom it calls by name needs a message of its own: an edit of the one that stands there rings nobody. */
function noticeOf(deps: DrawDeps, incident: Incident, posted: PostedOf): Wanted[] {
  const drawn = drawNotice(deps, incident, posted);
  if (drawn === undefined) return [];
  const edit = drawn.mentions > 0 ? null : posted.notice;
  if (edit === null && !mayPost('notice', posted)) return [];
  return [{ kind: 'notice', edit, ...drawn }];
}

/** One anchor covers all that happened before it. */
function anchorOf({ resolved }: Incident, posted: PostedOf): Wanted[] {
  const { anchors, anchoredSeq, decidedSeq, closedSeq } = posted;
  const about =
    resolved !== null
      ? closedSeq > anchoredSeq
        ? 'closing'
        : undefined
      : anchors === 0
        ? 'opening'
        : decidedSeq > anchoredSeq
          ? 'decision'
          : undefined;
  if (about === undefined || !mayPost('anchor', posted, about === 'closing')) return [];
  return [{ kind: 'anchor', about }];
}
