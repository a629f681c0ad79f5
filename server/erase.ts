import type { FileLog } from '#audit/file-log.ts';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { IncidentId, PersonId } from '#core/ids.ts';
import { fact, incidentStream, SYSTEM } from '#incidents/entry.ts';
import type { ErasedFold } from '#incidents/erased-fold.ts';
import { type IncidentFold, REOPEN_MS } from '#incidents/incident-fold.ts';

export type EraseDeps = {
  readonly log: Pick<FileLog, 'append' | 'version' | 'eraseKey'>;
  readonly clock: Clock;
  readonly folds: { readonly incidents: IncidentFold; readonly erased: ErasedFold };
  /** The request that asks. */
  readonly trace?: string;
};

export type Erased =
  | { kind: 'erased' }
  | { kind: 'refused'; reason: 'not_found' | 'not_closed' | 'already_erased' };

const DAY_MS = 24 * 3_600_000;

/**
 * Erases the content of a closed incident. The entry that promises it comes first: a crash behind it is made good by
 * `finishErasing` at the next start. An incident that can still re-open is not closed.
 */
export async function eraseIncident(
  { log, clock, folds, trace }: EraseDeps,
  id: IncidentId,
  by: PersonId | null,
): Promise<Erased> {
  const stream = incidentStream(id);
  for (;;) {
    const endedAt = resolvedAt(folds.incidents, id);
    if (endedAt === undefined) return { kind: 'refused', reason: 'not_found' };
    if (endedAt === null || clock.now() - endedAt < REOPEN_MS)
      return { kind: 'refused', reason: 'not_closed' };
    if (folds.erased.has(id)) return { kind: 'refused', reason: 'already_erased' };
    const actor = by === null ? SYSTEM : ({ kind: 'person', id: by } as const);
    const draft = fact(
      'payloads.erased',
      { by, reason: by === null ? 'retention' : 'asked' },
      { actor, traceId: trace ?? id, incident: id, streams: [stream] },
    );
    const appended = await log.append([draft], { expect: { [stream]: log.version(stream) } });
    if (appended.kind === 'conflict') continue;
    log.eraseKey(id);
    return { kind: 'erased' };
  }
}

/**
 * Finishes erasing, and keeps retention, from the moment in which the log is known to be good: a key that was destroyed
 * never comes back, so nothing but a person destroys one by the word of a log that is not. The returned function ends it.
 */
export function eraseOnceVerified(
  deps: EraseDeps,
  options: { good: Promise<boolean>; keepMs: number | null; onError: (message: string) => void },
): () => void {
  const { good, keepMs, onError } = options;
  let stopped = false;
  let stop = (): void => undefined;
  const begin = (isGood: boolean): void => {
    if (stopped || !isGood) return;
    stop = keepRetention(deps, keepMs, onError);
    finishErasing(deps);
  };
  good.then(begin).catch((error: unknown) => onError(messageOf(error)));
  return () => {
    stopped = true;
    stop();
  };
}

/** Destroys every key that the log says is destroyed; to be called after each start, once the log was verified. */
export function finishErasing({ log, folds }: EraseDeps): void {
  for (const id of folds.erased.all()) log.eraseKey(id);
}

/**
 * Once a day, and soon after the start, erases the content of incidents that were resolved longer than `keepMs` ago; null
 * keeps it for ever. The returned function ends that.
 */
export function keepRetention(
  deps: EraseDeps,
  keepMs: number | null,
  onError: (message: string) => void,
): () => void {
  if (keepMs === null) return () => {};
  let stopped = false;
  let cancel = () => {};
  const sweep = async (): Promise<void> => {
    const before = deps.clock.now() - keepMs;
    for (const id of endedBefore(deps, before)) if (!stopped) await eraseIncident(deps, id, null);
  };
  const run = (): void => {
    if (stopped) return;
    void sweep()
      .catch((error: unknown) => onError(messageOf(error)))
      .finally(() => {
        if (!stopped) cancel = deps.clock.after(DAY_MS, run);
      });
  };
  cancel = deps.clock.after(60_000, run);
  return () => {
    stopped = true;
    cancel();
  };
}

function endedBefore({ folds }: EraseDeps, before: number): readonly IncidentId[] {
  return [...folds.incidents.closed(), ...folds.incidents.current()].flatMap(({ id, resolved }) =>
    resolved !== null && resolved.at < before && !folds.erased.has(id) ? [id] : [],
  );
}

/** Undefined when there is no such incident, null while it is open. */
function resolvedAt(incidents: IncidentFold, id: IncidentId): number | null | undefined {
  const known = incidents.get(id) ?? incidents.closed().find((one) => one.id === id);
  return known === undefined ? undefined : (known.resolved?.at ?? null);
}
