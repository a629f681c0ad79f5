import { afterEach, expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import { ApprovalId, IncidentId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import { button, incidentButton } from '#slack/cards/values.ts';
import type { Order } from '#slack/post.ts';
import { ALICE, answer, noting, type SlackRig, secretOf, slackRig } from './rig.ts';

const rigs: SlackRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});
async function started(options: Parameters<typeof slackRig>[0] = {}): Promise<SlackRig> {
  const rig = await slackRig(options);
  rigs.push(rig);
  return rig;
}

const signal = new AbortController().signal;
/** Real time, but pauses are over soon. */
const hurried = { ...realClock, sleep: (ms: number, stop?: AbortSignal) => realClock.sleep(ms / 50, stop) };
const order = (change: Partial<Order> = {}): Order => ({
  ...{ channel: 'C0SHOP', thread: null, edit: null, incident: 'INC-1', call: 'e3' },
  content: { kind: 'message', text: 'checkout fails', blocks: [{ type: 'divider' }] },
  ...change,
});
const hash = sha256('plan');
const approve = button('Approve', {
  kind: 'approval',
  approval: ApprovalId.parse('A-1'),
  hash,
  decision: 'approve',
});
const take = incidentButton('I’ve got it', { verb: 'take', incident: IncidentId.parse('INC-1') });
const withButtons = order({
  content: {
    kind: 'message',
    text: 'card',
    blocks: [Object({ type: 'actions', elements: [approve, take] })],
  },
});

test('a message is posted, edited in place, and answered below; nothing of it is expanded by Slack', async () => {
  const { app, fake } = await started();
  const posted = await app.send(order(), signal);
  if (posted.kind !== 'posted') throw new Error(JSON.stringify(posted));
  await app.send(order({ edit: posted.ts, content: { kind: 'message', text: 'fixed', blocks: [] } }), signal);
  await app.send(order({ thread: posted.ts }), signal);
  expect(fake.workspace.messages).toMatchObject([
    { text: 'fixed', thread: null, versions: [{ text: 'checkout fails' }] },
    { thread: posted.ts, metadata: { event_payload: { incident: 'INC-1', call: 'e3' } } },
  ]);
  const { args } = fake.workspace.calls.find(({ method }) => method === 'chat.postMessage') ?? {};
  expect(args).toMatchObject({
    unfurl_links: 'false',
    unfurl_media: 'false',
    link_names: 'false',
    parse: 'none',
  });
});

test.each([
  ['shared with another organisation', 'C0EXT', /shared with others/],
  ['with a guest in it', 'C0GUESTS', /guests/],
  ['that we are not in', 'C0AWAY', /not a member/],
  ['that does not exist', 'C0NONE', /channel_not_found/],
])('nothing is posted into a channel %s', async (_, channel, why) => {
  const { app, fake } = await started();
  expect(await app.send(order({ channel }), signal)).toMatchObject({
    kind: 'gap',
    reason: 'refused',
    detail: expect.stringMatching(why),
  });
  expect(fake.workspace.messages).toEqual([]);
});

test('a shared channel that the config lists is posted into, as one that cannot be looked at is not', async () => {
  const { app, fake } = await started({ allowShared: ['C0EXT', 'C0GUESTS'] });
  for (const channel of ['C0EXT', 'C0GUESTS'])
    expect((await app.send(order({ channel }), signal)).kind).toBe('posted');
  fake.faults.add('conversations.info', { kind: 'error', error: 'missing_scope' });
  expect(await app.send(order(), signal)).toMatchObject({ kind: 'gap', detail: 'Slack: missing_scope' });
});

test('a token of another workspace posts nothing', async () => {
  const { app, fake } = await started({ team: 'T0OTHER' });
  expect(await app.send(order(), signal)).toMatchObject({
    detail: expect.stringMatching(/another workspace/),
  });
  expect(fake.workspace.calls.map(({ method }) => method)).toEqual(['auth.test']);
});

test('a message whose answer was lost is found again instead of being posted twice', async () => {
  const { app, fake } = await started();
  const root = await app.send(order(), signal);
  for (const thread of [null, root.kind === 'posted' ? root.ts : '']) {
    fake.faults.add('chat.postMessage', { kind: 'answer_lost' });
    const sent = await app.send(order({ thread, call: 'e9' }), signal);
    expect(sent).toMatchObject({ kind: 'posted', ts: fake.workspace.messages.at(-1)?.ts });
  }
  expect(fake.workspace.messages).toHaveLength(3);
});

