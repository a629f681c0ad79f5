import { z } from 'zod';
import { egressRefusalIn } from '#core/egress/refused.ts';
import type { Web, WebAnswer } from './web.ts';

export type Picture = { readonly png: Uint8Array; readonly title: string; readonly alt: string };
export type UploadPlace = { readonly channel: string; readonly thread: string | null };

const Start = z.looseObject({ upload_url: z.url(), file_id: z.string().max(60) });
const Done = z.looseObject({});

/**
 * Puts a picture into a channel or thread, in Slack's three steps. The bytes go only where `send` leads, without our
 * token. Nobody sees anything before the last step.
 */
export async function uploadPicture(
  { web, send }: { web: Web; send: typeof globalThis.fetch },
  { png, title, alt }: Picture,
  { place, signal }: { place: UploadPlace; signal: AbortSignal },
): Promise<WebAnswer<{ file: string }>> {
  const about = { filename: 'picture.png', length: png.byteLength, alt_text: alt.slice(0, 1000) };
  const start = await web.call(
    { method: 'files.getUploadURLExternal', args: about, answer: Start, repeatable: true },
    signal,
  );
  if (start.kind !== 'ok') return start;
  const { upload_url: url, file_id: file } = start.value;
  try {
    const body = new Blob([Uint8Array.from(png)]);
    const sent = await send(url, { method: 'POST', body, signal });
    await sent.body?.cancel();
    if (!sent.ok) return { kind: 'unreachable', why: `status ${sent.status} for the picture` };
  } catch (error) {
    if (egressRefusalIn(error)?.reason === 'host_not_allowed')
      return { kind: 'no', error: 'an upload address elsewhere' };
    return { kind: 'unreachable', why: 'the picture could not be sent' };
  }
  const { channel, thread } = place;
  const into = { channel_id: channel, ...(thread === null ? {} : { thread_ts: thread }) };
  const args = { files: [{ id: file, title: title.slice(0, 255) }], ...into };
  const done = await web.call(
    { method: 'files.completeUploadExternal', args, answer: Done, repeatable: false },
    signal,
  );
  return done.kind === 'ok' ? { kind: 'ok', value: { file } } : done;
}
