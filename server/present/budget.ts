import { unreachable } from '#core/errors.ts';
import type { PostArgs } from '#tools/act/posts.ts';
import type { PostedOf } from './posted-fold.ts';

/**
 * Of each round of an incident, from its opening to its end and each time that it opens again: messages in its thread,
 * its one card not counted, and people called by name.
 */
export const MOST_POSTS = 6;
export const MOST_MENTIONS = 2;

type Kind = Exclude<PostArgs['what'], 'card'>;

/**
 * Whether one more message of a kind may be posted. Places are kept for what must not be missing: one for the closing
 * anchor, one for calling people, one for the first proposal. A proposal may take the place kept for calling people.
 */
export function mayPost(kind: Kind, posted: PostedOf, isClosing = false): boolean {
  const closing = isClosing ? 0 : 1;
  const calling = posted.noticed.length === 0 ? 1 : 0;
  const asking = posted.asked === 0 ? 1 : 0;
  const left = MOST_POSTS - posted.posts;
  switch (kind) {
    case 'approval':
      return left > closing;
    case 'notice':
      return left > closing + (posted.noticed.length === 0 ? 0 : asking);
    case 'anchor':
      return left > (isClosing ? 0 : posted.anchors === 0 ? closing : closing + calling + asking);
    case 'picture':
      return left > closing + calling + asking + (posted.anchors === 0 ? 1 : 0);
    default:
      return unreachable(kind);
  }
}

/** How many people a message may call by name: the card and a proposal leave one for the call for help. */
export function mentionsLeft(kind: 'card' | 'approval' | 'notice', posted: PostedOf): number {
  const kept = kind !== 'notice' && posted.noticed.length === 0 ? 1 : 0;
  return Math.max(0, MOST_MENTIONS - posted.mentions - kept);
}
