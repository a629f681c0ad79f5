import { parseJson } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest, IncidentId } from '#core/ids.ts';
import { parseAlertmanager } from './alertmanager.ts';
import { bearerToken, isToken } from './bearer.ts';
import { type Delivery, type DeliveryRefusal, handOver, type OnAlert, type OnRefused } from './delivery.ts';
import { oneLine } from './foreign-text.ts';
import { parseGeneric } from './generic.ts';
import { objectOf, type Parser } from './parsed.ts';

export const MAX_BODY_BYTES = 256 * 1024;
/** A full delivery of alerts with many labels; the body limit bounds it further. */
const LIMITS = { depth: 32, nodes: 50_000, floats: true };

/** A sender that may post. There is none without a token: what is not authenticated is not read. */
export type WebhookSource = {
  readonly id: string;
  /** `any` tells an Alertmanager body from our own format by its list of alerts. */
  readonly format: 'alertmanager' | 'generic' | 'any';
  /** SHA-256 of each bearer token that may post. */
  readonly tokens: readonly Digest[];
};

const PARSERS: Readonly<Record<WebhookSource['format'], Parser>> = {
  alertmanager: parseAlertmanager,
  generic: parseGeneric,
  any: (body, context) =>
    (Array.isArray(objectOf(body)?.alerts) ? parseAlertmanager : parseGeneric)(body, context),
};

export type RawDelivery = {
  readonly raw: Uint8Array;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
};

export type Verified =
  | { kind: 'verified'; delivery: Delivery }
  | { kind: 'refused'; reason: DeliveryRefusal };

/**
 * Turns raw bytes into a delivery, or says why not. Order: size, bearer token, then JSON and alerts; nothing is parsed
 * before the sender is known. Pure; does not throw.
 */
export function verifyDelivery(request: RawDelivery, source: WebhookSource, now: number): Verified {
  const { raw, authorization } = request;
  if (raw.byteLength > MAX_BODY_BYTES) return { kind: 'refused', reason: 'oversized' };
  const token = bearerToken(authorization);
  if (token === undefined || source.tokens.filter((known) => isToken(token, known)).length === 0)
    return { kind: 'refused', reason: 'unauthenticated' };
  const text = utf8(raw);
  if (text === undefined) return { kind: 'refused', reason: 'not_utf8' };
  const json = parseJson(text, LIMITS);
  if (json.kind === 'invalid') return { kind: 'refused', reason: json.reason };
  const parsed = PARSERS[source.format](json.value, { source: source.id, now });
  if (parsed.kind === 'refused') return parsed;
  const { alerts, skipped } = parsed;
  const about = { source: source.id, via: 'webhook', key: sha256(raw) } as const;
  return {
    kind: 'verified',
    delivery: { ...about, alerts, skipped, bytes: raw.byteLength, receivedAt: now },
  };
}

function utf8(raw: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return undefined;
  }
}

/** The status that tells a sender whether to try again: 4xx never helps, 503 will. */
export function statusOf(reason: DeliveryRefusal): 400 | 401 | 404 | 413 | 422 {
  switch (reason) {
    case 'unknown_source':
      return 404;
    case 'unauthenticated':
      return 401;
    case 'oversized':
      return 413;
    case 'no_alerts':
    case 'too_many_alerts':
    case 'no_name':
    case 'no_readable_alert':
    case 'not_an_object':
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
  | { status: 400 | 401 | 404 | 413 | 422; body: { error: string; reason: DeliveryRefusal } }
  | { status: 503; body: { error: string } };

export type Webhook = {
  /** Answers a POST. 2xx only after `onAlert` made the delivery durable: 202 with incidents, 200 when it concerned none. */
  receive(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Answers a POST that was refused before its body was read. */
  refuse(
    request: Omit<WebhookRequest, 'raw' | 'authorization'>,
    reason: DeliveryRefusal,
  ): Promise<WebhookAnswer>;
};

export type WebhookDeps = {
  readonly sources: readonly WebhookSource[];
  readonly clock: Clock;
  readonly onAlert: OnAlert;
  readonly onRefused: OnRefused;
};

/** The webhook door for all sources. Its functions do not throw. */
export function createWebhook(deps: WebhookDeps): Webhook {
  const sources = new Map(deps.sources.map((source) => [source.id, source]));

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
      const outcome = await handOver(deps.onAlert, verified.delivery);
      if (outcome.kind === 'unavailable')
        return { status: 503, body: { error: 'not recorded, send it again' } };
      const { alerts, skipped } = verified.delivery;
      const body = { incidents: outcome.incidents, alerts: alerts.length, skipped };
      return { status: outcome.incidents.length > 0 ? 202 : 200, body };
    },
  };
}
