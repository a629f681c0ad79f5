import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readOpened } from '#audit/read-opened.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import type { IncidentId } from '#core/ids.ts';
import { sentBytes } from '../client.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { readEntries, reading } from '../offline.ts';

export type PictureFlags = Common & { readonly png: string };

/** Writes the signal of an incident as a PNG file, drawn by the server, or here from the log itself where none runs. */
export async function drawIncident(
  id: IncidentId,
  options: PictureFlags,
  context: Context,
): Promise<Outcome> {
  const png = await reading(options, context, {
    online: (server) => sentBytes(server, { method: 'GET', path: `/v1/incidents/${id}/picture` }),
    offline: (dataDir) => drawOffline(id, dataDir, context.zone),
  });
  const out = resolve(context.cwd, options.png);
  try {
    writeFileSync(out, png, { mode: 0o600 });
  } catch (error) {
    throw new FirebreakError('usage', `the picture cannot be written: ${messageOf(error)}`, { cause: error });
  }
  return { lines: [`written: ${out}, ${png.length} bytes`], json: { out, bytes: png.length } };
}

async function drawOffline(id: IncidentId, dir: string, zone: string): Promise<Uint8Array> {
  const [{ incidentPicture }, { drawn }] = await Promise.all([
    import('#server/pictures.ts'),
    import('#server/picture-png.ts'),
  ]);
  const entries = await readEntries({ dir, incidentId: id });
  const read: Parameters<typeof incidentPicture>[1]['read'] = async (ref) =>
    (await readOpened({ dir, incidentId: id, ref }))?.content;
  const answer = await drawn(await incidentPicture(entries, { read, zone }));
  if (answer.kind === 'none') throw new FirebreakError('not_found', `${id}: ${answer.why}`);
  return answer.png;
}
