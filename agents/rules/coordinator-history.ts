import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import { type MonitorReport, Wake } from '#incidents/reports.ts';
import type { Item } from '#llm/model.ts';
import { reasonOf } from './transcript.ts';

/** What the coordinator's transcript says about this incident. */
export type History = {
  /** The newest opening; what came before belongs to an earlier round of the incident. */
  readonly opened: Extract<Wake, { kind: 'opened' }> | null;
  readonly monitor: MonitorReport | null;
  /** The alert cleared or the approval was withdrawn since: nothing more is started. */
  readonly isOver: boolean;
  /** Messages it has not acted on yet. */
  readonly unanswered: readonly Wake[];
  /** Its last call for a sub-agent, or to close the incident, was not carried out. */
  readonly refused: boolean;
  readonly lastSpawn: (role: string) => JsonValue | null;
  readonly interruptions: (role: string) => number;
};

const SpawnArgs = z.object({ role: z.string(), brief: z.json() });

/** Reads a coordinator's transcript. Pure; messages of an unknown shape are passed over. */
export function historyOf(items: readonly Item[]): History {
  const wakes = items.flatMap((item, at) => {
    const wake = wakeOf(item);
    return wake === null ? [] : [{ at, wake }];
  });
  const start = wakes.findLastIndex(({ wake }) => wake.kind === 'opened');
  const round = wakes.slice(Math.max(0, start));
  const opened = round[0]?.wake.kind === 'opened' ? round[0].wake : null;
  const answeredTo = lastAnswer(items, round.at(-1)?.at ?? -1);
  return {
    opened,
    monitor: monitorOf(round.map(({ wake }) => wake)),
    isOver: round.some(({ wake }) => endsIt(wake)),
    unanswered: round.filter(({ at }) => at > answeredTo).map(({ wake }) => wake),
    refused: isRefused(items),
    lastSpawn: (role) => lastSpawn(items, role),
    interruptions: (role) =>
      round.filter(
        ({ wake }) => wake.kind === 'child_settled' && wake.role === role && wake.outcome === 'interrupted',
      ).length,
  };
}

function wakeOf(item: Item): Wake | null {
  if (item.kind !== 'input' || item.source !== 'wake' || item.value === null) return null;
  return Wake.safeParse(item.value).data ?? null;
}

const endsIt = (wake: Wake): boolean =>
  wake.kind === 'alert_cleared' || (wake.kind === 'action_settled' && wake.outcome === 'withdrawn');

/**
 * Where the last reply stands. A reply that a restart cut off before any of its calls was carried out is no answer: a
 * message without content (the restart) makes the messages before it count again.
 */
function lastAnswer(items: readonly Item[], lastWake: number): number {
  const replied = items.findLastIndex((item) => item.kind === 'reply');
  const restarted = items.findLastIndex(
    (item) => item.kind === 'input' && item.source === 'wake' && item.value === null,
  );
  if (restarted < replied || replied < lastWake) return replied;
  const after = items.slice(lastWake + 1);
  const reached = after.some(
    (item) => item.kind === 'result' && item.outcome !== 'unknown' && item.outcome !== 'refused',
  );
  const yielded = after.some((item) => item.kind === 'reply' && item.calls.length === 0);
  return reached || yielded
    ? replied
    : items.findLastIndex((item, at) => at < lastWake && item.kind === 'reply');
}

function monitorOf(wakes: readonly Wake[]): MonitorReport | null {
  const reports = wakes.map((wake) => (wake.kind === 'child_settled' ? wake.report : null));
  return reports.findLast((report) => report?.role === 'monitor') ?? null;
}

/** Only right after its own call: the last item is a result that refused a spawn or a resolution. */
function isRefused(items: readonly Item[]): boolean {
  const last = items.at(-1);
  if (last?.kind !== 'result' || last.outcome === 'ok' || last.outcome === 'proposed') return false;
  if (reasonOf(last) === 'incident_closed' || reasonOf(last) === 'run_ended') return false;
  return last.tool === 'sessions_spawn' || last.tool === 'incident_resolve';
}

function lastSpawn(items: readonly Item[], role: string): JsonValue | null {
  const briefs = items
    .flatMap((item) => (item.kind === 'reply' ? item.calls : []))
    .flatMap((call) => {
      if (call.tool !== 'sessions_spawn') return [];
      const args = SpawnArgs.safeParse(call.args);
      return args.success && args.data.role === role ? [args.data.brief] : [];
    });
  return briefs.at(-1) ?? null;
}
