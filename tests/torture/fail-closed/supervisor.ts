import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

export const [READER, ACTOR] = ['for looking', 'for changes'];

/** What runs one service, as its own API shows it; it counts what was done to it. */
export type Supervisor = {
  readonly url: string;
  /** Changes that were made. */
  effects(): number;
  /** From now on nothing is answered. */
  fallSilent(): void;
  speakAgain(): void;
  close(): void;
};

const Body = z.object({ dryRun: z.boolean().optional() });

export async function startSupervisor(): Promise<Supervisor> {
  let effects = 0;
  let isSilent = false;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    if (isSilent) return;
    const generation = 1 + effects;
    const say = (status: number, value: object): void =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    const shape = { version: 'v41', replicas: 2 };
    if (request.method === 'GET' && request.url === '/v1/services/checkout')
      return say(200, { uid: 'u-1', generation, ...shape, maxReplicas: 4, instances: [] });
    if (request.method === 'GET' || request.url !== '/v1/services/checkout/restart') return say(404, {});
    if (Body.parse(JSON.parse(body)).dryRun === true)
      return say(200, { generation, before: shape, after: shape });
    if (request.headers.authorization !== `Bearer ${ACTOR}`) return say(403, { error: 'reader' });
    effects += 1;
    return say(200, { generation: 1 + effects, took: 1 });
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    effects: () => effects,
    fallSilent: () => {
      isSilent = true;
    },
    speakAgain: () => {
      isSilent = false;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
