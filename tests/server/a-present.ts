import { planHash } from '#approvals/plan.ts';
import type { Fold } from '#audit/fold.ts';
import type { Entry, EntryDraft } from '#audit/log.ts';
import { type MemoryLog, openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { IncidentId } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import { type BodyOf, type EntryKind, fact, SYSTEM } from '#incidents/entry.ts';
import { createFolds, type Folds, foldList } from '#server/folds.ts';
import { createPresent, type Present } from '#server/present.ts';
import { createContents, type Post, type PostOrder, slackPostTool } from '#tools/act/posts.ts';
import { createInvoke } from '#tools/invoke.ts';
import { settleOpenCalls } from '#tools/open-calls-fold.ts';
import { approvalCard, cardDigest } from '#views/approval-card.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { createFakeWorld } from '../fakes/fake-world.ts';
import { aPlan } from '../views/a-plan.ts';
import { story } from '../views/a-story.ts';

export const INC = IncidentId.parse('INC-1');
/** When the next people would be asked. */
const ASKED_AT = Date.UTC(2026, 0, 5, 3, 30);

/** One message as it stands, with all that it ever said. */
export type Standing = {
  readonly what: PostOrder['what'];
  readonly about: string | null;
  readonly thread: string | null;
  readonly ts: string;
  readonly said: string[];
};
export type SlackState = 'up' | 'down' | 'refuses' | 'hangs' | 'arrives_unheard';

/** A channel in memory: takes posts and edits while it is up, and counts every try. */
export function aChannel(clock: FakeClock) {
  const messages: Standing[] = [];
  const tries: { at: number; edit: boolean; what: PostOrder['what'] }[] = [];
  const drawing = Promise.resolve();
  const channel = {
    drawing,
    state: 'up' as SlackState,
    only: null as PostOrder['what'] | null,
    /** A channel that refuses everything. */
    closed: null as string | null,
    messages,
    tries,
  };
  const post: Post = {
    send: async (order, signal) => {
      tries.push({ at: clock.now(), edit: order.edit !== null, what: order.what });
      const state = channel.only === null || channel.only === order.what ? channel.state : 'up';
      if (state === 'down') return { kind: 'gap', reason: 'unreachable', detail: 'no answer' };
      if (state === 'refuses' || order.channel === channel.closed)
        return { kind: 'gap', reason: 'refused', detail: 'not here' };
      const ts = order.edit ?? `1.${messages.length + 1}`;
      if (state !== 'hangs') keep(messages, order, ts);
      if (state === 'hangs' || state === 'arrives_unheard')
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      return order.content.kind === 'picture'
        ? { kind: 'uploaded', channel: order.channel, file: 'F1' }
        : { kind: 'posted', channel: order.channel, ts };
    },
  };
  return Object.assign(channel, { post });
}
export type Channel = ReturnType<typeof aChannel>;

function keep(messages: Standing[], order: PostOrder, ts: string): void {
  const known = messages.find((one) => one.ts === ts);
  const text = order.content.kind === 'message' ? JSON.stringify(order.content) : order.content.title;
  if (known !== undefined) known.said.push(text);
  else messages.push({ what: order.what, about: order.about, thread: order.thread, ts, said: [text] });
}

/** The log of one incident as it goes, with what shows it in Slack; time is moved by hand. */
export type Rig = {
  readonly clock: FakeClock;
  readonly log: MemoryLog;
  readonly folds: Folds;
  readonly slack: Channel;
  readonly present: Present;
  readonly errors: string[];
  /** Plays the known story on, up to the first entry of this kind; left out = to its end. */
  play(until?: EntryKind): Promise<void>;
  append(...drafts: EntryDraft[]): Promise<void>;
  /** The texts of the message now: the last thing it said. */
  now(what: PostOrder['what']): string | undefined;
  entries(): Promise<Entry[]>;
  /** Another start over the same log and the same channel. */
  restart(): Promise<Rig>;
};

type Ground = {
  clock: FakeClock;
  log: MemoryLog;
  slack: Channel;
  fed: { folds: readonly Fold[] };
  told: number;
};

export async function aPresent(): Promise<Rig> {
  const clock = new FakeClock();
  const fed: Ground['fed'] = { folds: [] };
  const relay: Fold = {
    ...{ name: 'relay', version: 1, save: () => null, load: () => {}, reset: () => {} },
    apply: (entry) => {
      for (const fold of fed.folds) fold.apply(entry);
    },
  };
  const log = await openMemoryLog({ clock, random: realRandom, folds: [relay] });
  return begin({ clock, log, slack: aChannel(clock), fed, told: 0 });
}

async function begin(ground: Ground): Promise<Rig> {
  const { clock, log, slack, fed } = ground;
  const folds = createFolds();
  for await (const entry of log.read(0)) for (const fold of foldList(folds)) fold.apply(entry);
  fed.folds = foldList(folds);
  await settleOpenCalls(log, folds.openCalls);
  const errors: string[] = [];
  const contents = createContents();
  const { world, inventory } = createFakeWorld({ clock, seed: 1, mode: 'act', takesMs: 0 });
  const tool = slackPostTool({ post: slack.post, contents });
  const invoke = createInvoke({
    ...{ log, clock, world, inventory, runbooks: [], numbers: new CallNumbers(folds.incidents) },
    tools: new Map([[tool.name, tool]]),
    propose: () => Promise.reject(new Error('nothing is proposed here')),
  });
  const present = createPresent({
    ...{ log, clock, folds, invoke, contents, zone: 'UTC', team: 'T1' },
    channelFor: ({ owner }, refused = null) =>
      owner === 'team-shop' && refused !== 'C0SHOP' ? 'C0SHOP' : 'C0ALL',
    mentionsFor: () => ['U0BOB', 'U0ALICE'],
    decidersFor: () => ['U0BOB', 'U0ALICE'],
    contactOf: (id) => ({ name: id, account: id === 'dave' ? null : `U0${id.toUpperCase()}` }),
    asks: () => ({ people: ['Carol'], at: ASKED_AT }),
    hasOtherWays: false,
    picture: async () => {
      await slack.drawing;
      return { kind: 'picture', png: new Uint8Array(1), title: 'errors of checkout', alt: 'a line' };
    },
    onError: (where, message) => errors.push(`${where}: ${message}`),
  });
  present.start();
  const append = async (...drafts: EntryDraft[]) => {
    await log.append(drafts);
  };
  return {
    ...{ clock, log, folds, slack, present, errors, append },
    play: async (until) => {
      const end = until === undefined ? undefined : story(until).length;
      const drafts = story()
        .slice(ground.told, end)
        .map(({ draft }) => draft);
      ground.told += drafts.length;
      if (drafts.length > 0) await append(...drafts);
    },
    now: (what) => slack.messages.findLast((one) => one.what === what)?.said.at(-1),
    entries: () => Array.fromAsync(log.read(0)),
    restart: async () => {
      const closed = present.close();
      await clock.advance(3_000);
      await closed;
      return begin(ground);
    },
  };
}

/** A fact of the incident by the product itself. */
export function say<K extends EntryKind>(kind: K, body: BodyOf<K>): EntryDraft {
  return fact(kind, body, { actor: SYSTEM, traceId: 'test', incident: INC });
}

/** A proposal with a number of its own. */
export function request(number: number): EntryDraft {
  const plan = aPlan({ plan: { approval: `A-${number}` } });
  const hash = planHash(plan);
  const digest = cardDigest(approvalCard(plan, hash));
  return say('approval.requested', { approval: plan.approval, hash, cardDigest: digest, mode: 'act', plan });
}

/** What was posted, in order. */
export function kinds({ slack }: Rig): string[] {
  return slack.messages.map((one) => one.what);
}
