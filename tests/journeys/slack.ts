import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { Entry } from '#audit/log.ts';
import { realRandom } from '#core/clock.ts';
import { redact } from '#core/redact.ts';
import { Secret } from '#core/secret.ts';
import { readFact } from '#incidents/entry.ts';
import { NOTHING_QUIET } from '#incidents/quiet.ts';
import type { SlackSettings } from '#server/config-slack.ts';
import { createDuty } from '#server/duty.ts';
import { type OpenSlack, openSlack, type RunningSlack, runSlack } from '#server/slack.ts';
import { PostArgs } from '#tools/act/posts.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { type FakeSlack, startFakeSlack } from '../fakes/slack/fake-slack.ts';
import { alice, type InProcess, inProcess } from './in-process.ts';

const ALICE = 'U0ALICE';
const STRANGER = 'U0STRANGER';
const CHANNEL = 'C0SHOP';
const zone = 'Europe/Berlin';

/** The whole product with its Slack door open to a stand-in on a real wire; time is moved by hand. */
export type InSlack = {
  readonly run: InProcess;
  readonly fake: FakeSlack;
  /** The channel is looked at and clicked in by these. */
  readonly users: { readonly alice: string; readonly stranger: string };
  /** Lets time pass until it is so; after each step what is on the wire arrives. */
  until(done: () => boolean, limitMs?: number): Promise<void>;
  /** Lets this much time pass in the same way. */
  pass(ms: number, stepMs?: number): Promise<void>;
  /** Clicks a button as soon as a message has it, as alice unless told otherwise. */
  click(action: string, user?: string): Promise<void>;
  /** Writes into the thread of the incident. */
  say(text: string, user?: string): Promise<void>;
  /** What only this person was shown last. */
  told(user?: string): string;
  /** What the app has in the thread now, its root first. */
  thread(): readonly string[];
  noise(): Promise<Noise>;
  /** The process dies and a new one takes over. */
  restart(): Promise<InSlack>;
};
/** `edits`: the most within any second, as the log has them. */
export type Noise = { cards: number; posts: number; mentions: number; edits: number };

type Wire = { open: number };
type Ground = {
  fake: FakeSlack;
  wire: Wire;
  /** Waits for what is on other wires. */
  others: () => Promise<void>;
  opened: OpenSlack | undefined;
  live: RunningSlack | undefined;
};

export async function inSlack(
  options: Omit<NonNullable<Parameters<typeof inProcess>[0]>, 'slack'> = {},
): Promise<InSlack> {
  const users = [
    { id: ALICE, name: 'alice' },
    { id: STRANGER, name: 'stranger' },
  ];
  const { clock = new FakeClock(), settled: others = async () => {} } = options;
  const fake = await startFakeSlack({ clock, users, channels: [{ id: CHANNEL, name: 'team-shop' }] });
  onTestFinished(() => fake.close());
  const ground: Ground = { fake, wire: { open: 0 }, others, opened: undefined, live: undefined };
  const run = await inProcess({
    ...options,
    clock,
    slack: () => open(ground, clock),
    settled: () => quiet(ground),
  });
  ground.fake.workspace.calls.length = 0;
  onTestFinished(() => end(ground));
  return begin(ground, run);
}

/** Opens Slack for one start and counts what is on the wire. */
async function open(ground: Ground, clock: FakeClock): Promise<OpenSlack> {
  const { fake, wire } = ground;
  const slack = await openSlack({
    ...{ settings: settingsOf(fake), clock, random: realRandom, clean: redact },
    onHealth: () => {},
    onRefused: (reason) => fake.workspace.misuse.push(`refused: ${reason}`),
    onError: () => {},
  });
  const send: OpenSlack['post']['send'] = (order, signal) => counted(wire, slack.app.send(order, signal));
  ground.opened = { ...slack, post: { send } };
  return ground.opened;
}

function settingsOf({ workspace: { team, app }, apiUrl, botToken, appToken }: FakeSlack): SlackSettings {
  return {
    ...{ team, app, apiUrl, botToken: new Secret(botToken) },
    door: { kind: 'socket', appToken: new Secret(appToken) },
    ...{ defaultChannel: CHANNEL, allowShared: [] },
    people: new Map([[`${team}/${ALICE}`, alice.id]]),
  };
}

async function counted<T>(wire: Wire, work: Promise<T>): Promise<T> {
  wire.open += 1;
  try {
    return await work;
  } finally {
    wire.open -= 1;
  }
}

/**
 * Waits until nothing is being drawn or posted; not for a post that itself waits for time to pass: then no call comes
 * any more.
 */
