import type { KnownBlock } from '@slack/types';
import type { IncidentRow } from '#views/incident-list.ts';
import { dollars } from '#views/numbers.ts';
import type { PendingRow } from '#views/status.ts';
import { agoOf, context, handles, section, timeOf, words } from './text.ts';

/** What the Home tab shows to somebody whom the config knows. */
export type HomeView = {
  readonly zone: string;
  readonly incidents: readonly IncidentRow[];
  readonly pending: readonly PendingRow[];
  /** What models cost on this UTC day, and what they may; null: no model is configured. */
  readonly spend: { readonly usdMicros: number; readonly limitUsdMicros: number } | null;
  /** Why no change is started now, as a line of Slack; null where one may be. */
  readonly held: string | null;
};

const MOST_ROWS = 15;

/** Open incidents, what waits for a person, and what models cost today. At most 36 blocks. */
export function homeBlocks({ zone, incidents, pending, spend, held }: HomeView): KnownBlock[] {
  const open = incidents.filter((row) => row.open).toSorted((a, b) => a.openedAt - b.openedAt);
  return [
    ...section(held === null ? null : `*Changes:* ${held}`),
    ...section(`*Open incidents:* ${open.length === 0 ? 'none' : open.length}`),
    ...rows(open, (row) => incidentLine(row, zone)),
    ...section(`*Waiting for a decision:* ${pending.length === 0 ? 'nothing' : pending.length}`),
    ...rows(pending, (row) => pendingLine(row, zone)),
    ...context(
      spend === null
        ? 'No AI model is used: rules.'
        : `AI models cost ${dollars(spend.usdMicros)} of ${dollars(spend.limitUsdMicros)} today (UTC).`,
    ),
  ];
}

function rows<T>(all: readonly T[], line: (row: T) => string): KnownBlock[] {
  const more = all.length - MOST_ROWS;
  return [
    ...all.slice(0, MOST_ROWS).flatMap((row) => section(line(row))),
    ...(more > 0 ? context(`and ${more} more: firebreak status`) : []),
  ];
}

function incidentLine(
  { id, title, severity, outcome, openedAt, takenBy }: IncidentRow,
  zone: string,
): string {
  const holder = takenBy === null ? 'nobody has it' : `${words(takenBy, 80)} has it`;
  return `${handles([id])} ${words(title)}\n${severity} - ${words(outcome, 60)} - ${agoOf(openedAt, zone)} - ${holder}`;
}

function pendingLine({ approval, incident, title, needs, expiresAt }: PendingRow, zone: string): string {
  return `${handles([approval])} ${words(title)}, for ${words(incident, 20)}\nneeds ${words(needs)}; until ${timeOf(expiresAt, zone)}, then nothing is done`;
}

/** For somebody whom the config does not know: how they are added, and nothing else. `user` is Slack's own id of them. */
export function strangerLine({ team, user }: { team: string; user: string }): string {
  return `Firebreak does not know you here. An owner can add you in its config under people: slack: {team: ${words(team, 40)}, user: ${words(user, 40)}}`;
}
