import { createHmac } from 'node:crypto';
import { sha256 } from '#core/hash.ts';
import { PersonId, ServiceId } from '#core/ids.ts';
import { Secret } from '#core/secret.ts';
import { actionOf, bodyOf, readButton } from '#slack/cards/values.ts';
import { admitBody, createHttpDoor } from '#slack/door.ts';
import { label, plain, quoted } from '#slack/inert.ts';
import { readText } from '#slack/read-text.ts';
import { MAX_SLACK_BYTES } from '#slack/signature.ts';
import { sentenceOf } from '#slack/verbs/sentence-of.ts';
import { parse } from '#slack/verbs.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { CANARY } from '../canary.ts';
import { bytesOf, jsonOrText, mustBeSame, read, refused, type Target } from '../target.ts';

const clock = new FakeClock();
const own = { team: 'T0SHOP', app: 'A0FIRE' };
const cover = { team_id: own.team, api_app_id: own.app };
const interaction = {
  team: { id: own.team },
  api_app_id: own.app,
  user: { id: 'U0ALICE' },
  trigger_id: '1.2.abc',
};
const hash = sha256('card');

const message = {
  ...{ ...cover, type: 'event_callback', event_id: 'Ev1' },
  event: {
    ...{ type: 'message', channel: 'C0SHOP', user: 'U0ALICE', ts: '1763733600.000100' },
    ...{ thread_ts: '1763733500.000100', text: `<@U0FIRE> restart checkout &amp; see ${CANARY}` },
  },
};
const home = { ...message, event: { type: 'app_home_opened', user: 'U0ALICE', tab: 'home' } };
const command = {
  ...{ ...cover, command: '/firebreak', text: 'status', user_id: 'U0ALICE' },
  ...{ channel_id: 'C0SHOP', trigger_id: '1.2.abc' },
};
const click = {
  ...{ ...interaction, type: 'block_actions', channel: { id: 'C0SHOP' } },
  container: { type: 'message', message_ts: '1763733600.000100', is_ephemeral: false },
  actions: [{ action_id: 'decision:approve', value: JSON.stringify({ approval: 'A-1', hash }) }],
};
const form = {
  ...{ ...interaction, type: 'view_submission' },
  view: {
    ...{ callback_id: 'decision:approve', private_metadata: JSON.stringify({ approval: 'A-1', hash }) },
    state: {
      values: {
        typed: { in: { value: 'checkout' } },
        cause: { in: { selected_option: { value: 'bad_deploy' } } },
      },
    },
  },
};
const bodies = [message, home, command, click, form].map((one) => JSON.stringify(one));
const forms = [
  new URLSearchParams(command).toString(),
  ...[click, form].map((one) => new URLSearchParams({ payload: JSON.stringify(one) }).toString()),
];

function door(name: string, contentType: string, seeds: readonly string[]): Target {
  const secrets = [new Secret('signing')];
  const admit = createHttpDoor({ secrets, own, clock });
  return {
    name,
    seeds,
    most: MAX_SLACK_BYTES,
    run: (input) => {
      const raw = bytesOf(input);
      const time = String(Math.floor(clock.now() / 1000));
      const signed = createHmac('sha256', 'signing').update(`v0:${time}:`).update(raw).digest('hex');
      const admitted = admit({ raw, time, signature: `v0=${signed}`, contentType });
      return admitted.kind === 'refused' ? refused(admitted.reason) : read();
    },
  };
}

const vocabulary = {
  services: ['checkout', 'inventory', 'payments'].map((id) => ServiceId.parse(id)),
  people: ['alice', 'bob'].map((id) => PersonId.parse(id)),
  alerts: [{ fingerprint: sha256('errors'), name: 'HighErrorRate', service: 'checkout' }],
};

export const slackTargets: readonly Target[] = [
  door('Slack request, JSON', 'application/json', [
    bodies[0] ?? '',
    JSON.stringify({ type: 'url_verification', challenge: 'abc' }),
  ]),
  door('Slack request, form', 'application/x-www-form-urlencoded; charset=utf-8', forms),
  {
    name: 'Slack socket',
    seeds: bodies,
    run: (input) => {
      const admitted = admitBody(jsonOrText(input), own);
      return admitted.kind === 'refused' ? refused(admitted.reason) : read();
    },
  },
  {
    name: 'Slack button',
    seeds: [
      `decision:approve\n${JSON.stringify({ approval: 'A-1', hash })}`,
      `pressed:take\n${JSON.stringify({ incident: 'INC-1' })}`,
      `pressed:propose\n${JSON.stringify({ incident: 'INC-1', detail: 'service_restart service:checkout' })}`,
    ],
    run: (input) => {
      const [action = '', ...rest] = input.split('\n');
      const on = readButton(action, rest.join('\n'));
      if (on === undefined) return refused();
      mustBeSame(JSON.stringify(readButton(actionOf(on), bodyOf(on))), JSON.stringify(on));
      return read();
    },
  },
  {
    name: 'Slack sentence',
    seeds: [
      ...['<@U0FIRE> restart checkout', 'firebreak, please resume', 'hand over to <@U0BOB|bob>', 'why?'],
      ...[
        'note: the disk was full',
        'roll back checkout',
        'wrong cause: bad deploy of checkout',
        'merge into INC-2',
      ],
      ...['move to <#C0SHOP|shop>', 'silence alert HighErrorRate', 'evidence e12'],
    ],
    most: 40_000,
    run: (input) => {
      const text = readText(input, (user) =>
        user === 'U0FIRE' ? 'firebreak' : user === 'U0BOB' ? 'bob' : null,
      );
      const heard = parse(text, vocabulary);
      if (heard.kind !== 'act') return heard.kind === 'none' ? refused() : read();
      mustBeSame(JSON.stringify(parse(sentenceOf(heard.act), vocabulary)), JSON.stringify(heard));
      return read();
    },
  },
  {
    name: 'Slack text of ours',
    most: 40_000,
    seeds: [`*bold* <!channel> <@U0ALICE> http://x/ \`a\` ${CANARY}`, 'é🧨'],
    run: (input) => {
      if (/<[!@#]/.test(quoted(input))) throw new Error('a mention is left');
      label(input);
      plain(input, 200);
      return read();
    },
  },
];
