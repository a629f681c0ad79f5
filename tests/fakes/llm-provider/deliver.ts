import type { ServerResponse } from 'node:http';
import type { Clock } from '#core/clock.ts';
import type { Frame, Outgoing } from './asked.ts';
import type { Bill } from './books.ts';
import type { Fault } from './faults.ts';

export function wholeOf(body: unknown, { tokens }: Outgoing): Frame[] {
  return [{ text: JSON.stringify(body), told: tokens }];
}

/** A malformed reply breaks off inside its JSON but ends properly: nobody is told what stood in the rest. */
export function broken(frames: readonly Frame[], fault: Fault | null): readonly Frame[] {
  if (fault?.kind !== 'malformed') return frames;
  const at = Math.floor(frames.length / 2);
  const text = frames[at]?.text.trimEnd() ?? '';
  return [...frames.slice(0, at), { text: `${text.slice(0, Math.ceil(text.length / 2))}\n\n` }];
}

type Line = { readonly clock: Clock; readonly fault: Fault | null; readonly response: ServerResponse };
type Reply = { frames: readonly Frame[]; type: string };

/** Sends frame by frame, and bills when the last one is out or the socket is gone. */
export async function deliver(
  { clock, fault, response }: Line,
  { frames, type }: Reply,
  bill: (sent: string, told: Bill['told']) => void,
) {
  const all = frames.reduce((sum, { text }) => sum + text.length, 0);
  const cutAt = fault?.kind === 'cut' ? Math.floor(all * fault.after) : Number.POSITIVE_INFINITY;
  let sent = '';
  let told: Bill['told'] = null;
  if (cutAt > 0) response.writeHead(200, { 'content-type': type, 'request-id': 'req_fake' });
  for (const frame of frames) {
    if (fault?.kind === 'slow_chunks') await clock.sleep(fault.ms);
    if (response.destroyed) break;
    const text = frame.text.slice(0, Math.max(0, cutAt - sent.length));
    if (text !== '') await written(response, text);
    sent += text;
    if (text.length < frame.text.length) break;
    told = frame.told ?? told;
  }
  // On the books before the client has the end of it.
  bill(sent, told);
  if (cutAt < all) response.destroy();
  else response.end();
}

/** Resolves when it went out to the socket, or when there is none any more. */
function written(response: ServerResponse, text: string): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.write(text, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}
