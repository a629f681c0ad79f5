import { z } from 'zod';
import { sha256 } from '#core/hash.ts';
import { type CallId, Digest, type IncidentId } from '#core/ids.ts';
import type { Gap } from '../drivers/ports.ts';
import type { NoteTool, ToolResult } from '../tool.ts';

/** Parts of Slack's ids that calls and facts hold: a channel, and the time stamp that is a message's id in it. */
export const SlackChannel = z.string().regex(/^[CDG][A-Z0-9]{2,30}$/, 'not a channel of Slack');
export const SlackStamp = z.string().regex(/^\d{1,12}\.\d{1,6}$/, 'not a time stamp of Slack');

export const PostArgs = z.strictObject({
  channel: SlackChannel,
  /** Null: in the channel itself. */
  thread: SlackStamp.nullable(),
  /** The message that is replaced; null posts a new one. */
  edit: SlackStamp.nullable(),
  what: z.enum(['card', 'approval', 'anchor', 'notice', 'picture']),
  /** Which one of them, for whoever reads the log: an approval, or what an anchor marks. */
  about: z
    .string()
    .regex(/^[A-Za-z0-9-]{1,40}$/)
    .nullable(),
  /** How many people it calls by name. */
  mentions: z.int().min(0).max(2),
  content: Digest,
});
export type PostArgs = z.infer<typeof PostArgs>;

/** What is posted: a message of Slack, or a picture, which `alt` describes to those who cannot see it. */
export type PostContent =
  | {
      readonly kind: 'message';
      readonly text: string;
      readonly blocks: readonly { readonly type: string }[];
    }
  | { readonly kind: 'picture'; readonly png: Uint8Array; readonly title: string; readonly alt: string };

/** One post that may be made now; `incident` and `call` go along unseen, so that the message can be found again. */
export type PostOrder = Omit<PostArgs, 'content'> & {
  readonly content: PostContent;
  readonly incident: IncidentId;
  readonly call: CallId;
};
/** Slack does not say which message shows an uploaded file: of a picture the file is known. */
export type Posted =
  | { readonly kind: 'posted'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'uploaded'; readonly channel: string; readonly file: string };

/** Handed in: sends to Slack and says what became of it. Does not throw; stops waiting when `signal` aborts. */
export type Post = { send(order: PostOrder, signal: AbortSignal): Promise<Posted | Gap> };

/** What waits to be posted: arguments are small and decide nothing, so the content is handed over beside them. */
export type Contents = {
  /** Keeps it until it is taken; the digest names it in the call. */
  put(content: PostContent): Digest;
  /** Gives it away once for each time that it was put. */
  take(digest: Digest): PostContent | undefined;
};

/** Calls that were refused never take theirs; the oldest make room. */
const MOST_CONTENTS = 256;

/** An empty keeper in memory. After a restart it is empty again, and whoever posts puts the content of then. */
export function createContents(): Contents {
  const kept = new Map<Digest, { content: PostContent; times: number }>();
  return {
    put: (content) => {
      const digest = contentDigest(content);
      const times = (kept.get(digest)?.times ?? 0) + 1;
      kept.delete(digest);
      kept.set(digest, { content, times });
      for (const oldest of kept.keys()) {
        if (kept.size <= MOST_CONTENTS) break;
        kept.delete(oldest);
      }
      return digest;
    },
    take: (digest) => {
      const found = kept.get(digest);
      if (found === undefined) return undefined;
      if (found.times === 1) kept.delete(digest);
      else kept.set(digest, { ...found, times: found.times - 1 });
      return found.content;
    },
  };
}

/** Names a content in calls: the same content has the same name, also after a restart. */
export function contentDigest(content: PostContent): Digest {
  if (content.kind === 'message') return sha256(JSON.stringify([content.kind, content.text, content.blocks]));
  return sha256(JSON.stringify([content.kind, content.title, content.alt, sha256(content.png)]));
}

/**
 * Posts or edits one message in Slack. Only the product's own code calls it. What is true afterwards is in the outcome:
 * `{channel, ts}` of the message when it was posted, `{channel, file}` of a picture. Content that nobody handed over is
 * refused.
 */
export function slackPostTool({ post, contents }: { post: Post; contents: Contents }): NoteTool<PostArgs> {
  return {
    kind: 'note',
    name: 'slack_post',
    version: 1,
    tier: 'R1',
    description: 'Posts or edits one message in Slack.',
    args: PostArgs,
    deadlineMs: 30_000,
    perform: async ({ content: digest, ...where }, { caller, call, signal }) => {
      if (caller.kind !== 'system') return refused('only the product itself posts');
      const content = contents.take(digest);
      if (content === undefined) return refused('nobody handed over what to post');
      if (where.edit !== null && content.kind === 'picture') return refused('a picture cannot be replaced');
      return outcomeOf(
        await post.send({ ...where, content, incident: caller.incident, call }, signal),
        content,
      );
    },
  };
}

function outcomeOf(sent: Posted | Gap, content: PostContent): ToolResult {
  if (sent.kind === 'gap') return sent;
  const { channel } = sent;
  const at = sent.kind === 'posted' ? { channel, ts: sent.ts } : { channel, file: sent.file };
  const text = content.kind === 'message' ? content.text : `${content.title}: ${content.alt}`;
  return { kind: 'ok', value: at, text, facts: at };
}

function refused(detail: string): ToolResult {
  return { kind: 'gap', reason: 'refused', detail };
}
