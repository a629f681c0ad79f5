import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { doShare } from './share.ts';

const Share = z.object({ from: z.int(), step: z.int(), runs: z.int(), plans: z.int() });

parentPort?.postMessage(await doShare(Share.parse(workerData)));
