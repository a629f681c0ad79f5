import type { Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import { anchorMessage } from '#slack/cards/anchor.ts';
import type { Contents, PostArgs, PostContent } from '#tools/act/posts.ts';
import type { Invoke } from '#tools/call-result.ts';
import { content, type DrawDeps } from './draw.ts';
import type { Tried } from './patience.ts';
import { anchorName, type Message } from './posted-fold.ts';
import type { Wanted } from './wanted.ts';

export type SendDeps = DrawDeps & {
  readonly log: Log;
  readonly invoke: Invoke;
  readonly contents: Contents;
  /** The workspace, as facts name it. */
  readonly team: string;
};

/** `picture` gives the picture of an incident away, once it is drawn. */
export type PutDeps = SendDeps & { readonly picture: (id: IncidentId) => PostContent | undefined };

type Order = Omit<PostArgs, 'content' | 'about' | 'mentions' | 'edit' | 'thread'> &
  Partial<Pick<PostArgs, 'about' | 'mentions' | 'edit' | 'thread'>> & { readonly content: PostContent };

/** One post or edit as a recorded call of the product itself. Throws only when the log cannot take it. */
export async function send(
  { invoke, contents }: Pick<SendDeps, 'invoke' | 'contents'>,
  incident: IncidentId,
  order: Order,
): Promise<Tried> {
  const args = { about: null, mentions: 0, edit: null, thread: null, ...order };
  const { outcome } = await invoke.one({ kind: 'system', incident }, 'slack_post', {
    ...args,
    content: contents.put(order.content),
  });
  if (outcome.kind === 'ok') return 'ok';
  const isDown = outcome.kind === 'gap' && (outcome.reason === 'unreachable' || outcome.reason === 'timeout');
  return isDown ? 'unreachable' : 'refused';
}

/** Puts into Slack, or into the log, what is missing there. */
export async function put(deps: PutDeps, incident: Incident, wanted: Wanted): Promise<Tried> {
  const { id } = incident;
  const root = deps.folds.posted.get(id).card;
  if (wanted.kind === 'card') {
    const { edit, channel, content, mentions } = wanted;
    return send(deps, id, { channel, edit: edit?.ts ?? null, what: 'card', content, mentions });
  }
  if (root === null) return 'refused';
  switch (wanted.kind) {
    case 'bind':
      await bind(deps, id, wanted.card);
      return 'ok';
    case 'approval': {
      const { about, mentions, content, edit } = wanted;
      const at = edit ?? root;
      const place = { channel: at.channel, thread: root.ts, edit: edit?.ts ?? null };
      return send(deps, id, { ...place, what: 'approval', about, mentions, content });
    }
    case 'notice': {
      const { about, mentions, content, edit } = wanted;
      const place = { channel: edit?.channel ?? root.channel, thread: root.ts, edit: edit?.ts ?? null };
      return send(deps, id, { ...place, what: 'notice', about, mentions, content });
    }
    case 'anchor':
      return anchor(deps, id, { root, about: wanted.about });
    case 'picture': {
      const drawn = deps.picture(id);
      if (drawn === undefined) return 'refused';
      return send(deps, id, { channel: root.channel, thread: root.ts, what: 'picture', content: drawn });
    }
  }
}

async function bind({ log, team }: SendDeps, incident: IncidentId, card: Message): Promise<void> {
  const body = { surface: 'slack', team, channel: card.channel, thread: card.ts } as const;
  const context = { actor: SYSTEM, traceId: incident, incident, streams: [incidentStream(incident)] };
  await log.append([fact('thread.bound', body, context)]);
}

/** The last checkpoint as a message of its own, and in the log where it is kept now. */
async function anchor(
  deps: SendDeps,
  id: IncidentId,
  { root, about }: { root: Message; about: 'opening' | 'decision' | 'closing' },
): Promise<Tried> {
  const { size, root: hash, note } = deps.log.checkpoint();
  const tried = await send(deps, id, {
    ...{ channel: root.channel, thread: root.ts, what: 'anchor', about: anchorName(about, size) },
    content: content(anchorMessage(about, { size, root: hash, note })),
  });
  if (tried === 'ok') {
    const where = `slack ${root.channel} ${root.ts}`;
    await deps.log.append([
      fact('anchor.written', { where, size, root: hash }, { actor: SYSTEM, traceId: 'anchor' }),
    ]);
  }
  return tried;
}
