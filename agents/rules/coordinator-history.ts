import { z } from 'zod';
import type { JsonValue } from '#core/canonical.ts';
import type { ServiceRef } from '#incidents/refs.ts';
import { Brief, type DiagnosisReport, type MonitorReport, Wake } from '#incidents/reports.ts';
import type { Item } from '#llm/model.ts';
import { reasonOf } from './transcript.ts';

/** What the coordinator's transcript says about this incident. */
export type History = {
  /** The newest opening; what came before belongs to an earlier round of the incident. */
  readonly opened: Extract<Wake, { kind: 'opened' }> | null;
  /** Of the service that the page names. */
  readonly monitor: MonitorReport | null;
  /** The last diagnosis that named a cause. */
  readonly diagnosis: DiagnosisReport | null;
  /** The alert cleared or the approval was withdrawn, and nobody wished for anything since: nothing more is started. */
  readonly isOver: boolean;
  /** Messages it has not acted on yet. */
  readonly unanswered: readonly Wake[];
  /** Its last call for a sub-agent, or to close the incident, was not carried out. */
  readonly refused: boolean;
  readonly lastSpawn: (role: string) => JsonValue | null;
  /** The service that a settled sub-agent was sent to; that of the page where this cannot be told. */
  readonly sentTo: (wake: Settled) => ServiceRef | null;
  readonly interruptions: (role: string) => number;
};

type Settled = Extract<Wake, { kind: 'child_settled' }>;

const Spawned = z.object({ runId: z.string() });
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
  const settled = round.flatMap(({ wake }) => (wake.kind === 'child_settled' ? [wake] : []));
  const sentTo = (wake: Settled) => briefOf(items, wake)?.service ?? opened?.service ?? null;
  return {
    opened,
    monitor: monitorOf(settled.filter((wake) => opened?.service == null || sentTo(wake) === opened.service)),
    diagnosis: diagnosisOf(settled),
    isOver: isOver(round.map(({ wake }) => wake)),
    sentTo,
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

/** What ended it counts until a person wishes for something after it. */
function isOver(round: readonly Wake[]): boolean {
  return round.findLastIndex(endsIt) > round.findLastIndex(isWish);
}

const isWish = ({ kind }: Wake): boolean => kind === 'steered' || kind === 'requested';

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

function monitorOf(settled: readonly Settled[]): MonitorReport | null {
  const reports = settled.map(({ report }) => report);
  return reports.findLast((report) => report?.role === 'monitor') ?? null;
}

function diagnosisOf(settled: readonly Settled[]): DiagnosisReport | null {
  const reports = settled.flatMap(({ report }) => (report?.role === 'diagnosis' ? report : []));
  return reports.findLast(({ outcome }) => outcome === 'likely' || outcome === 'confirmed') ?? null;
}

/** What the settled run was started with: its spawn was answered with the run's id. */
function briefOf(items: readonly Item[], { child }: Settled): Brief | null {
  if (child === undefined) return null;
  const result = items.find(
    (item) => item.kind === 'result' && Spawned.safeParse(item.value).data?.runId === child,
  );
  if (result?.kind !== 'result') return null;
  const calls = items.flatMap((item) => (item.kind === 'reply' ? item.calls : []));
  const args = SpawnArgs.safeParse(calls.find((call) => call.id === result.id)?.args);
  return args.success ? (Brief.safeParse(args.data.brief).data ?? null) : null;
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
