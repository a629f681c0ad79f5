import type { Log } from '#audit/log.ts';
import type { IncidentId } from '#core/ids.ts';
import type { Folds } from './folds.ts';
import type { ApiAnswer } from './http-api.ts';
import { incidentEntries } from './incident-entries.ts';
import { type DrawnPicture, drawn } from './picture-png.ts';
import { incidentPicture, type ReadPayload } from './pictures.ts';

export type PictureDeps = { readonly log: Log; readonly folds: Folds; readonly zone: string };

/** The signal of an incident as PNG; 404 with the reason where there is nothing to draw. */
export async function pictureAnswer(deps: PictureDeps, id: IncidentId): Promise<ApiAnswer> {
  const answer = await incidentPng(deps, id);
  if (answer.kind === 'none') return { status: 404, body: { error: `${id}: ${answer.why}` } };
  return { status: 200, bytes: answer.png, type: 'image/png' };
}

/** The signal of an incident, drawn as far as it is known now. Waits for the log and for some 100 ms of drawing. */
export async function incidentPng(deps: PictureDeps, id: IncidentId): Promise<DrawnPicture> {
  const read: ReadPayload = (ref) => deps.log.payload(id, ref);
  return drawn(await incidentPicture(await incidentEntries(deps, id), { read, zone: deps.zone }));
}