async function quiet({ wire, others, live, fake: { workspace } }: Ground): Promise<void> {
  await others();
  let isIdle = live === undefined;
  void live?.idle().then(() => {
    isIdle = true;
  });
  await pause(0);
  for (let [still, calls] = [0, 0]; !isIdle && still < 15; still += 1) {
    await pause(1);
    if (wire.open === 0 || calls !== workspace.calls.length) still = 0;
    calls = workspace.calls.length;
  }
}

async function begin(ground: Ground, run: InProcess): Promise<InSlack> {
  const { fake, opened } = ground;
  if (opened === undefined) throw new Error('Slack was not opened');
  const { log, folds, firebreak, settings, clock } = run;
  const { approvals, rungs } = folds;
  await firebreak.recover();
  const { people, defaultOwner } = settings;
  const teams = [{ id: 'team-shop', name: 'Shop', channel: null, rota: null, rungs: [] }];
  const slack = settingsOf(fake);
  ground.live = runSlack({
    ...{ open: opened, team: slack.team, log, folds, clock, firebreak, defaultOwner, zone },
    duty: createDuty({ teams, people, defaultOwner, slack, clock, rungs, approvals }),
    ...{ quiet: NOTHING_QUIET, dayLimit: null, hasOtherWays: false, offFile: () => false },
    onError: (where, message) => run.errors.push(`${where}: ${message}`),
  });
  for (let turns = 0; fake.socket.connections() === 0 && turns < 2000; turns += 1) await pause(1);
  return handsOf(ground, run);
}

async function end(ground: Ground): Promise<void> {
  const { live } = ground;
  ground.live = undefined;
  await live?.stop();
}

function handsOf(ground: Ground, run: InProcess): InSlack {
  const { fake, wire } = ground;
  const { workspace, people } = fake;
  const until: InSlack['until'] = (done, limitMs) => run.until(done, limitMs);
  const connected = () => fake.socket.connections() > 0;
  const pass = async (ms: number, stepMs = 200): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      run.firebreak.tick();
      await quiet(ground);
      await run.clock.advance(stepMs);
    }
  };
  const root = () =>
    workspace.messages.find(({ thread, by }) => thread === null && by === workspace.bot.user);
  const withButton = (action: string) =>
    workspace.messages.findLast(({ blocks }) => JSON.stringify(blocks).includes(`"action_id":"${action}"`));
  return {
    ...{ run, fake, until, pass, users: { alice: ALICE, stranger: STRANGER } },
    click: async (action, user = ALICE) => {
      await until(() => withButton(action) !== undefined && connected());
      const { channel = '', ts = '' } = withButton(action) ?? {};
      const told = await counted(wire, people.click({ user, channel, ts, action }));
      if (told.kind !== 'acknowledged') throw new Error(`the click was lost: ${told.why}`);
      await pass(400);
    },
    say: async (text, user = ALICE) => {
      await until(() => root() !== undefined && connected());
      await counted(wire, people.say({ user, channel: CHANNEL, text, thread: root()?.ts ?? '' }));
      await pass(400);
    },
    told: (user = ALICE) => {
      const last = workspace.whispers.findLast(({ to }) => to === user);
      return last === undefined ? '' : wordsOf(last);
    },
    thread: () => {
      const ts = root()?.ts;
      return workspace.messages
        .filter((one) => one.by === workspace.bot.user && (one.ts === ts || one.thread === ts))
        .map(wordsOf);
    },
    noise: async () => noiseOf(fake, await run.entries()),
    restart: async () => {
      await end(ground);
      return begin(ground, await run.restart());
    },
  };
}

function wordsOf({ text, blocks }: { text: string; blocks: readonly object[] }): string {
  return [text, JSON.stringify(blocks)].join('\n');
}

/** What people were bothered with; answers to a person's own words and clicks are no noise. */
function noiseOf({ workspace: { messages, bot } }: FakeSlack, entries: readonly Entry[]): Noise {
  const ours = messages.filter(
    ({ by, metadata, files }) => by === bot.user && (metadata !== null || files.length > 0),
  );
  const edits = entries.flatMap((entry) => {
    const intended = entry.kind === 'tool.intended' ? readFact(entry) : undefined;
    if (intended?.kind !== 'tool.intended' || intended.body.tool !== 'slack_post') return [];
    return PostArgs.parse(intended.body.args).edit === null ? [] : entry.ts;
  });
  return {
    cards: ours.filter(({ thread }) => thread === null).length,
    posts: ours.filter(({ thread }) => thread !== null).length,
    mentions: ours.reduce((sum, { blocks }) => sum + (JSON.stringify(blocks).match(/<@U/g) ?? []).length, 0),
    edits: Math.max(
      0,
      ...edits.map((at) => edits.filter((other) => other >= at && other < at + 1000).length),
    ),
  };
}
