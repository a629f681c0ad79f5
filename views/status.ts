import type { Approval } from '#approvals/approval.ts';
import { inert } from '#core/inert.ts';
import type { Incident } from '#incidents/incident.ts';
import { approvalCard } from './approval-card.ts';
import { type IncidentRow, incidentRow } from './incident-list.ts';
import type { Screen } from './incident-text.ts';
import { count, dollars } from './numbers.ts';
import { countTerms } from './policy-changes.ts';
import { inertMounts, type MountOff } from './status-mounts.ts';
import { NOTHING_LEFT_ALONE, type Quietness, quietWords, watchdogWords } from './status-quiet.ts';
import { labelled, pad, wrap } from './table.ts';
import { ago, duration, instant, until } from './time.ts';
import { plainReason } from './words.ts';

/** Whether the log was checked from its first byte: `checking` and `bad` hold changes back. */
export type LogStanding = {
  readonly entries: number;
  readonly verified: 'verified' | 'checking' | 'bad' | 'not_checked';
  readonly problem: string | null;
};
export type Stops = {
  readonly off: boolean;
  readonly frozen: boolean;
  readonly by: string | null;
  readonly at: number | null;
};
/** Why no change is started now, beside what people switched off. */
export const holdReasons = [
  'log_failed',
  'log_tampered',
  'log_unverified',
  'entries_unread',
  'clock_behind',
  'executor_down',
  'executor_starting',
] as const;
export type Hold = { readonly reason: (typeof holdReasons)[number]; readonly detail: string | null };
/** A provider of models whose last attempt failed. */
export type Failing = { readonly provider: string; readonly reason: string; readonly at: number };
/** Slack does not take what is said, since when and why in a word or two. */
export type SlackFailing = { readonly since: number; readonly why: string };
export type PendingRow = {
  readonly approval: string;
  readonly incident: string;
  readonly title: string;
  readonly expiresAt: number;
  readonly needs: string;
};

/** How the whole thing stands. `server` is null when it was read from the log with nothing running. */
export type StatusView = {
  readonly server: { readonly version: string; readonly startedAt: number; readonly pid: number } | null;
  /** `unknown` where no server was asked: what is configured is not in the log. */
  readonly ai: 'rules' | 'model' | 'unknown';
  /** What models cost on this UTC day, and what they may; null where none is configured or that is not known. */
  readonly spend: { readonly usdMicros: number; readonly limitUsdMicros: number } | null;
  readonly failing: readonly Failing[];
  /** Null: Slack works, there is none, or that is not known. */
  readonly slackFailing: SlackFailing | null;
  readonly stops: Stops;
  readonly holds: readonly Hold[];
  readonly incidents: readonly IncidentRow[];
  readonly pending: readonly PendingRow[];
  readonly log: LogStanding;
  /** What the config allows beyond what was accepted, and what does not count yet. */
  readonly policyWaiting: { readonly answers: number; readonly people: number };
  readonly quiet: Quietness;
  readonly mounts: readonly MountOff[];
  /** Credentials that cannot be used now. */
  readonly secrets: readonly MountOff[];
};

export type StatusInput = {
  readonly server: StatusView['server'];
  readonly ai: StatusView['ai'];
  readonly spend: StatusView['spend'];
  readonly failing: StatusView['failing'];
  /** Left out = it works, or that is not known. */
  readonly slackFailing?: SlackFailing | null;
  readonly stops: Stops;
  readonly holds: readonly Hold[];
  readonly incidents: readonly Incident[];
  readonly approvals: readonly Approval[];
  readonly log: LogStanding;
  readonly policyWaiting: StatusView['policyWaiting'];
  /** Left out = not known. */
  readonly quiet?: Quietness;
  readonly mounts?: readonly MountOff[];
  /** Left out = all can be used, or that is not known. */
  readonly secrets?: readonly MountOff[];
};

/** The status from the folds; only what is open. */
export function statusView(input: StatusInput): StatusView {
  const { server, ai, spend, failing, stops, holds, incidents, approvals, log, policyWaiting } = input;
  const { off, frozen, by, at } = stops;
  return {
    server,
    ai,
    spend,
    failing: failing.map(({ provider, reason, at }) => ({ provider: inert(provider), reason, at })),
    slackFailing: input.slackFailing ?? null,
    stops: { off, frozen, by: by === null ? null : inert(by), at },
    holds: holds.map(({ reason, detail }) => ({ reason, detail: detail === null ? null : inert(detail) })),
    incidents: incidents.filter((incident) => incident.resolved === null).map(incidentRow),
    pending: approvals.filter((one) => one.state === 'pending').map(pendingRow),
    log: { ...log, problem: log.problem === null ? null : inert(log.problem) },
    policyWaiting,
    quiet: input.quiet ?? NOTHING_LEFT_ALONE,
    mounts: inertMounts(input.mounts),
    secrets: inertMounts(input.secrets),
  };
}

/** The row of a proposal that waits. */
export function pendingRow({ id, plan, hash }: Approval): PendingRow {
  const { title, needs, expiresAt } = approvalCard(plan, hash);
  return { approval: id, incident: plan.incident, title, expiresAt, needs };
}