test('a message that was cut off on its way is sent once more, and is there once', async () => {
  const { app, fake } = await started();
  fake.faults.add('chat.postMessage', { kind: 'cut' });
  expect((await app.send(order(), signal)).kind).toBe('posted');
  expect(fake.workspace.messages).toHaveLength(1);
});

test('when nobody can say whether it was posted, the outcome says so', async () => {
  const { app, fake } = await started();
  await app.send(order(), signal);
  fake.faults.add('chat.postMessage', { kind: 'answer_lost' });
  fake.faults.add('conversations.history', { kind: 'error', error: 'missing_scope' });
  expect(await app.send(order(), signal)).toMatchObject({
    reason: 'timeout',
    detail: expect.stringMatching(/it may have been posted/),
  });
});

test('a picture is uploaded into the thread with what it says to those who cannot see it', async () => {
  const { app, fake } = await started();
  const root = await app.send(order(), signal);
  const content = {
    kind: 'picture',
    png: Buffer.from('png'),
    title: 'errors',
    alt: 'rise at 03:12',
  } as const;
  const sent = await app.send(order({ thread: root.kind === 'posted' ? root.ts : null, content }), signal);
  expect(sent.kind).toBe('uploaded');
  expect(fake.workspace.messages.at(-1)?.files).toMatchObject([{ title: 'errors', alt: 'rise at 03:12' }]);
});

test('a sentence reaches us once, read as people read it, with the verified person', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting({ onMessage: async () => answer('because of e3') });
  await app.start(handlers);
  const root = await app.send(order(), signal);
  const thread = root.kind === 'posted' ? root.ts : '';
  const text = 'hand over to <@U0ALICE2>, not <@U0EVE> &amp; see <#C0SHOP|shop>';
  const said = await fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', thread, text });
  await fake.people.repeat();
  await expect.poll(() => fake.workspace.messages.at(-1)).toMatchObject({ text: 'because of e3', thread });
  expect(given).toEqual([
    [
      'message',
      {
        who: { team: 'T0FAKE', user: 'U0ALICE', person: ALICE },
        place: { team: 'T0FAKE', channel: 'C0SHOP', thread },
        message: said.ts,
        text: 'hand over to @alice, not @unknown & see <#C0SHOP>',
      },
    ],
  ]);
});

test('whoever mentions the app itself speaks to it', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting({ onMessage: async () => answer('yes') });
  await app.start(handlers);
  const root = await app.send(order(), signal);
  const thread = root.kind === 'posted' ? root.ts : '';
  await fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', thread, text: '<@U0FIREBREAK> why' });
  await expect.poll(() => given).toMatchObject([['message', { text: '@firebreak why' }]]);
});

test('a display name counts for nothing: who calls themselves alice is nobody', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting();
  await app.start(handlers);
  await fake.people.command({ user: 'U0EVE', channel: 'C0SHOP', text: 'off' });
  expect(given).toMatchObject([['command', { who: { user: 'U0EVE', person: null }, text: 'off' }]]);
});

test('two accounts of one person are one person', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting();
  await app.start(handlers);
  for (const user of ['U0ALICE', 'U0ALICE2'])
    await fake.people.command({ user, channel: 'C0SHOP', text: 'x' });
  expect(given).toMatchObject([
    ['command', { who: { person: ALICE } }],
    ['command', { who: { person: ALICE } }],
  ]);
});

test('what we or other bots say is not a sentence of a person', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting({ onMessage: async () => answer('again') });
  await app.start(handlers);
  await app.send(order(), signal);
  await fake.people.say({ user: 'U0FIREBREAK', channel: 'C0SHOP', text: 'restart it' });
  await fake.people.command({ user: 'U0ALICE', channel: 'C0SHOP', text: 'after' });
  expect(given.map(([kind]) => kind)).toEqual(['command']);
});

test('a command is answered to its speaker only', async () => {
  const { app, fake } = await started();
  const { handlers } = noting({ onCommand: async () => answer('two incidents', 'thread') });
  await app.start(handlers);
  await fake.people.command({ user: 'U0ALICE', channel: 'C0SHOP', text: 'incidents' });
  expect(fake.workspace.whispers).toMatchObject([{ to: 'U0ALICE', text: 'two incidents' }]);
  expect(fake.workspace.messages).toEqual([]);
});

