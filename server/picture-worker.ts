import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import type { SignalPicture } from '#views/chart/picture.ts';
import { renderPng } from './render-png.ts';

// Its only caller hands over a picture that it made itself.
const picture = z.custom<SignalPicture>((given) => typeof given === 'object').parse(workerData);
parentPort?.postMessage(await renderPng(picture));
