import type { ModalView } from '@slack/types';
import { expect, test } from 'vitest';
import { realRandom } from '#core/clock.ts';
import { createDispatch } from '#slack/dispatch.ts';
import type { Incoming } from '#slack/incoming.ts';
import type { Answer } from '#slack/ports.ts';
import { readText } from '#slack/read-text.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { ALICE, answer, noting } from './rig.ts';

const from = { team: 'T0FAKE', app: 'A0FAKE', userTeam: 'T0FAKE', user: 'U0ALICE' };
const command: Incoming = { kind: 'command', ...from, channel: 'C0SHOP', text: 'status', once: 't1' };

function rig(answers: Parameters<typeof noting>[0] = {}, opens = true) {
  const clock = new FakeClock();
  const { handlers, given } = noting(answers);
  const log: [string, string][] = [];
  const dispatch = createDispatch({
    ...{ handlers, clock, random: realRandom, personOf: () => ALICE, self: () => 'U0BOT', onError: () => {} },
    replies: {
      say: async (_, { text, visible }) => void log.push([`said ${visible}`, text]),
      atOnce: ({ text }) => ({ text }),
      open: async (trigger) => {
        log.push(['opened', trigger]);
        return opens;
      },
      publish: async (user) => void log.push(['published', user]),
    },
  });
  const acknowledge = async (response: object = {}) =>
    void log.push(['acknowledged', 'text' in response ? String(response.text) : said(response)]);
  const said = (response: object): string => ('errors' in response ? JSON.stringify(response) : '');
  return { clock, given, log, dispatch: (incoming: Incoming) => dispatch(incoming, acknowledge) };
}

test('a command that takes its time is acknowledged within two seconds and answered when it is done', async () => {
  const done = Promise.withResolvers<Answer>();
  const { clock, log, dispatch } = rig({ onCommand: () => done.promise });
  const running = dispatch(command);
  await clock.advance(2_000);
  expect(log).toEqual([['acknowledged', '']]);
  done.resolve(answer('three incidents', 'thread'));
  await running;
  expect(log).toEqual([
    ['acknowledged', ''],
    ['said only_you', 'three incidents'],
  ]);
});

test('a command that is sent again is acknowledged and not done again', async () => {
  const { given, log, dispatch } = rig();
  await dispatch(command);
  await dispatch(command);
  expect(given).toHaveLength(1);
  expect(log.map(([what]) => what)).toEqual(['acknowledged', 'acknowledged']);
});

const message = { kind: 'message', ...from, channel: 'C0SHOP', thread: null, text: 'why' } as const;

test('what is said is acknowledged when it was worked on, or after two seconds, and answered then', async () => {
  const done = Promise.withResolvers<Answer>();
  const { clock, log, dispatch } = rig({
    onMessage: ({ message }) => (message === '1.000001' ? Promise.resolve(answer('because')) : done.promise),
  });
  await dispatch({ ...message, ts: '1.000001' });
  expect(log.splice(0)).toEqual([
    ['acknowledged', ''],
    ['said thread', 'because'],
  ]);
  const running = dispatch({ ...message, ts: '1.000002' });
  await clock.advance(1_900);
  expect(log).toEqual([]);
  await clock.advance(100);
  expect(log).toEqual([['acknowledged', '']]);
  done.resolve(answer('later'));
  await running;
  expect(log.at(-1)).toEqual(['said thread', 'later']);
});

const button = {
  action: 'pressed:wrong_cause',
  value: '{"incident":"INC-1"}',
  channel: 'C0SHOP',
  thread: null,
};
const window: ModalView = { type: 'modal', title: { type: 'plain_text', text: 'Form' }, blocks: [] };

test('a form that does not open is said to whoever clicked', async () => {
  const { log, dispatch } = rig({ modal: () => window }, false);
  await dispatch({ kind: 'click', ...from, ...button, trigger: 't5' });
  expect(log).toEqual([
    ['acknowledged', ''],
    ['opened', 't5'],
    ['said only_you', 'The form could not be opened; press the button again. Nothing was done.'],
  ]);
});

test('a slip in a form keeps it open with the reason, and nothing else is said', async () => {
  const { log, dispatch } = rig({
    onPressed: async () => ({ ...answer('no', 'only_you'), retype: 'Type: checkout' }),
  });
  const form = { kind: 'form', ...from, action: button.action, fields: { typed: 'nope' } } as const;
  await dispatch({ ...form, metadata: JSON.stringify(button), once: 't6' });
  expect(log).toEqual([
    ['acknowledged', JSON.stringify({ response_action: 'errors', errors: { typed: 'Type: checkout' } })],
  ]);
});

test.each([
  ['a button that is none of ours', { kind: 'click', action: 'deploy', value: '{}' } as const],
  [
    'a button of ours with a value that is not',
    { kind: 'click', action: 'decision:approve', value: '{"approval":"A-1"}' } as const,
  ],
])('%s does nothing', async (_, click) => {
  const { given, log, dispatch } = rig();
  await dispatch({ ...from, ...click, channel: 'C0SHOP', thread: null, trigger: 't2' });
  expect([given, log]).toEqual([[], [['acknowledged', '']]]);
});

test('a form whose name is not the one of the click that opened it does nothing', async () => {
  const { given, dispatch } = rig();
  const carried = { action: 'pressed:take', value: '{"incident":"INC-1"}', channel: 'C0SHOP', thread: null };
  const form = { kind: 'form', ...from, fields: {}, once: 't3', metadata: JSON.stringify(carried) } as const;
  await dispatch({ ...form, action: 'decision:approve' });
  await dispatch({ ...form, action: 'pressed:take', metadata: '{', once: 't4' });
  expect(given).toEqual([]);
});

test.each([
  ['<@U0ALICE|bob> is on it', '@alice is on it'],
  ['<@U0BOT> why', '@firebreak why'],
  ['<@U0EVE>', '@unknown'],
  ['look at <#C0SHOP|general>', 'look at <#C0SHOP>'],
  ['<https://a.example/x|Approve>', 'https://a.example/x'],
  ['<!subteam^S1|@team> &lt;!here&gt; &amp;amp;', 'subteam <!here> &amp;'],
])('%s is read as %s', (text, read) => {
  expect(readText(text, (user) => (user === 'U0BOT' ? 'firebreak' : user === 'U0ALICE' ? ALICE : null))).toBe(
    read,
  );
});