test('a click is the decision that was drawn, and its answer is seen by who clicked', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting();
  await app.start(handlers);
  const card = await app.send(withButtons, signal);
  const ts = card.kind === 'posted' ? card.ts : '';
  await fake.people.click({ user: 'U0ALICE', channel: 'C0SHOP', ts, action: 'decision:approve' });
  await fake.people.repeat();
  await fake.people.click({ user: 'U0ALICE', channel: 'C0SHOP', ts, action: 'pressed:take' });
  await expect.poll(() => fake.workspace.whispers.map(({ text }) => text)).toEqual(['decided', 'pressed']);
  const place = { team: 'T0FAKE', channel: 'C0SHOP', thread: ts };
  expect(given).toMatchObject([
    ['decision', { place, approval: 'A-1', hash, decision: 'approve', typed: null }],
    ['pressed', { place, incident: 'INC-1', verb: 'take', fields: {} }],
  ]);
});

test('a click that asks for more opens a form, and only what is sent with it is the decision', async () => {
  const { app, fake } = await started();
  const { handlers, given } = noting({
    modal: () => ({
      type: 'modal',
      title: { type: 'plain_text', text: 'Roll back?' },
      submit: { type: 'plain_text', text: 'Approve' },
      blocks: [
        {
          type: 'input',
          block_id: 'typed',
          label: { type: 'plain_text', text: 'Type the target' },
          element: { type: 'plain_text_input', action_id: 'typed' },
        },
      ],
    }),
  });
  await app.start(handlers);
  const card = await app.send(withButtons, signal);
  const ts = card.kind === 'posted' ? card.ts : '';
  await fake.people.click({ user: 'U0ALICE', channel: 'C0SHOP', ts, action: 'decision:approve' });
  await expect.poll(() => fake.workspace.windows.size).toBe(1);
  expect(given).toEqual([]);
  const [window = ''] = fake.workspace.windows.keys();
  await fake.people.submit({ window, values: { typed: 'checkout' } });
  await expect
    .poll(() => given)
    .toMatchObject([
      ['decision', { place: { channel: 'C0SHOP', thread: ts }, approval: 'A-1', hash, typed: 'checkout' }],
    ]);
});

test('a failure of ours is one plain line with a correlation id, for the person alone', async () => {
  const { app, fake, errors } = await started();
  const { handlers } = noting({
    onPressed: async () => {
      throw new Error('a secret path /etc/x');
    },
  });
  await app.start(handlers);
  const card = await app.send(withButtons, signal);
  const ts = card.kind === 'posted' ? card.ts : '';
  await fake.people.click({ user: 'U0ALICE', channel: 'C0SHOP', ts, action: 'pressed:take' });
  await expect.poll(() => fake.workspace.whispers).toHaveLength(1);
  const [[message, correlation] = []] = errors;
  expect(fake.workspace.whispers[0]?.text).toContain(correlation);
  expect(fake.workspace.whispers[0]?.text).not.toContain('secret path');
  expect(message).toContain('secret path');
});

test('the Home tab is drawn for who opens it', async () => {
  const { app, fake } = await started();
  const { handlers } = noting({ home: async ({ person }) => answer(`for ${person}`).blocks });
  await app.start(handlers);
  await fake.people.openHome('U0ALICE');
  await expect
    .poll(() => fake.workspace.homes.get('U0ALICE'))
    .toMatchObject([{ text: { text: 'for alice' } }]);
});

test('an answer that would call everybody is not given', async () => {
  const { app, fake, errors } = await started();
  const { handlers } = noting({ onMessage: async () => answer('<!channel> look') });
  await app.start(handlers);
  await fake.people.say({ user: 'U0ALICE', channel: 'C0SHOP', text: 'x' });
  await expect.poll(() => errors).toEqual([['an answer was not given: token not allowed', null]]);
  expect(fake.workspace.messages).toHaveLength(1);
});

