import type { Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import { type BodyOf, fact } from '#incidents/entry.ts';

/** Records that a known person asked for something and was told no; no effect ever hangs on it. */
export async function recordRefused(
  log: Log,
  refused: BodyOf<'request.refused'>,
  incident?: IncidentId,
): Promise<void> {
  const actor = { kind: 'person', id: refused.by } as const;
  const about = incident === undefined ? {} : { incident };
  await log.append([fact('request.refused', refused, { actor, traceId: incident ?? 'request', ...about })]);
}
