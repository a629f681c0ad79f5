import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { EntryDraft } from '#audit/log.ts';
import { messageOf } from '#core/errors.ts';
import { SYSTEM } from '#incidents/entry.ts';
import { aPlace, type Place } from './fail-closed/place.ts';
import type { TortureResult } from './result.ts';

/** What must be said of it: the hold that status and health name; what a page is answered with. */
type Case = {
  readonly name: string;
  readonly more?: readonly EntryDraft[];
  readonly break: (place: Place) => Promise<void> | void;
  readonly hold: string;
  readonly pages: readonly number[];
};

const APPROVE = 'decision:approve';
/** As the issue has it: named within a minute. Here the time is real, so this is far more than it takes. */
const NAMED_WITHIN_MS = 60_000;
/** A change that is going to be made is made long before this. */
const QUIET_MS = { short: 1500, full: 10_000 };

const unknownEntry: EntryDraft = {
  streams: [],
  traceId: 't',
  actor: SYSTEM,
  kind: 'future.happened',
  body: { of: 'a later version' },
};

const cases: readonly Case[] = [
  { name: 'log full', break: (place) => place.breakDisk('ENOSPC'), hold: 'log_failed', pages: [503] },
  { name: 'log read-only', break: (place) => place.breakDisk('EROFS'), hold: 'log_failed', pages: [503] },
  {
    name: 'clock back an hour',
    break: (place) => place.jump(-3_600_000),
    hold: 'clock_behind',
    pages: [202],
  },
  { name: 'unknown entry kind', more: [unknownEntry], break: () => {}, hold: 'entries_unread', pages: [202] },
  {
    name: 'executor dead',
    break: (place) => {
      rmSync(place.actToken);
      kill(place);
    },
    hold: 'executor_down',
    pages: [202],
  },
  {
    name: 'policy unreadable while it runs',
    break: (place) => {
      writeFileSync(place.configPath, 'policy: {rules: [');
      kill(place);
    },
    hold: 'executor_down',
    pages: [202],
  },
];

/**
 * What breaks, breaks towards no: with a plan that a person says yes to while something is broken, nothing is done to the
 * world, status and health say why, and a page is accepted or answered with 503. Real server, real processes, a world
 * that counts. That the same yes does something when nothing is broken is tried as well.
 */
export async function run({ short }: { short: boolean }): Promise<TortureResult> {
  const quietMs = short ? QUIET_MS.short : QUIET_MS.full;
  const tried: { name: string; problems: readonly string[]; note: string }[] = [];
  const places: { one: Case; place: Place }[] = [];
  // One after the other, so that each knows which process is its own.
  for (const one of cases) places.push({ one, place: await aPlace(one.more) });
  const [healthy, killed, stopped, refused, mute] = [
    await aPlace(),
    await aPlace(),
    await aPlace(),
    await aPlace(),
    await aPlace([], { withSlack: true }),
  ];
  const note = (name: string, work: Promise<{ problems: readonly string[]; note: string }>): Promise<void> =>
    work
      .catch((error: unknown) => ({ problems: [messageOf(error)], note: '' }))
      .then((found) => {
        tried.push({ name, ...found });
        console.log(
          `${found.problems.length === 0 ? 'ok' : 'NOT OK'}  ${name}  ${[found.note, ...found.problems].join('; ')}`,
        );
      });
  await Promise.all([
    ...places.map(({ one, place }) => note(one.name, tryCase(one, place, quietMs))),
    note('nothing broken', nothingBroken(healthy)),
    note('executor killed once', killedOnce(killed)),
    note('abort inside the gate', stoppedInside(stopped)),
    note('policy unreadable at the start', unreadableAtStart(refused)),
    note('Slack down', slackDown(mute, quietMs)),
  ]);
  await Promise.all(
    [...places.map(({ place }) => place), healthy, killed, stopped, refused, mute].map((place) =>
      place.close(),
    ),
  );
  const failed = tried.filter(({ problems }) => problems.length > 0).length;
  return { passed: tried.length - failed, failed, lines: [`cases: ${tried.length}`] };
}

function kill({ executor }: Place): void {
  if (executor === undefined) throw new Error('the process that makes changes cannot be found here');
  process.kill(executor, 'SIGKILL');
}

type Found = Promise<{ problems: readonly string[]; note: string }>;

