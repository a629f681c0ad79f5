import { unreachable } from '#core/errors.ts';
import { type Check, fail, ok, plural, type Verdict, warn, whenKnown } from './check.ts';
import type { AnchorFact, DiskFact } from './facts.ts';

const HOUR = 3_600_000;
const MB = 1024 * 1024;
const JUMP_MS = 5_000;

const logVerify: Check = {
  id: 'log-verify',
  severity: 'critical',
  about:
    'Every byte of the log verifies with its public key, what it says was allowed when it happened, and no damaged log waits to be looked at.',
  remedy:
    'Stop Firebreak, keep a copy of the data directory, find out who wrote to it; start it again (it begins a new log), then an owner runs firebreak audit accept.',
  run: ({ log }) =>
    whenKnown(log, (found) => {
      switch (found.kind) {
        case 'intact':
          return ok(`${plural(found.entries, 'entry').replace('entrys', 'entries')}, each verifies`);
        case 'bad':
          return fail(
            `the log was changed: ${found.reason}`,
            'stop Firebreak, copy the data directory, find out who wrote there; then start it again: it begins a new log',
          );
        case 'replaced':
          return fail(
            `the log before this one was changed, and is kept in ${found.folder}`,
            'look at it; then an owner runs: firebreak audit accept',
          );
        default:
          return unreachable(found);
      }
    }),
};

const anchorAge: Check = {
  id: 'anchor-age',
  severity: 'medium',
  about: 'The newest checkpoint of the log was kept where whoever changes the log cannot change it.',
  remedy: 'Set anchors.file to a path on another disk or machine, and see that it can be written.',
  run: ({ anchors, now }) => whenKnown(anchors, (found) => judgeAnchors(found, now)),
};

function judgeAnchors({ everyMs, lastAt, startedAt }: AnchorFact, now: number): Verdict {
  if (everyMs === null)
    return warn(
      'checkpoints are kept nowhere else: a log that was rewritten with its own key would not show',
      'set anchors: {file: /path/elsewhere}',
    );
  const since = lastAt ?? startedAt;
  if (since === null) return ok('nothing to keep yet');
  const late = now - since > 2 * everyMs + 5 * 60_000;
  if (!late) return ok(`a checkpoint is kept at least every ${Math.ceil(everyMs / 60_000)} min`);
  return fail(
    `no checkpoint was kept for ${Math.floor((now - since) / HOUR)} h`,
    'see that the folder of anchors.file is there and can be written, and that the server runs',
  );
}

const clock: Check = {
  id: 'clock',
  severity: 'high',
  about: 'The wall clock is not behind the log and runs as fast as the steady clock of the machine.',
  remedy: 'Set the clock, and keep it by NTP. While it is behind, no change is started.',
  run: ({ clock: fact }) =>
    whenKnown(fact, ({ behindMs, driftMs }) => {
      if (behindMs > JUMP_MS)
        return fail(
          `the clock is ${Math.round(behindMs / 1000)} s behind the last entry of the log`,
          'set the clock (timedatectl set-ntp true); no change is started until then',
        );
      if (driftMs !== null && Math.abs(driftMs) > JUMP_MS)
        return warn(
          `the clock jumped by ${Math.round(driftMs / 1000)} s since the last look`,
          'keep it by NTP: timedatectl set-ntp true',
        );
      return ok('not behind the log');
    }),
};

const disk: Check = {
  id: 'disk',
  severity: 'high',
  about: 'The disk of the data directory has room for a week: when it is full, pages are answered with 503.',
  remedy: 'Make room, or move the data directory to a larger disk.',
  run: ({ disk: fact }) => whenKnown(fact, judgeDisk),
};

function judgeDisk({ freeBytes, growthPerDay }: DiskFact): Verdict {
  const free = `${Math.floor(freeBytes / MB)} MB free`;
  const days = growthPerDay === null || growthPerDay <= 0 ? null : freeBytes / growthPerDay;
  const fix = 'make room on the disk of the data directory: nothing can be recorded when it is full';
  if (freeBytes < 100 * MB) return fail(free, fix);
  if (days !== null && days < 7) return fail(`${free}, full in ${plural(Math.floor(days), 'day')}`, fix);
  if (freeBytes < 1024 * MB) return warn(free, fix);
  if (days !== null && days < 30) return warn(`${free}, full in ${plural(Math.floor(days), 'day')}`, fix);
  return ok(free);
}

const retention: Check = {
  id: 'retention',
  severity: 'medium',
  about: 'The content of incidents is kept for a set time, and what is over that is erased.',
  remedy: 'Set retention.payloads to a number of days; see why erasing does not go on.',
  run: ({ retention: fact }) =>
    whenKnown(fact, ({ payloadsMs, overdue }) => {
      if (overdue > 0)
        return fail(
          `${plural(overdue, 'closed incident')} should have lost its content by now`,
          'see the output of the server for retention; erase by hand: firebreak incidents erase',
        );
      if (payloadsMs === null)
        return warn('prompts, results and messages are kept for ever', 'set retention: {payloads: 90d}');
      return ok(`content is kept for ${plural(Math.round(payloadsMs / (24 * HOUR)), 'day')}`);
    }),
};

export const logChecks: readonly Check[] = [logVerify, anchorAge, clock, disk, retention];
