import { realClock, realRandom } from '#core/clock.ts';
import { PersonId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import { Secret as SecretValue } from '#core/secret.ts';
import { createSlackApp, type SlackApp, type SlackOptions } from '#slack/app.ts';
import type { SlackHealth } from '#slack/health.ts';
import type { Answer, Handlers } from '#slack/ports.ts';
import { type FakeSlack, type FakeSlackOptions, startFakeSlack } from '../fakes/slack/fake-slack.ts';

export const secretOf = (text: string): Secret => new SecretValue(text);
export const ALICE = PersonId.parse('alice');
const accounts = new Map([
  ['T0FAKE/U0ALICE', ALICE],
  ['T0FAKE/U0ALICE2', ALICE],
  ['T0OTHER/U0BOB', PersonId.parse('bob')],
]);

export const workspace: FakeSlackOptions = {
  users: [
    { id: 'U0ALICE', name: 'Alice' },
    { id: 'U0ALICE2', name: 'Alice again' },
    { id: 'U0EVE', name: 'alice' },
    { id: 'U0GUEST', name: 'Gus', guest: true },
  ],
  channels: [
    { id: 'C0SHOP', name: 'shop' },
    { id: 'C0EXT', name: 'partner', shared: 'organisations' },
    { id: 'C0GUESTS', name: 'agency', members: ['U0ALICE', 'U0GUEST', 'U0FIREBREAK'] },
    { id: 'C0AWAY', name: 'away', members: ['U0ALICE'] },
  ],
};

export const answer = (text: string, visible: Answer['visible'] = 'thread'): Answer => ({
  text,
  blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }],
  visible,
});

/** Handlers that write down what they are given and answer with what the test says. */
export function noting(answers: Partial<Handlers> = {}): { handlers: Handlers; given: [string, unknown][] } {
  const given: [string, unknown][] = [];
  const handlers: Handlers = {
    onMessage: async (said) => {
      given.push(['message', said]);
      return (await answers.onMessage?.(said)) ?? null;
    },
    onCommand: async (command) => {
      given.push(['command', command]);
      return (await answers.onCommand?.(command)) ?? answer('done', 'only_you');
    },
    modal: (click) => answers.modal?.(click) ?? null,
    onDecision: async (decided) => {
      given.push(['decision', decided]);
      return (await answers.onDecision?.(decided)) ?? answer('decided', 'only_you');
    },
    onPressed: async (pressed) => {
      given.push(['pressed', pressed]);
      return (await answers.onPressed?.(pressed)) ?? answer('pressed', 'only_you');
    },
    home: async (who) => (await answers.home?.(who)) ?? [{ type: 'divider' }],
  };
  return { handlers, given };
}

export type SlackRig = {
  readonly fake: FakeSlack;
  readonly app: SlackApp;
  readonly health: SlackHealth[];
  readonly refused: string[];
  readonly errors: [string, string | null][];
  close(): Promise<void>;
};

/** A workspace and our app in it, in Socket Mode unless told otherwise. */
export async function slackRig(options: Partial<SlackOptions> = {}): Promise<SlackRig> {
  const fake = await startFakeSlack(workspace);
  const health: SlackHealth[] = [];
  const refused: string[] = [];
  const errors: [string, string | null][] = [];
  const app = await createSlackApp({
    ...{ team: 'T0FAKE', app: 'A0FAKE', apiUrl: fake.apiUrl, botToken: secretOf(fake.botToken) },
    door: { kind: 'socket', appToken: secretOf(fake.appToken) },
    allowShared: [],
    personOf: (team, user) => accounts.get(`${team}/${user}`) ?? null,
    ...{ clock: realClock, random: realRandom },
    onHealth: (now) => health.push(now),
    onRefused: (reason) => refused.push(reason),
    onError: (message, correlation) => errors.push([message, correlation]),
    ...options,
  });
  return {
    ...{ fake, app, health, refused, errors },
    close: async () => {
      await app.stop();
      await fake.close();
    },
  };
}
