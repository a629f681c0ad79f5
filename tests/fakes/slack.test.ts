import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { FakeClock } from './fake-clock.ts';
import { type FakeSlack, startFakeSlack } from './slack/fake-slack.ts';

const started: { close(): Promise<void> | void }[] = [];
afterEach(async () => {
  for (const one of started.splice(0)) await one.close();
});

async function rig() {
  const clock = new FakeClock();
  const fake = await startFakeSlack({
    clock,
    users: [
      { id: 'U0ALICE', name: 'Alice' },
      { id: 'U0GUEST', name: 'Gus', guest: true },
    ],
    channels: [
      { id: 'C0SHOP', name: 'shop' },
      { id: 'C0ELSE', name: 'else', members: ['U0ALICE'] },
    ],
  });
  started.push(fake);
  const call = async (method: string, args: Record<string, unknown> = {}, token = fake.botToken) => {
    const fields = Object.entries(args).map(([key, value]): [string, string] => [
      key,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    const answer = await fetch(`${fake.apiUrl}${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: new URLSearchParams(fields),
    });
    return { status: answer.status, headers: answer.headers, body: Object(await answer.json()) };
  };
  return { clock, fake, call };
}

/** A client of Socket Mode that acknowledges what it gets. */
async function connect(
  { fake, call }: { fake: FakeSlack; call: Awaited<ReturnType<typeof rig>>['call'] },
  acknowledge: (envelope: Record<string, unknown>) => unknown = () => ({}),
) {
  const { body } = await call('apps.connections.open', {}, fake.appToken);
  const seen: Record<string, unknown>[] = [];
  const socket = new WebSocket(body.url);
  const hello = Promise.withResolvers<void>();
  socket.on('message', (data) => {
    const frame = Object(JSON.parse(String(data)));
    seen.push(frame);
    if (frame.type === 'hello') return hello.resolve();
    const payload = acknowledge(frame);
    if (payload !== undefined) socket.send(JSON.stringify({ envelope_id: frame.envelope_id, payload }));
  });
  await hello.promise;
  started.push({ close: () => socket.terminate() });
  return { socket, seen };
}

const button = { type: 'button', action_id: 'go', value: 'v', text: { type: 'plain_text', text: 'Go' } };

test('a message can be posted, edited and read with what stood there before', async () => {
  const { fake, call } = await rig();
  const posted = await call('chat.postMessage', { channel: 'C0SHOP', text: 'one' });
  await call('chat.update', { channel: 'C0SHOP', ts: posted.body.ts, text: 'two' });
  expect(fake.workspace.messages).toMatchObject([{ text: 'two', versions: [{ text: 'one' }] }]);
  expect(fake.workspace.calls.map(({ method, error }) => [method, error])).toEqual([
    ['chat.postMessage', null],
    ['chat.update', null],
  ]);
});

test.each([
  ['a wrong token', 'chat.postMessage', { channel: 'C0SHOP', text: 'x' }, 'invalid_auth', 'xoxb-other'],
  ['an unknown channel', 'chat.postMessage', { channel: 'C0NONE', text: 'x' }, 'channel_not_found'],
  ['a channel without the app', 'chat.postMessage', { channel: 'C0ELSE', text: 'x' }, 'not_in_channel'],
  ['no content', 'chat.postMessage', { channel: 'C0SHOP' }, 'no_text'],
  ['51 blocks', 'chat.postMessage', blocksOf(51), 'invalid_blocks'],
  ['text that is too long', 'chat.postMessage', section('x'.repeat(3001)), 'invalid_blocks'],
  ['a button without an action', 'chat.postMessage', actions({ ...button, action_id: '' }), 'invalid_blocks'],
  ['a type of block that does not exist', 'chat.postMessage', odd('buttons'), 'invalid_blocks'],
  [
    'an edit of nothing',
    'chat.update',
    { channel: 'C0SHOP', ts: '1.000001', text: 'x' },
    'message_not_found',
  ],
  ['a window without a click', 'views.open', { trigger_id: 't', view: '{}' }, 'invalid_trigger_id'],
  ['a method that does not exist', 'chat.shout', {}, 'unknown_method'],
])(
  '%s is refused as Slack refuses it',
  async (_, method, args, error, token = undefined as string | undefined) => {
    const { fake, call } = await rig();
    const { body } = await call(method, args, token ?? fake.botToken);
    expect(body).toMatchObject({ ok: false, error });
    expect(fake.workspace.messages).toEqual([]);
  },
);

function blocksOf(count: number) {
  return { channel: 'C0SHOP', text: 'x', blocks: Array.from({ length: count }, () => ({ type: 'divider' })) };
}
function section(text: string) {
  return { channel: 'C0SHOP', text: 'x', blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] };
}
function actions(element: object) {
  return { channel: 'C0SHOP', text: 'x', blocks: [{ type: 'actions', elements: [element] }] };
}
function odd(type: string) {
  return { channel: 'C0SHOP', text: 'x', blocks: [{ type }] };
}

test('another person’s message cannot be edited', async () => {
  const { fake, call } = await rig();
  const { ts } = await fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', text: 'hello' });
  const { body } = await call('chat.update', { channel: 'C0SHOP', ts, text: 'mine' });
  expect(body.error).toBe('cant_update_message');
});

test('faults strike as often as planned: later, no, broken, and done without an answer', async () => {
  const { fake, call } = await rig();
  fake.faults.add('chat.postMessage', { kind: 'rate_limited', retryAfter: 7 });
  fake.faults.add('chat.postMessage', { kind: 'error', error: 'internal_error' });
  fake.faults.add('*', { kind: 'answer_lost' });
  const post = () => call('chat.postMessage', { channel: 'C0SHOP', text: 'x' });
  const limited = await post();
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  expect((await post()).body.error).toBe('internal_error');
  await expect(post()).rejects.toThrow();
  expect(fake.workspace.messages).toHaveLength(1);
  fake.faults.outage(true);
  await expect(post()).rejects.toThrow();
  fake.faults.outage(false);
  expect((await post()).body.ok).toBe(true);
});

test('an event goes to the app over the socket, with the ids of the workspace and of the app', async () => {
  const rigged = await rig();
  const { seen } = await connect(rigged);
  const said = await rigged.fake.people.say({
    user: 'U0ALICE',
    channel: 'C0SHOP',
    text: 'why',
    thread: '1.000002',
  });
  expect(said.kind).toBe('acknowledged');
  expect(seen.at(-1)).toMatchObject({
    type: 'events_api',
    payload: {
      team_id: 'T0FAKE',
      api_app_id: 'A0FAKE',
      event: { type: 'message', user: 'U0ALICE', text: 'why', ts: said.ts, thread_ts: '1.000002' },
    },
  });
});

test('an event that was not acknowledged comes again when the app connects, marked as a retry', async () => {
  const rigged = await rig();
  const { fake, clock } = rigged;
  await connect(rigged, () => undefined);
  const saying = fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', text: 'why' });
  await clock.advance(3_000);
  expect(await saying).toMatchObject({ kind: 'not_acknowledged' });
  const { seen } = await connect(rigged);
  await expect
    .poll(() => seen.at(-1))
    .toMatchObject({ retry_attempt: 1, payload: { event: { text: 'why' } } });
});

test('an acknowledgement that nobody waits for is noted', async () => {
  const rigged = await rig();
  const { socket } = await connect(rigged);
  socket.send(JSON.stringify({ envelope_id: 'none' }));
  await expect.poll(() => rigged.fake.workspace.misuse).toHaveLength(1);
});

test('a click opens a window within three seconds, once, and what is filled in is sent', async () => {
  const rigged = await rig();
  const { fake, call, clock } = rigged;
  const { seen } = await connect(rigged);
  const { body } = await call('chat.postMessage', actions(button));
  const click = { user: 'U0ALICE', channel: 'C0SHOP', ts: body.ts };
  await expect(async () => fake.people.click({ ...click, action: 'stop' })).rejects.toThrow(
    'there is no button',
  );
  await fake.people.click({ ...click, action: 'go' });
  const { trigger_id } = Object(seen.at(-1)?.payload);
  const view = {
    type: 'modal',
    title: { type: 'plain_text', text: 'Sure?' },
    submit: { type: 'plain_text', text: 'Yes' },
    callback_id: 'go',
    blocks: [
      {
        type: 'input',
        block_id: 'typed',
        label: { type: 'plain_text', text: 'Name' },
        element: { type: 'plain_text_input', action_id: 'a' },
      },
    ],
  };
  expect((await call('views.open', { trigger_id, view })).body.ok).toBe(true);
  expect((await call('views.open', { trigger_id, view })).body.error).toBe('invalid_trigger_id');
  const [window] = [...fake.workspace.windows.keys()];
  await fake.people.submit({ window: window ?? '', values: { typed: 'checkout' } });
  expect(Object(seen.at(-1)?.payload).view.state.values).toEqual({
    typed: { a: { type: 'plain_text_input', value: 'checkout' } },
  });
  expect(fake.workspace.windows.size).toBe(0);
  await fake.people.click({ ...click, action: 'go' });
  await clock.advance(3_001);
  const late = Object(seen.at(-1)?.payload).trigger_id;
  expect((await call('views.open', { trigger_id: late, view })).body.error).toBe('expired_trigger_id');
});

test('a picture goes up in three steps and stands in the thread', async () => {
  const { fake, call } = await rig();
  const root = await call('chat.postMessage', { channel: 'C0SHOP', text: 'x' });
  const start = await call('files.getUploadURLExternal', {
    filename: 'a.png',
    length: '3',
    alt_text: 'a line',
  });
  await fetch(start.body.upload_url, { method: 'POST', body: Buffer.from('png') });
  const files = [{ id: start.body.file_id, title: 'errors' }];
  await call('files.completeUploadExternal', { files, channel_id: 'C0SHOP', thread_ts: root.body.ts });
  expect(fake.workspace.messages.at(-1)).toMatchObject({
    thread: root.body.ts,
    files: [{ title: 'errors', alt: 'a line', bytes: Buffer.from('png') }],
  });
});

test('what a command is answered with is seen by its speaker only', async () => {
  const rigged = await rig();
  await connect(rigged, () => ({ text: 'all quiet' }));
  await rigged.fake.people.command({ user: 'U0ALICE', channel: 'C0SHOP', text: 'status' });
  expect(rigged.fake.workspace.whispers).toMatchObject([{ to: 'U0ALICE', text: 'all quiet' }]);
});
