import type { Entry } from '#audit/log.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { FirebreakError, messageOf } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import { Secret } from '#core/secret.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { WebhookSource } from '#intake/verify-delivery.ts';
import { createWebhook } from '#intake/webhook.ts';
import { deliver } from '#server/deliver.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { buildHttp, listenHttp } from '#server/http.ts';
import type { Api } from '#server/http-api.ts';
import { LOCAL } from '#server/listen-rules.ts';
import { createMetrics } from '#server/metrics.ts';

/** What senders of an evaluation prove themselves by. */
export const TOKEN = 'token-of-the-evaluation';
export const SIGNING_SECRET = 'secret-of-the-evaluation';

const SOURCES: readonly WebhookSource[] = [
  ...(['alertmanager', 'generic'] as const).map((format) => ({
    ...{ id: format, format },
    auth: { kind: 'bearer', tokens: [sha256(TOKEN)] } as const,
  })),
  {
    id: 'pagerduty',
    format: 'pagerduty',
    auth: { kind: 'signature', secrets: [new Secret(SIGNING_SECRET)] },
  },
];

export type Receiver = {
  readonly url: string;
  /** What failed on the receiving side. */
  readonly errors: readonly string[];
  entries(): Promise<readonly Entry[]>;
  close(): Promise<void>;
};

/**
 * The product's way in for pages, listening on loopback: real HTTP, real checks, and a log that takes what came in. No agent
 * runs behind it. Throws when it cannot listen.
 */
export async function openReceiver(clock: Clock): Promise<Receiver> {
  const folds = createFolds();
  const log = await openMemoryLog({ clock, random: realRandom, folds: foldList(folds) });
  const errors: string[] = [];
  const { incidents, history, maintenance } = folds;
  const into = {
    log,
    clock,
    incidents,
    history,
    maintenance,
    environment: 'eval',
    defaultOwner: 'team-eval',
  };
  const context = { actor: SYSTEM, traceId: 'eval' };
  const webhook = createWebhook({
    ...{ sources: SOURCES, clock, isSeen: (key) => folds.seenEvents.has(key) },
    onAlert: async (delivery) => {
      try {
        return await deliver(
          { ...into, inventory: { version: sha256('eval'), services: new Map() } },
          delivery,
        );
      } catch (error) {
        errors.push(messageOf(error));
        throw error;
      }
    },
    onRefused: async (refusal) => void (await log.append([fact('delivery.refused', refusal, context)])),
    onIgnored: async (ignored) => void (await log.append([fact('delivery.ignored', ignored, context)])),
  });
  const listen = { ...LOCAL, host: '127.0.0.1', port: 0 };
  const http = buildHttp({
    listen,
    ...{ clock, random: realRandom, people: new Map(), webhook, api: nobody, metrics: createMetrics() },
    ready: () => ({ ready: true, checks: {} }),
    onAuthFailed: async () => {},
    waitOf: () => null,
    limits: { take: () => ({ kind: 'go', done: () => {} }) },
    onRefused: async () => {},
    onError: (error) => errors.push(messageOf(error)),
  });
  const port = await listenHttp(http, listen);
  return {
    ...{ url: `http://127.0.0.1:${port}`, errors, entries: () => Array.fromAsync(log.read(0)) },
    close: async () => {
      await http.close();
      await log.close();
    },
  };
}

/** Nobody has a token here, so nothing of what people may ask is ever reached. */
const unasked = (): never => {
  throw new FirebreakError('bug', 'there are no people in an evaluation of alerts');
};
const nobody: Api = {
  ...{ status: unasked, incidents: unasked, incident: unasked, picture: unasked, say: unasked },
  ...{ erase: unasked, approvals: unasked, approval: unasked, decide: unasked, afterEnd: unasked },
  ...{ stop: unasked, policy: unasked, acceptPolicy: unasked, logDamage: unasked, acceptLog: unasked },
  ...{ maintenance: unasked, changeMaintenance: unasked, sessions: unasked, sessionExport: unasked },
  ...{ entries: unasked, guard: unasked },
};
