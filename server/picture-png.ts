import { Worker } from 'node:worker_threads';
import { realClock } from '#core/clock.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { altText, heading, type SignalPicture } from '#views/chart/picture.ts';
import type { PictureAnswer } from './pictures.ts';

/** A drawing takes some 100 ms; one that takes this long hangs. */
const LIMIT_MS = 30_000;
/** Memory of one drawing; the libraries take about 90 MB. */
const MEMORY_MB = 256;
const MOST_WAITING = 3;

/** One drawing at a time in the whole process, whoever asks: each takes a core and its memory. */
let waiting = 0;
let last: Promise<unknown> = Promise.resolve();

/**
 * A picture as PNG, drawn in a thread of its own that ends with it: whatever else is going on goes on meanwhile, and the
 * memory of the libraries is free again afterwards. Waits for those before it. Rejects when it cannot be drawn, in time
 * too, and when too many wait.
 */
export async function picturePng(picture: SignalPicture): Promise<Uint8Array> {
  if (waiting >= MOST_WAITING) throw failed('too many pictures are being drawn; ask again in a minute');
  waiting += 1;
  const png = last
    .then(() => draw(picture))
    .finally(() => {
      waiting -= 1;
    });
  last = png.catch(() => undefined);
  return png;
}

async function draw(picture: SignalPicture): Promise<Uint8Array> {
  const thread = new Worker(new URL('./picture-worker.ts', import.meta.url), {
    workerData: picture,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const fail = (why: string): void => reject(failed(why));
  thread.once('message', (png: unknown) => {
    if (png instanceof Uint8Array) resolve(png);
    else fail('the drawing is not bytes');
  });
  thread.once('error', (error) => fail(messageOf(error)));
  thread.once('exit', () => fail('the drawing ended without a picture'));
  const cancel = realClock.after(LIMIT_MS, () => fail('the drawing took too long'));
  try {
    return await promise;
  } finally {
    cancel();
    await thread.terminate();
  }
}

function failed(why: string): FirebreakError {
  return new FirebreakError('driver_failed', why);
}

/** `title` and `alt` are one line of text each; foreign words in them are inert. */
export type DrawnPicture =
  | { readonly kind: 'picture'; readonly png: Uint8Array; readonly title: string; readonly alt: string }
  | { readonly kind: 'none'; readonly why: string };

/** A picture drawn, or in words why there is none. */
export async function drawn(answer: PictureAnswer): Promise<DrawnPicture> {
  if (answer.kind === 'none') return { kind: 'none', why: whyNot[answer.reason] };
  const { picture } = answer;
  return { kind: 'picture', png: await picturePng(picture), title: heading(picture), alt: altText(picture) };
}

const whyNot: Readonly<Record<Extract<PictureAnswer, { kind: 'none' }>['reason'], string>> = {
  no_incident: 'there is no such incident',
  no_signal: 'there is no picture yet: nobody has found the signal that the page is about',
  not_measured: 'there is no picture: its signal was not measured',
  erased: 'there is no picture any more: its content was erased',
};
