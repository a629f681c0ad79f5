import type { Clock } from '#core/clock.ts';
import type { Digest, IncidentId } from '#core/ids.ts';
import {
  type Delivery,
  type DeliveryRefusal,
  handOver,
  type Ignored,
  type OnAlert,
  type OnIgnored,
  type OnRefused,
} from './delivery.ts';
import { oneLine } from './foreign-text.ts';
import type { IgnoredReason } from './parsed.ts';
import { type RawDelivery, verifyDelivery, type WebhookSource } from './verify-delivery.ts';

/** The status that tells a sender whether to try again: 4xx never helps, 503 will. */
export function statusOf(reason: DeliveryRefusal): 400 | 401 | 404 | 409 | 413 | 422 {
  switch (reason) {
    case 'unknown_source':
      return 404;
    case 'unauthenticated':
      return 401;
    case 'replayed':
      return 409;
    case 'oversized':
      return 413;
    case 'no_alerts':
    case 'too_many_alerts':
    case 'no_name':
    case 'no_readable_alert':
    case 'no_event':
    case 'not_an_object':
    case 'too_old':
    case 'in_future':
      return 422;
    default:
      return 400;
  }
}

export type WebhookRequest = RawDelivery & {
  readonly source: string;
  readonly peer: string;
  readonly correlation: string;
};

export type WebhookAnswer =
  | { status: 200 | 202; body: { incidents: readonly IncidentId[]; alerts: number; skipped: number } }
  | { status: 200; body: { ignored: IgnoredReason } }
  | { status: 400 | 401 | 404 | 409 | 413 | 422; body: { error: string; reason: DeliveryRefusal } }
  | { status: 503; body: { error: string } };

export type Webhook = {
  /** Answers a POST. 2xx only after `onAlert` made the delivery durable: 202 with incidents, 200 when it concerned none. */
  receive(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Answers a POST that was refused before its body was read. */
  refuse(
    request: Omit<WebhookRequest, 'raw' | 'authorization' | 'signature'>,
    reason: DeliveryRefusal,
  ): Promise<WebhookAnswer>;
};

export type WebhookDeps = {
  readonly sources: readonly WebhookSource[];
  readonly clock: Clock;
  readonly onAlert: OnAlert;
  readonly onRefused: OnRefused;
  readonly onIgnored: OnIgnored;
  /** Handed in: whether the log holds a delivery with this key already; asked only where the sender names them. */
  readonly isSeen: (key: Digest) => boolean;
};

/** The webhook door for all sources. Its functions do not throw. */
export function createWebhook(deps: WebhookDeps): Webhook {
  const sources = new Map(deps.sources.map((source) => [source.id, source]));
  const take = takeOnce(deps);

  async function turnAway(
    request: Omit<WebhookRequest, 'authorization'>,
    reason: DeliveryRefusal,
  ): Promise<WebhookAnswer> {
    const { peer, correlation, raw } = request;
    const source = oneLine(request.source, 40);
    try {
      await deps.onRefused({ source, reason, peer, bytes: raw.byteLength, correlation });
    } catch {
      // The refusal stands whether or not it could be recorded; a broken log shows in its own health.
    }
    return { status: statusOf(reason), body: { error: `refused: ${reason.replaceAll('_', ' ')}`, reason } };
  }

  return {
    refuse: (request, reason) => turnAway({ ...request, raw: new Uint8Array() }, reason),
    receive: async (request) => {
      const source = sources.get(request.source);
      if (source === undefined) return turnAway(request, 'unknown_source');
      const verified = verifyDelivery(request, source, deps.clock.now());
      if (verified.kind === 'refused') return turnAway(request, verified.reason);
      if (verified.kind === 'ignored') return ignore(deps, verified.ignored);
      const delivery = { ...verified.delivery, trace: request.correlation };
      return (await take(delivery)) ?? turnAway(request, 'replayed');
    },
  };
}

async function ignore({ onIgnored }: WebhookDeps, ignored: Ignored): Promise<WebhookAnswer> {
  try {
    await onIgnored(ignored);
  } catch {
    // There is nothing in it to lose.
  }
  return { status: 200, body: { ignored: ignored.reason } };
}

/**
 * Takes each delivery that its sender named in once; undefined for one that the log holds already. One that comes again
 * while the first is being recorded gets the same answer.
 */
function takeOnce(deps: WebhookDeps): (delivery: Delivery) => Promise<WebhookAnswer | undefined> {
  const underWay = new Map<Digest, Promise<WebhookAnswer>>();
  return async (delivery) => {
    const { key, eventAt } = delivery;
    if (eventAt === undefined) return take(deps, delivery);
    const same = underWay.get(key);
    if (same !== undefined) return same;
    if (deps.isSeen(key)) return undefined;
    const answer = take(deps, delivery);
    underWay.set(key, answer);
    try {
      return await answer;
    } finally {
      underWay.delete(key);
    }
  };
}

async function take({ onAlert }: WebhookDeps, delivery: Delivery): Promise<WebhookAnswer> {
  const outcome = await handOver(onAlert, delivery);
  if (outcome.kind === 'unavailable') return { status: 503, body: { error: 'not recorded, send it again' } };
  const body = {
    incidents: outcome.incidents,
    alerts: delivery.alerts.length,
    skipped: delivery.skipped,
  };
  return { status: outcome.incidents.length > 0 ? 202 : 200, body };
}
