import type { z } from 'zod';
import type { IncidentId, ServiceId } from '#core/ids.ts';
import { decodeToolContent, type ToolContent } from '#sessions/items.ts';
import type { CallRecord } from '#sessions/session-state.ts';
import type { ConversationDeps } from './deps.ts';

export type Look = z.infer<typeof CallRecord>;

/** Looks of an incident that answered, oldest first. */
export function answeredLooks({ folds }: ConversationDeps, id: IncidentId): readonly Look[] {
  return (folds.sessions.incident(id)?.calls ?? []).filter((one) => one.answered && one.service !== null);
}

/** What a look answered; undefined when its content is not kept any more. */
export async function contentOf(
  { log }: ConversationDeps,
  id: IncidentId,
  { content }: Look,
): Promise<z.infer<typeof ToolContent> | undefined> {
  const bytes = content === null ? undefined : await log.payload(id, content);
  return bytes === undefined ? undefined : decodeToolContent(bytes);
}

/** The value that the newest look with a tool at a service gave; undefined when there is none. Not read yet. */
export async function lastLook(
  deps: ConversationDeps,
  id: IncidentId,
  { tool, service }: { tool: string; service: ServiceId },
): Promise<unknown> {
  const look = answeredLooks(deps, id).findLast((one) => one.tool === tool && one.service === service);
  return look === undefined ? undefined : (await contentOf(deps, id, look))?.value;
}
