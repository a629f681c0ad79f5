import { Worker } from 'node:worker_threads';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { altText, heading, type SignalPicture } from '#views/chart/picture.ts';
import type { PictureAnswer } from './pictures.ts';

/**
 * A picture as PNG, drawn in a thread of its own that ends with it: whatever else is going on goes on meanwhile, and the
 * memory of the libraries is free again afterwards. Rejects when it cannot be drawn.
 */
export async function picturePng(picture: SignalPicture): Promise<Uint8Array> {
  const thread = new Worker(new URL('./picture-worker.ts', import.meta.url), { workerData: picture });
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const fail = (why: string): void => reject(new FirebreakError('driver_failed', why));
  thread.once('message', (png: unknown) => {
    if (png instanceof Uint8Array) resolve(png);
    else fail('the drawing is not bytes');
  });
  thread.once('error', (error) => fail(messageOf(error)));
  thread.once('exit', () => fail('the drawing ended without a picture'));
  try {
    return await promise;
  } finally {
    await thread.terminate();
  }
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
