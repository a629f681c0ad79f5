import type { Log } from '#audit/log.ts';
import type { SessionKey } from '#core/ids.ts';
import type { Item } from '#llm/model.ts';
import type { SessionRecord } from './session-state.ts';
import { loadItems } from './transcript.ts';

/** Coordinators whose items are held in memory; the others are rebuilt from the log when they are woken. */
const MAX_HELD = 512;

/** Items of coordinators between their runs. Nothing is lost with it. */
export type Transcripts = { of(session: SessionRecord): Promise<Item[]> };

export function createTranscripts(log: Log): Transcripts {
  const held = new Map<SessionKey, Item[]>();
  return {
    of: async (session) => {
      const { incident, key, seq } = session;
      const items = held.get(key) ?? (await loadItems({ log, incident, session: key, from: seq }));
      held.delete(key);
      held.set(key, items);
      const oldest = held.keys().next().value;
      if (held.size > MAX_HELD && oldest !== undefined) held.delete(oldest);
      return items;
    },
  };
}
