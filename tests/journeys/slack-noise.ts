import type { FakeWorkspace } from '../fakes/slack/state.ts';

/** `edits`: the most of one message within any second. */
export type WireNoise = { cards: number; posts: number; mentions: number; edits: number };

type Call = FakeWorkspace['calls'][number];

/**
 * How much people were bothered with, by what the app asked Slack to do, not by what the app says of itself. Every
 * message that Slack took counts; what one person alone is shown (a reply to their own click) is another method.
 */
export function wireNoise({ calls }: Pick<FakeWorkspace, 'calls'>): WireNoise {
  const done = calls.filter(({ error }) => error === null);
  const of = (method: string): Call[] => done.filter((call) => call.method === method);
  const posted = of('chat.postMessage');
  const inThread = [...posted, ...of('files.completeUploadExternal')].filter(({ args }) => hasThread(args));
  return {
    cards: posted.length - posted.filter(({ args }) => hasThread(args)).length,
    posts: inThread.length,
    mentions: posted.reduce((sum, { args }) => sum + mentionsOf(args), 0),
    edits: Math.max(0, ...[...editTimes(of('chat.update')).values()].map(mostInOneSecond)),
  };
}

function hasThread({ thread_ts: thread }: Call['args']): boolean {
  return thread !== undefined && thread !== '';
}

/** The text beside the blocks is what a notification says: the same call by name, not a second one. */
function mentionsOf({ text = '', blocks = '' }: Call['args']): number {
  const count = (words: string): number => (words.match(/<[@!]/g) ?? []).length;
  const dates = (words: string): number => (words.match(/<!date/g) ?? []).length;
  return Math.max(count(text) - dates(text), count(blocks) - dates(blocks));
}

function editTimes(edits: readonly Call[]): Map<string, number[]> {
  const times = new Map<string, number[]>();
  for (const { at, args } of edits) {
    const message = `${args.channel} ${args.ts}`;
    times.set(message, [...(times.get(message) ?? []), at]);
  }
  return times;
}

function mostInOneSecond(times: readonly number[]): number {
  return Math.max(0, ...times.map((at) => times.filter((other) => other >= at && other < at + 1000).length));
}
