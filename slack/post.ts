import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { Channels } from './channels.ts';
import { type Drawn, messageArgs, outgoingProblem } from './outgoing.ts';
import { type Picture, uploadPicture } from './upload.ts';
import type { Web, WebAnswer, WebRefusal } from './web.ts';

/** One message or picture; `incident` and `call` go along as metadata that nobody sees. */
export type Order = {
  readonly channel: string;
  readonly thread: string | null;
  readonly edit: string | null;
  readonly content: ({ readonly kind: 'message' } & Drawn) | ({ readonly kind: 'picture' } & Picture);
  readonly incident: string;
  readonly call: string;
};
export type Sent =
  | { readonly kind: 'posted'; readonly channel: string; readonly ts: string }
  | { readonly kind: 'uploaded'; readonly channel: string; readonly file: string }
  | { readonly kind: 'gap'; readonly reason: 'unreachable' | 'refused' | 'timeout'; readonly detail: string };

export type PostDeps = {
  readonly web: Web;
  readonly clock: Clock;
  readonly channels: Channels;
  /** The way out to Slack. */
  readonly send: typeof globalThis.fetch;
  readonly isKnown: (user: string) => boolean;
};

const EVENT = 'firebreak_post';
/** A message whose answer was lost is not older than that, also if the two clocks differ. */
const LOOK_BACK_S = 600;
const Posted = z.looseObject({ ts: z.string().regex(/^\d{1,12}\.\d{1,6}$/) });
const History = z.looseObject({
  messages: z.array(
    z.looseObject({
      ts: z.string(),
      metadata: z
        .looseObject({
          event_type: z.string().optional(),
          event_payload: z.looseObject({}).optional(),
        })
        .optional(),
    }),
  ),
});

/**
 * Posts, edits or uploads: first a look at what is said and where, then the call. When the answer to a new message is
 * lost, the message is looked for by its metadata before it is sent once more. Does not throw.
 */
export async function sendPost(deps: PostDeps, order: Order, signal: AbortSignal): Promise<Sent> {
  const { channel, thread, content } = order;
  if (content.kind === 'message') {
    const problem = outgoingProblem(content, deps.isKnown);
    if (problem !== undefined) return gap('refused', problem.replaceAll('_', ' '));
  }
  const verdict = await deps.channels.look(channel, signal);
  if (verdict.kind === 'refused')
    return gap('refused', `the channel: ${verdict.reason.replaceAll('_', ' ')}`);
  if (verdict.kind === 'unseen') return gapOf(verdict.why);
  if (content.kind === 'picture') {
    const uploaded = await uploadPicture(deps, content, { place: { channel, thread }, signal });
    return uploaded.kind === 'ok'
      ? { kind: 'uploaded', channel, file: uploaded.value.file }
      : gapOf(uploaded);
  }
  const sent = await sendMessage(deps, { ...order, content }, signal);
  return sent.kind === 'ok' ? { kind: 'posted', channel, ts: sent.value.ts } : gapOf(sent);
}

type MessageOrder = Order & { readonly content: Drawn };

async function sendMessage(
  deps: PostDeps,
  order: MessageOrder,
  signal: AbortSignal,
): Promise<WebAnswer<{ ts: string }>> {
  const { web } = deps;
  const { channel, thread, edit, content, incident, call } = order;
  const message = { channel, ...messageArgs(content) };
  if (edit !== null)
    return web.call(
      { method: 'chat.update', args: { ...message, ts: edit }, answer: Posted, repeatable: true },
      signal,
    );
  const into = thread === null ? {} : { thread_ts: thread };
  const metadata = { event_type: EVENT, event_payload: { incident, call } };
  const args = { ...message, ...into, metadata };
  const post = { method: 'chat.postMessage', args, answer: Posted, repeatable: false };
  const first = await web.call(post, signal);
  if (first.kind !== 'unknown' || signal.aborted) return first;
  const found = await findPost(deps, order, signal);
  if (found.kind !== 'ok') return first;
  return found.value === null ? web.call(post, signal) : { kind: 'ok', value: { ts: found.value } };
}

/** The message that a call posted, among the latest two hundred there; null: it is not there. */
async function findPost(
  { web, clock }: PostDeps,
  { channel, thread, incident, call }: Pick<Order, 'channel' | 'thread' | 'incident' | 'call'>,
  signal: AbortSignal,
): Promise<WebAnswer<string | null>> {
  const oldest = String(Math.floor(clock.now() / 1000) - LOOK_BACK_S);
  const where = { channel, oldest, limit: 200, include_all_metadata: true };
  const [method, args] =
    thread === null ? ['conversations.history', where] : ['conversations.replies', { ...where, ts: thread }];
  const read = await web.call({ method, args, answer: History, repeatable: true }, signal);
  if (read.kind !== 'ok') return read;
  const found = read.value.messages.find(
    ({ metadata }) =>
      metadata?.event_type === EVENT &&
      metadata.event_payload?.incident === incident &&
      metadata.event_payload.call === call,
  );
  return { kind: 'ok', value: found?.ts ?? null };
}

function gapOf(refusal: WebRefusal): Sent {
  switch (refusal.kind) {
    case 'no':
      return gap('refused', `Slack: ${refusal.error}`);
    case 'too_busy':
      return gap('unreachable', 'Slack asked to wait for longer than we do');
    case 'unreachable':
      return gap('unreachable', refusal.why);
    case 'unknown':
      return gap('timeout', `${refusal.why}: it may have been posted`);
  }
}

function gap(reason: 'unreachable' | 'refused' | 'timeout', detail: string): Sent {
  return { kind: 'gap', reason, detail: detail.slice(0, 200) };
}