test('what comes for another workspace or app is refused and said', async () => {
  const { app, fake, refused } = await started();
  const { handlers, given } = noting();
  await app.start(handlers);
  const cover = { team_id: 'T0FAKE', api_app_id: 'A0FAKE', type: 'event_callback' };
  const event = { type: 'message', channel: 'C0SHOP', user: 'U0ALICE', ts: '1.000001', text: 'off' };
  await fake.deliver({ type: 'events_api', payload: { ...cover, team_id: 'T0EVIL', event } });
  await fake.deliver({ type: 'events_api', payload: { ...cover, api_app_id: 'A0EVIL', event } });
  await fake.deliver({ type: 'interactive', payload: { type: 'block_actions', actions: [{}] } });
  expect(refused).toEqual(['wrong_team', 'wrong_app', 'unreadable']);
  expect(given).toEqual([]);
});

test('a frame that the library cannot read does not end the process', async () => {
  const { app, fake, errors } = await started();
  const { handlers, given } = noting();
  await app.start(handlers);
  void fake.deliver({ type: 'events_api', payload: {} });
  await expect.poll(() => errors).toHaveLength(1);
  await fake.people.command({ user: 'U0ALICE', channel: 'C0SHOP', text: 'status' });
  expect(given).toHaveLength(1);
});

test('the connection comes back after Slack asked for a new one, and after it was cut', async () => {
  const { app, fake } = await started({ clock: hurried });
  const { handlers, given } = noting();
  await app.start(handlers);
  const opened = (): number =>
    fake.workspace.calls.filter(({ method }) => method === 'apps.connections.open').length;
  for (const [at, lose] of [fake.socket.refresh, fake.socket.cut].entries()) {
    lose();
    await expect.poll(opened, { timeout: 5_000 }).toBe(at + 2);
    await expect.poll(() => fake.socket.connections(), { timeout: 5_000 }).toBe(1);
    await expect
      .poll(() => fake.people.command({ user: 'U0ALICE', channel: 'C0SHOP', text: 'status' }))
      .toMatchObject({ kind: 'acknowledged' });
  }
  expect(given).toHaveLength(2);
});

test('Slack saying no to the connection is told and tried again, not the end of the process', async () => {
  const { app, fake, errors } = await started({ clock: hurried });
  const { handlers } = noting();
  await app.start(handlers);
  fake.faults.add('apps.connections.open', { kind: 'error', error: 'invalid_auth' }, 2);
  fake.socket.cut();
  await expect
    .poll(() => errors, { timeout: 5_000 })
    .toMatchObject([[expect.stringMatching(/invalid_auth/), null]]);
  await expect.poll(() => fake.socket.connections(), { timeout: 5_000 }).toBe(1);
});

test('it stops while Slack is down', async () => {
  const rig = await slackRig();
  const { handlers } = noting();
  rig.fake.faults.outage(true);
  const starting = rig.app.start(handlers);
  await expect.poll(() => rig.fake.workspace.calls.length).toBeGreaterThan(0);
  await rig.close();
  await starting;
});

test('it stops while a connection is still being made', async () => {
  const rig = await slackRig();
  rig.fake.faults.add('apps.connections.open', { kind: 'silence' });
  const starting = rig.app.start(noting().handlers);
  await expect.poll(() => rig.fake.workspace.calls).toMatchObject([{ error: 'silence' }]);
  await rig.app.stop();
  await starting;
  expect(rig.fake.socket.connections()).toBe(0);
  await rig.fake.close();
});

test('a wrong bot token is failing at once', async () => {
  const { app, health } = await started({ botToken: secretOf('xoxb-wrong') });
  expect(await app.send(order(), signal)).toMatchObject({ reason: 'refused', detail: 'Slack: invalid_auth' });
  expect(health).toMatchObject([{ kind: 'failing', why: 'invalid_auth' }]);
});

test('a token that was changed is asked about before anything is posted with it', async () => {
  let token = 'xoxb-fake-bot';
  const { app, fake } = await started({ botToken: new Secret(() => token) });
  const asked = () => fake.workspace.calls.filter(({ method }) => method === 'auth.test').length;
  expect(await app.send(order(), signal)).toMatchObject({ kind: 'posted' });
  await app.send(order(), signal);
  expect(asked()).toBe(1);
  token = 'xoxb-of-another';
  expect(await app.send(order(), signal)).toMatchObject({ reason: 'refused', detail: 'Slack: invalid_auth' });
  expect([asked(), fake.workspace.messages.length]).toEqual([2, 2]);
});
