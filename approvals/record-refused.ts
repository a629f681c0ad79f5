import type { Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import { type BodyOf, fact } from '#incidents/entry.ts';

/** Records that a known person asked for something and was told no; no effect ever hangs on it. `trace`: the request that asked. */
export async function recordRefused(
  log: Log,
  refused: BodyOf<'request.refused'>,
  about: { readonly incident?: IncidentId | undefined; readonly trace?: string | undefined } = {},
): Promise<void> {
  const actor = { kind: 'person', id: refused.by } as const;
  const { incident, trace = incident ?? 'request' } = about;
  const context = { actor, traceId: trace, ...(incident !== undefined && { incident }) };
  await log.append([fact('request.refused', refused, context)]);
}
