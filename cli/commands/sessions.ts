import { FirebreakError } from '#core/errors.ts';
import { SessionKey } from '#core/ids.ts';
import { renderSessionList, type SessionRow, sessionRows } from '#views/session-list.ts';
import { SessionRows } from '../answers.ts';
import { ask, findServer, type Server, sent } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { reading, readLogState } from '../offline.ts';
import { screenOf } from './status.ts';

async function rowsOf(options: Common, context: Context): Promise<readonly SessionRow[]> {
  return reading(options, context, {
    online: (server: Server) => ask(server, { method: 'GET', path: '/v1/sessions' }, SessionRows),
    offline: async (dataDir) => [...(await readLogState(dataDir)).sessions.incidents()].flatMap(sessionRows),
  });
}

/** Conversations of incidents that are open or ended within the last half hour. */
export async function listSessions(options: Common, context: Context): Promise<Outcome> {
  const rows = await rowsOf(options, context);
  return { lines: renderSessionList(rows, screenOf(context)), json: rows };
}

/** One session of the list. */
export async function showSession(text: string, options: Common, context: Context): Promise<Outcome> {
  const key = keyOf(text);
  const row = (await rowsOf(options, context)).find((one) => one.key === key);
  if (row === undefined)
    throw new FirebreakError(
      'not_found',
      'there is no such session; firebreak sessions list shows what there is',
    );
  return { lines: renderSessionList([row], screenOf(context)), json: row };
}

/** A transcript as JSON lines; only the server can read its content, which is encrypted at rest. */
export async function exportSession(text: string, options: Common, context: Context): Promise<Outcome> {
  const key = keyOf(text);
  const lines = (
    await sent(findServer(options, context), {
      method: 'GET',
      path: `/v1/sessions/${encodeURIComponent(key)}/export`,
    })
  )
    .trimEnd()
    .split('\n');
  return { lines, json: { key, lines: lines.map((line): unknown => JSON.parse(line)) } };
}

function keyOf(text: string): SessionKey {
  const key = SessionKey.safeParse(text);
  if (key.success) return key.data;
  throw new FirebreakError('usage', 'that is not a session key; firebreak sessions list shows them');
}
