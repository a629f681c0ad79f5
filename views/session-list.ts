import { inert } from '#core/inert.ts';
import type { Screen } from './incident-text.ts';
import { table } from './table.ts';
import { ago } from './time.ts';
import { plainReason } from './words.ts';

/** One session in a list. */
export type SessionRow = {
  readonly key: string;
  readonly role: string;
  readonly incident: string;
  /** `running`, or how its last run ended. */
  readonly state: string;
  readonly runs: number;
  readonly startedAt: number | null;
};

/** What is known of the sessions of one incident, in the order they began. */
export type KnownSessions = {
  readonly id: string;
  readonly sessions: readonly { readonly key: string; readonly role: string }[];
  readonly runs: readonly {
    readonly session: string;
    readonly startedAt: number;
    readonly settled: { readonly outcome: string } | null;
  }[];
};

/** The rows of one incident's sessions. */
export function sessionRows({ id, sessions, runs }: KnownSessions): SessionRow[] {
  return sessions.map(({ key, role }) => {
    const own = runs.filter((run) => run.session === key);
    const last = own.at(-1);
    const state =
      last === undefined
        ? 'not started'
        : last.settled === null
          ? 'running'
          : plainReason(last.settled.outcome);
    return { key, role, incident: id, state, runs: own.length, startedAt: own[0]?.startedAt ?? null };
  });
}

/** A list of sessions for a terminal, two lines each: a key is long and must stay whole to be copied. */
export function renderSessionList(rows: readonly SessionRow[], { now, zone }: Screen): string[] {
  if (rows.length === 0) return ['no sessions of open incidents'];
  const [head = '', ...lines] = table(
    ['incident', 'agent', 'state', 'runs', 'started'],
    rows.map((row) => [
      row.incident,
      row.role,
      row.state,
      String(row.runs),
      row.startedAt === null ? '' : ago(row.startedAt, { now, zone }),
    ]),
  );
  return [head, ...lines.flatMap((line, index) => [line, `  ${inert(rows[index]?.key ?? '')}`])];
}
