import { expect, test } from 'vitest';
import { createChannels } from '#slack/channels.ts';
import type { Web } from '#slack/web.ts';
import { FakeClock } from '../fakes/fake-clock.ts';

type Answers = Readonly<Record<string, (args: Readonly<Record<string, unknown>>) => unknown>>;

function rig(answers: Answers, allowShared: readonly string[] = []) {
  const clock = new FakeClock();
  const calls: string[] = [];
  const web: Web = {
    call: async ({ method, args, answer }) => {
      calls.push(method);
      const body = answers[method]?.(args);
      const read = answer.safeParse(body);
      return read.success ? { kind: 'ok', value: read.data } : { kind: 'no', error: 'missing_scope' };
    },
  };
  return { clock, calls, channels: createChannels({ web, clock, team: 'T1', allowShared }) };
}
const everybody = [{ id: 'U1' }, { id: 'U2' }];
const open: Answers = {
  'conversations.info': () => ({ channel: {} }),
  'users.list': () => ({ members: everybody }),
  'conversations.members': () => ({ members: ['U1', 'U2'] }),
};
const refused = (reason: string) => ({ kind: 'refused', reason });

test('a channel of our own people is allowed, and is not looked at again for ten minutes', async () => {
  const { clock, calls, channels } = rig(open);
  expect(await channels.look('C1')).toEqual({ kind: 'allowed' });
  await channels.look('C1');
  expect(calls).toHaveLength(3);
  await clock.advance(600_000);
  await channels.look('C1');
  expect(calls).toHaveLength(6);
});

test('a no is asked about again after a minute', async () => {
  let member = false;
  const { clock, channels } = rig({
    ...open,
    'conversations.info': () => ({ channel: { is_member: member } }),
  });
  expect(await channels.look('C1')).toEqual(refused('not_a_member'));
  member = true;
  expect(await channels.look('C1')).toEqual(refused('not_a_member'));
  await clock.advance(60_000);
  expect(await channels.look('C1')).toEqual({ kind: 'allowed' });
});

test.each(['is_shared', 'is_ext_shared', 'is_org_shared', 'is_pending_ext_shared'])(
  'a channel that %s is refused, unless it is listed',
  async (flag) => {
    const answers = { ...open, 'conversations.info': () => ({ channel: { [flag]: true } }) };
    expect(await rig(answers).channels.look('C1')).toEqual(refused('shared_with_others'));
    expect(await rig(answers, ['C1']).channels.look('C1')).toEqual({ kind: 'allowed' });
    expect(await rig(answers, ['C2']).channels.look('C1')).toEqual(refused('shared_with_others'));
  },
);

test.each(['is_restricted', 'is_ultra_restricted'])('somebody who %s is a guest', async (flag) => {
  const members = [{ id: 'U1' }, { id: 'U2', [flag]: true }];
  const { channels } = rig({ ...open, 'users.list': () => ({ members }) });
  expect(await channels.look('C1')).toEqual(refused('guests'));
});

test.each([{ is_stranger: true }, { is_restricted: true }, { is_ultra_restricted: true }, { team_id: 'T2' }])(
  'somebody whom the workspace does not list and who is %j is no colleague',
  async (flags) => {
    const user = { id: 'U9', team_id: 'T1', ...flags };
    const { channels } = rig({
      ...open,
      'conversations.members': () => ({ members: ['U1', 'U9'] }),
      'users.info': () => ({ user }),
    });
    expect(await channels.look('C1')).toEqual(refused('guests'));
  },
);

test('somebody who is new since the list was read is asked about at once, and once', async () => {
  let members = ['U1'];
  const { clock, calls, channels } = rig({
    ...open,
    'conversations.members': () => ({ members }),
    'users.info': () => ({ user: { id: 'U3', team_id: 'T1' } }),
  });
  expect(await channels.look('C1')).toEqual({ kind: 'allowed' });
  members = ['U1', 'U3'];
  await clock.advance(60_000);
  expect(await channels.look('C2')).toEqual({ kind: 'allowed' });
  expect(await channels.look('C3')).toEqual({ kind: 'allowed' });
  expect(calls.filter((method) => method === 'users.info')).toHaveLength(1);
});

test('when a single account is not answered for, nothing is allowed', async () => {
  const { channels } = rig({ ...open, 'conversations.members': () => ({ members: ['U1', 'U9'] }) });
  expect(await channels.look('C1')).toMatchObject({ kind: 'unseen' });
});

test('a workspace of more people than one list names can be posted into: its others are asked about one by one', async () => {
  const endless = () => ({ members: [{ id: 'U1' }], response_metadata: { next_cursor: 'more' } });
  const many = Array.from({ length: 120 }, (_, index) => `U8${index}`);
  let members = ['U1', 'U9'];
  const { calls, channels } = rig({
    ...open,
    'users.list': endless,
    'conversations.members': () => ({ members }),
    'users.info': ({ user }) => ({ user: { id: user, team_id: 'T1' } }),
  });
  expect(await channels.look('C1')).toEqual({ kind: 'allowed' });
  expect(calls.filter((method) => method === 'users.list')).toHaveLength(10);
  members = many;
  expect(await channels.look('C2')).toEqual(refused('too_large_to_check'));
});

test('a guest on the second page is a guest', async () => {
  const pages: Answers = {
    ...open,
    'users.info': () => ({ user: { id: 'U9', is_restricted: true } }),
    'conversations.members': ({ cursor }) =>
      cursor === 'two' ? { members: ['U9'] } : { members: ['U1'], response_metadata: { next_cursor: 'two' } },
  };
  expect(await rig(pages).channels.look('C1')).toEqual(refused('guests'));
});

test('a channel that never ends is refused', async () => {
  const endless = () => ({ members: ['U1'], response_metadata: { next_cursor: 'more' } });
  const { calls, channels } = rig({ ...open, 'conversations.members': endless });
  expect(await channels.look('C1')).toEqual(refused('too_large_to_check'));
  expect(calls.length).toBeLessThan(30);
});

test.each(Object.keys(open))(
  'when %s is not answered, nothing is allowed, and it is asked again',
  async (method) => {
    const answers: Record<string, Answers[string]> = { ...open };
    answers[method] = () => 'no';
    const { channels } = rig(answers);
    expect(await channels.look('C1')).toMatchObject({ kind: 'unseen', why: { error: 'missing_scope' } });
    answers[method] = open[method] ?? (() => 'no');
    expect(await channels.look('C1')).toEqual({ kind: 'allowed' });
  },
);
