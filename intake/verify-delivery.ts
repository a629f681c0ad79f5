import { parseJson } from '#core/canonical.ts';
import { unreachable } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import { EVENT_AGE_MS } from '#incidents/seen-events-fold.ts';
import { parseAlertmanager } from './alertmanager.ts';
import { bearerToken, isToken } from './bearer.ts';
import type { Delivery, DeliveryRefusal, Ignored } from './delivery.ts';
import { parseGeneric } from './generic.ts';
import type { LabelMatch } from './match-labels.ts';
import { parsePagerDuty } from './pagerduty.ts';
import { objectOf, type Parser, type SentEvent } from './parsed.ts';
import { isSigned } from './signature.ts';

export const MAX_BODY_BYTES = 256 * 1024;
/** A full delivery of alerts with many labels; the body limit bounds it further. */
const LIMITS = { depth: 32, nodes: 50_000, floats: true };
/** Clocks differ a little. */
const EARLY_MS = 5 * 60_000;

/** How a sender proves who it is. An empty list lets nobody in. */
export type SourceAuth =
  /** SHA-256 of each bearer token that may post, or what gives those of now. */
  | { readonly kind: 'bearer'; readonly tokens: readonly Digest[] | (() => readonly Digest[]) }
  /** Secrets that sign the bytes of each delivery. */
  | { readonly kind: 'signature'; readonly secrets: readonly Secret[] };

/** A sender that may post: what is not authenticated is not read. */
export type WebhookSource = {
  readonly id: string;
  /** `any` tells an Alertmanager body from our own format by its list of alerts. */
  readonly format: 'alertmanager' | 'generic' | 'pagerduty' | 'any';
  readonly auth: SourceAuth;
  /** Services of ours by what the sender calls them. */
  readonly services?: ReadonlyMap<string, string>;
  /** Which labels belong to which service of ours. */
  readonly matches?: readonly LabelMatch[];
};

const PARSERS: Readonly<Record<WebhookSource['format'], Parser>> = {
  alertmanager: parseAlertmanager,
  generic: parseGeneric,
  pagerduty: parsePagerDuty,
  any: (body, context) =>
    (Array.isArray(objectOf(body)?.alerts) ? parseAlertmanager : parseGeneric)(body, context),
};

export type RawDelivery = {
  readonly raw: Uint8Array;
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  /** Value of the header with the signatures of the bytes. */
  readonly signature?: string | undefined;
};

export type Verified =
  | { kind: 'verified'; delivery: Delivery }
  | { kind: 'ignored'; ignored: Ignored }
  | { kind: 'refused'; reason: DeliveryRefusal };

/**
 * Turns raw bytes into a delivery, or says why not. Order: size, who sends it, then JSON, alerts and age; nothing is
 * parsed, not even as text, before the sender is known. Pure; does not throw.
 */
export function verifyDelivery(request: RawDelivery, source: WebhookSource, now: number): Verified {
  const { raw } = request;
  if (raw.byteLength > MAX_BODY_BYTES) return { kind: 'refused', reason: 'oversized' };
  if (!isAuthentic(request, source.auth)) return { kind: 'refused', reason: 'unauthenticated' };
  const text = utf8(raw);
  if (text === undefined) return { kind: 'refused', reason: 'not_utf8' };
  const json = parseJson(text, LIMITS);
  if (json.kind === 'invalid') return { kind: 'refused', reason: json.reason };
  const { id, format, services, matches } = source;
  const context = { source: id, now, ...(services && { services }), ...(matches && { matches }) };
  const parsed = PARSERS[format](json.value, context);
  if (parsed.kind === 'refused') return parsed;
  const age = parsed.event === undefined ? undefined : ageRefusal(parsed.event, now);
  if (age !== undefined) return { kind: 'refused', reason: age };
  const key = parsed.event === undefined ? sha256(raw) : eventKey(id, parsed.event);
  const about = { source: id, key, bytes: raw.byteLength };
  if (parsed.kind === 'ignored') return { kind: 'ignored', ignored: { ...about, reason: parsed.reason } };
  const { alerts, skipped, event } = parsed;
  const delivery = { ...about, via: 'webhook', alerts, skipped, receivedAt: now } as const;
  return { kind: 'verified', delivery: event ? { ...delivery, eventAt: event.at } : delivery };
}

function isAuthentic({ raw, authorization, signature }: RawDelivery, auth: SourceAuth): boolean {
  switch (auth.kind) {
    case 'bearer': {
      const token = bearerToken(authorization);
      const known = typeof auth.tokens === 'function' ? auth.tokens() : auth.tokens;
      return token !== undefined && known.filter((one) => isToken(token, one)).length > 0;
    }
    case 'signature':
      return isSigned(raw, signature, auth.secrets);
    default:
      return unreachable(auth);
  }
}

/** What is signed carries its time: outside this window it could be something kept for later. */
function ageRefusal({ at }: SentEvent, now: number): DeliveryRefusal | undefined {
  if (at < now - EVENT_AGE_MS) return 'too_old';
  return at > now + EARLY_MS ? 'in_future' : undefined;
}

function eventKey(source: string, { id }: SentEvent): Digest {
  return sha256(JSON.stringify(['firebreak/event/v1', source, id]));
}

function utf8(raw: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return undefined;
  }
}
