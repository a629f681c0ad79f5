import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';
import { sha256 } from '#core/hash.ts';
import { Secret } from '#core/secret.ts';
import { createWebhook, type Webhook } from '#intake/webhook.ts';
import type { InProcess } from './in-process.ts';

export const SECRET = 'secret-of-the-subscription';
export const TOKEN = 'token-of-the-alertmanager';

/** Where senders post to over a real wire, in front of whichever process lives now. */
export type AlertDoor = {
  readonly url: string;
  /** Status of each answer, in order. */
  readonly answers: readonly number[];
  aim(run: InProcess): void;
};

/** Opens it on loopback; it ends with the test. Answers 503 while it is aimed at no process. */
export async function openAlertDoor(): Promise<AlertDoor> {
  const answers: number[] = [];
  let webhook: Webhook | undefined;
  const server = createServer((request, response) => {
    void answer(webhook, request, response).then((status) => answers.push(status));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    answers,
    aim: (run) => {
      webhook = webhookOf(run);
    },
  };
}

function webhookOf({ clock, firebreak, folds, errors }: InProcess): Webhook {
  const signature = { kind: 'signature', secrets: [new Secret(SECRET)] } as const;
  return createWebhook({
    sources: [
      { id: 'alertmanager', format: 'alertmanager', auth: { kind: 'bearer', tokens: [sha256(TOKEN)] } },
      { id: 'pagerduty', format: 'pagerduty', auth: signature },
    ],
    clock,
    onAlert: (delivery) => firebreak.deliver(delivery),
    onRefused: async ({ reason }) => {
      if (reason !== 'replayed') errors.push(`a delivery was refused: ${reason}`);
    },
    onIgnored: async () => {},
    isSeen: (key) => folds.seenEvents.has(key),
  });
}

async function answer(
  webhook: Webhook | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<number> {
  const raw = Buffer.concat(await Array.fromAsync(request));
  const signature = request.headers['x-pagerduty-signature'];
  const said = await webhook?.receive({
    source: request.url?.split('/').at(-1) ?? '',
    raw,
    authorization: request.headers.authorization,
    signature: typeof signature === 'string' ? signature : undefined,
    ...{ peer: '127.0.0.1', correlation: 'c-1' },
  });
  const status = said?.status ?? 503;
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(said?.body ?? {}));
  return status;
}