/** One screen that can be read half asleep: what burns, what waits for you, what is switched off, then the rest. */
export function renderStatus(view: StatusView, screen: Screen): string[] {
  const { now, zone } = screen;
  return [
    ...incidentLines(view, screen),
    ...pendingLines(view, screen),
    ...line('changes', changesWord(view, screen), screen, isHeld(view)),
    ...policyLines(view, screen),
    ...quietLines(view, screen),
    ...line('AI', aiWord(view, screen), screen, isSpent(view) || view.failing.length > 0),
    ...slackLines(view, screen),
    ...view.mounts.flatMap(({ name, why }) => line('MCP', `${name}: ${why}`, screen, true)),
    ...view.secrets.flatMap(({ name, why }) => line('secret', `${name} is not used: ${why}`, screen, true)),
    ...line('log', logWord(view.log), screen, view.log.verified === 'bad' || view.log.problem !== null),
    ...line(
      'server',
      view.server === null
        ? 'not running'
        : `version ${view.server.version}, process ${view.server.pid}, up ${duration(now - view.server.startedAt)}`,
      screen,
      view.server === null,
    ),
    screen.paint('quiet', `now ${instant(now, zone)}`),
  ];
}

function slackLines({ slackFailing }: StatusView, screen: Screen): string[] {
  if (slackFailing === null) return [];
  const { since, why } = slackFailing;
  return line('Slack', `takes nothing, since ${ago(since, screen)}: ${inert(why)}`, screen, true);
}

function aiWord({ ai, spend, failing }: StatusView, screen: Screen): string {
  if (ai === 'unknown') return 'known to a running server only';
  if (ai === 'rules') return 'no AI model used: rules';
  const parts = [
    'AI model, with the rules to fall back on',
    ...(spend === null
      ? []
      : [`${dollars(spend.usdMicros)} of ${dollars(spend.limitUsdMicros)} today (UTC)`]),
    ...failing.map(
      ({ provider, reason, at }) =>
        `last attempt at ${provider} failed: ${plainReason(reason)}, ${ago(at, screen)}`,
    ),
  ];
  return parts.join('; ');
}

function isSpent({ spend }: StatusView): boolean {
  return spend !== null && spend.limitUsdMicros > 0 && spend.usdMicros >= spend.limitUsdMicros * 0.8;
}

function line(label: string, text: string, { paint }: Screen, bad = false): string[] {
  return wrap(`${pad(label, 9)} ${text}`, { indent: 10 }).map((part) => (bad ? paint('bad', part) : part));
}

function incidentLines({ incidents }: StatusView, screen: Screen): string[] {
  if (incidents.length === 0) return line('incidents', 'none open', screen);
  const oldestFirst = incidents.toSorted((a, b) => a.openedAt - b.openedAt);
  return [
    ...line('incidents', `${incidents.length} open`, screen, true),
    ...oldestFirst.flatMap((row) => {
      const holder = row.takenBy === null ? 'nobody has it' : `${row.takenBy} has it`;
      return labelled(
        row.id,
        `${row.title}: ${row.severity}, ${row.outcome}, ${ago(row.openedAt, screen)}, ${holder}`,
      );
    }),
  ];
}

function pendingLines({ pending }: StatusView, screen: Screen): string[] {
  if (pending.length === 0) return line('approvals', 'none wait', screen);
  return [
    ...line(
      'approvals',
      `${count(pending.length, 'proposal')} ${pending.length === 1 ? 'waits' : 'wait'} for a person`,
      screen,
      true,
    ),
    ...pending.flatMap((row) => [
      ...labelled(row.approval, `${row.title}, for ${row.incident}; needs ${row.needs}`),
      ...labelled('', `until ${until(row.expiresAt, screen)}, then nothing is done`),
      ...labelled('', `firebreak approvals show ${row.approval}`),
    ]),
  ];
}

/** Said only where something waits. */
function policyLines({ policyWaiting: { answers, people } }: StatusView, screen: Screen): string[] {
  if (answers + people === 0) return [];
  const text = `allows more than accepted: ${countTerms(answers, people)} ${answers + people === 1 ? 'waits' : 'wait'} for an owner: firebreak policy accept`;
  return line('policy', text, screen, true);
}

/** Said only where something is left alone or should be heard. */
function quietLines({ quiet }: StatusView, screen: Screen): string[] {
  const left = quietWords(quiet);
  const watched = watchdogWords(quiet);
  return [
    ...(left === null ? [] : line('quiet', left, screen)),
    ...(watched === null ? [] : line('watchdog', watched.text, screen, watched.isBad)),
  ];
}

function isHeld({ stops, holds }: StatusView): boolean {
  return stops.off || stops.frozen || holds.length > 0;
}

const HOLDS: Readonly<Record<Hold['reason'], string>> = {
  log_failed: 'nothing can be recorded, so nothing is started',
  log_tampered: 'the log was tampered with',
  log_unverified: 'the log is not verified yet',
  entries_unread: 'the log has entries that this version cannot read',
  clock_behind: 'the clock is behind the last entry of the log',
  executor_down: 'the process that makes them is down and will be started again',
  executor_starting: 'the process that makes them is starting',
};

function changesWord({ stops: { off, frozen, by, at }, holds }: StatusView, screen: Screen): string {
  const who = by === null ? '' : `, by ${by}${at === null ? '' : ` ${ago(at, screen)}`}`;
  if (off) return `OFF: nothing new is done${who}; on again: firebreak on`;
  if (frozen) return `frozen: no change is started${who}; end it: firebreak freeze off`;
  if (holds.length === 0) return 'possible where the mode is act and people approve';
  const why = holds.map(({ reason, detail }) => HOLDS[reason] + (detail === null ? '' : ` (${detail})`));
  return `held back: ${why.join('; ')}`;
}

function logWord({ entries, verified, problem }: LogStanding): string {
  const words = {
    verified: 'verified',
    checking: 'being verified, changes wait for that',
    bad: 'NOT intact, changes are refused',
    not_checked: 'not verified: firebreak audit verify',
  };
  const base = `${count(entries, 'entry', 'entries')}, ${words[verified]}`;
  return problem === null ? base : `${base}; ${problem}`;
}