async function tryCase(one: Case, place: Place, quietMs: number): Found {
  await one.break(place);
  const began = performance.now();
  // Somebody says yes at once; a full disk only shows when something is to be written.
  const said = await place.approve();
  let seen = await place.named();
  const isNamed = (): boolean =>
    seen.health === one.hold && seen.status.some((text) => text.startsWith(one.hold));
  while (!isNamed() && performance.now() - began < NAMED_WITHIN_MS) {
    await pause(50);
    seen = await place.named();
  }
  const namedMs = Math.round(performance.now() - began);
  const paged = await place.page();
  await pause(quietMs);
  return {
    problems: [
      ...(isNamed() ? [] : [`not named: status ${seen.status.join(', ')}, health ${seen.health}`]),
      ...(one.pages.includes(paged) ? [] : [`a page was answered with ${paged}`]),
      ...(place.supervisor.effects() === 0 ? [] : [`${place.supervisor.effects()} effects`]),
    ],
    note: `named in ${namedMs} ms (${seen.status.join(', ')}), yes ${said}, page ${paged}, approval ${seen.approval}`,
  };
}

async function nothingBroken(place: Place): Found {
  await place.approve();
  const done = await until(() => place.supervisor.effects() > 0);
  return { problems: done ? [] : ['the change was not made'], note: `effects ${place.supervisor.effects()}` };
}

/** While it is down nothing is claimed; when it is back the plan goes on by itself. */
async function killedOnce(place: Place): Found {
  kill(place);
  await until(async () => (await place.named()).health !== 'possible');
  const atYes = await place.approve();
  const { approval } = await place.named();
  const early = place.supervisor.effects();
  const done = await until(() => place.supervisor.effects() > 0);
  return {
    problems: done && place.supervisor.effects() === 1 ? [] : [`${place.supervisor.effects()} effects`],
    note: `yes ${atYes}, then ${approval} with ${early} effects, then ${place.supervisor.effects()}`,
  };
}

/** The server is told to stop while the gate looks at the target again; the next start does not go on with the claim. */
async function stoppedInside(place: Place): Found {
  place.supervisor.fallSilent();
  await place.approve();
  await until(async () => (await place.named()).approval === 'claimed');
  await place.stop();
  place.supervisor.speakAgain();
  await place.start();
  await pause(1000);
  const { approval } = await place.named();
  const paged = await place.page();
  const effects = place.supervisor.effects();
  return {
    problems: [
      ...(effects === 0 ? [] : [`${effects} effects`]),
      ...(approval.startsWith('invalidated') ? [] : [`the approval is ${approval}`]),
      ...(paged === 202 ? [] : [`a page was answered with ${paged}`]),
    ],
    note: `approval ${approval}, page ${paged}`,
  };
}

async function unreadableAtStart(place: Place): Found {
  await place.approve().then(() => until(() => place.supervisor.effects() > 0));
  await place.stop();
  const before = place.supervisor.effects();
  writeFileSync(place.configPath, 'policy: {rules: [');
  const refusal = await place.start().then(() => undefined, messageOf);
  return {
    problems: [
      ...(refusal === undefined ? ['it started'] : []),
      ...(place.supervisor.effects() === before ? [] : ['something was done']),
    ],
    note: `it does not start: ${refusal ?? ''}`,
  };
}

/** A card that is there cannot be clicked, so nothing is done; pages are taken, and a yes through another door counts. */
async function slackDown(place: Place, quietMs: number): Found {
  const { slack, supervisor } = place;
  if (slack === undefined) return { problems: ['there is no Slack here'], note: '' };
  const card = () => slack.workspace.messages.find(({ blocks }) => JSON.stringify(blocks).includes(APPROVE));
  const wasAsked = await until(() => card() !== undefined);
  const { channel = '', ts = '' } = card() ?? {};
  slack.faults.outage(true);
  const clicked = await slack.people.click({ user: 'U0ALICE', channel, ts, action: APPROVE });
  const began = performance.now();
  const paged = await place.page();
  const isNamed = await until(async () => (await place.named()).slack.startsWith('failing'));
  const namedMs = Math.round(performance.now() - began);
  await pause(quietMs);
  const { slack: named, approval } = await place.named();
  const early = supervisor.effects();
  const said = await place.approve();
  const done = await until(() => supervisor.effects() > 0);
  return {
    problems: [
      ...(wasAsked ? [] : ['no card came']),
      ...(clicked.kind === 'acknowledged' ? ['a click arrived'] : []),
      ...(isNamed ? [] : [`not named: ${named}`]),
      ...(paged === 202 ? [] : [`a page was answered with ${paged}`]),
      ...(early === 0 && approval.startsWith('pending') ? [] : [`${early} effects, approval ${approval}`]),
      ...(done && supervisor.effects() === 1 ? [] : ['the yes through another door did not count once']),
    ],
    note: `named in ${namedMs} ms (${named}), page ${paged}, yes through another door ${said}`,
  };
}

async function until(done: () => boolean | Promise<boolean>): Promise<boolean> {
  const limit = performance.now() + NAMED_WITHIN_MS;
  while (!(await done())) {
    if (performance.now() > limit) return false;
    await pause(20);
  }
  return true;
}
