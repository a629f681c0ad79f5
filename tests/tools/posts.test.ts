import { expect, test } from 'vitest';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { IncidentId, PersonId } from '#core/ids.ts';
import { CallNumbers } from '#incidents/call-numbers.ts';
import type { Caller } from '#incidents/caller.ts';
import { readFact } from '#incidents/entry.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import {
  createContents,
  type Post,
  type PostContent,
  type PostOrder,
  slackPostTool,
} from '#tools/act/posts.ts';
import { createInvoke } from '#tools/invoke.ts';
import type { AnyTool } from '#tools/tool.ts';
import { fakeContext } from './fake-context.ts';

const incident = IncidentId.parse('INC-1');
const system: Caller = { kind: 'system', incident };
const message: PostContent = { kind: 'message', text: 'checkout fails', blocks: [{ type: 'divider' }] };
const where = {
  channel: 'C0SHOP',
  thread: null,
  edit: null,
  what: 'card',
  about: null,
  mentions: 0,
} as const;

async function rig(answer: Post['send']) {
  const { clock, context } = fakeContext();
  const log = await openMemoryLog({ clock, random: realRandom });
  const contents = createContents();
  const sent: PostOrder[] = [];
  const kinds: string[] = [];
  const post: Post = {
    send: (order, signal) => {
      sent.push(order);
      kinds.push('send');
      return answer(order, signal);
    },
  };
  const tools: AnyTool[] = [slackPostTool({ post, contents })];
  log.subscribe((entries) => kinds.push(...entries.map((entry) => entry.kind)));
  const invoke = createInvoke({
    ...context,
    log,
    numbers: new CallNumbers(new IncidentFold()),
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    propose: async () => ({ kind: 'refused', reason: 'policy_denied' }),
  });
  const facts = async () => (await Array.fromAsync(log.read(0))).flatMap((entry) => readFact(entry) ?? []);
  return { clock, contents, sent, kinds, invoke, facts };
}
const posted: Post['send'] = async ({ channel }) => ({ kind: 'posted', channel, ts: '1767582720.000100' });

test('a post is intended in the log before it is sent, and its place is in the outcome', async () => {
  const { contents, sent, kinds, invoke, facts } = await rig(posted);
  const content = contents.put(message);
  const { outcome } = await invoke.one(system, 'slack_post', { ...where, content });
  expect(outcome).toMatchObject({ kind: 'ok', value: { channel: 'C0SHOP', ts: '1767582720.000100' } });
  expect(kinds).toEqual(['tool.intended', 'send', 'tool.finished']);
  expect(sent).toEqual([{ ...where, content: message, incident, call: 'e1' }]);
  expect((await facts()).at(-1)).toMatchObject({
    body: { outcome: 'ok', facts: { channel: 'C0SHOP', ts: '1767582720.000100' } },
  });
});

test('content that nobody handed over is not posted, and neither is what was posted once', async () => {
  const { contents, sent, invoke } = await rig(posted);
  const never = await invoke.one(system, 'slack_post', { ...where, content: sha256('never put') });
  expect(never.outcome).toMatchObject({ kind: 'gap', reason: 'refused' });
  const content = contents.put(message);
  await invoke.one(system, 'slack_post', { ...where, content });
  const again = await invoke.one(system, 'slack_post', { ...where, content });
  expect(again.outcome).toMatchObject({ kind: 'gap', reason: 'refused' });
  expect(sent).toHaveLength(1);
});

test('the same content put twice is there twice', () => {
  const contents = createContents();
  const digest = contents.put(message);
  expect(contents.put({ ...message })).toBe(digest);
  expect([contents.take(digest), contents.take(digest), contents.take(digest)]).toEqual([
    message,
    message,
    undefined,
  ]);
});

test('content that nobody takes makes room: the oldest goes first', () => {
  const contents = createContents();
  const digests = Array.from({ length: 300 }, (_, at) => contents.put({ ...message, text: `${at}` }));
  const kept = digests.filter((digest) => contents.take(digest) !== undefined);
  expect(kept).toEqual(digests.slice(-256));
});

test('pictures differ by their bytes, their title and what they say to those who cannot see them', () => {
  const contents = createContents();
  const picture = { kind: 'picture', png: Buffer.from('a'), title: 'errors', alt: 'rise at 03:12' } as const;
  const digests = [
    picture,
    { ...picture, png: Buffer.from('b') },
    { ...picture, title: 'latency' },
    { ...picture, alt: 'flat' },
  ].map(contents.put);
  expect(new Set(digests).size).toBe(4);
});

test('a picture never replaces a message', async () => {
  const { contents, sent, invoke } = await rig(posted);
  const content = contents.put({ kind: 'picture', png: Buffer.from('a'), title: 't', alt: 'a' });
  const edit = { ...where, edit: '1767582720.000100', content };
  expect((await invoke.one(system, 'slack_post', edit)).outcome).toMatchObject({ reason: 'refused' });
  expect(sent).toEqual([]);
});

test('a person cannot post through it', async () => {
  const { contents, sent, invoke } = await rig(posted);
  const person: Caller = { kind: 'person', id: PersonId.parse('alice'), incident };
  const { outcome } = await invoke.one(person, 'slack_post', { ...where, content: contents.put(message) });
  expect(outcome).toMatchObject({ kind: 'gap', reason: 'refused' });
  expect(sent).toEqual([]);
});

test.each([
  ['a channel by its name', { channel: '#general' }],
  ['a person instead of a channel', { channel: 'U0ALICE' }],
  ['a thread that is no time stamp', { thread: 'yesterday' }],
  ['content in place of its digest', { content: 'restart it' }],
  ['a kind of post that does not exist', { what: 'broadcast' }],
  ['a setting that does not exist', { as_user: true }],
])('%s is refused before anything is intended', async (_, wrong) => {
  const { contents, kinds, invoke } = await rig(posted);
  const args = { ...where, content: contents.put(message), ...wrong };
  expect((await invoke.one(system, 'slack_post', args)).outcome).toMatchObject({
    reason: 'invalid_arguments',
  });
  expect(kinds).toEqual(['tool.refused']);
});

test('a post that gets no answer is given up at the deadline, and whoever sends is told', async () => {
  const told = Promise.withResolvers<void>();
  const { clock, contents, invoke } = await rig((_, signal) => {
    signal.addEventListener('abort', () => told.resolve());
    return new Promise(() => {});
  });
  const call = invoke.one(system, 'slack_post', { ...where, content: contents.put(message) });
  await clock.advance(30_000);
  await told.promise;
  expect((await call).outcome).toMatchObject({ kind: 'gap', reason: 'timeout' });
});
