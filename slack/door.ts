import { parseJson } from '#core/canonical.ts';
import type { Clock } from '#core/clock.ts';
import type { Secret } from '#core/secret.ts';
import { type Incoming, readIncoming } from './incoming.ts';
import { createSeen } from './seen.ts';
import { type SignatureRefusal, type SignedRequest, signatureRefusal } from './signature.ts';

/** Why something that came in is not looked at any further. Closed list. */
export type DoorRefusal =
  | SignatureRefusal
  | 'not_utf8'
  | 'unreadable'
  | 'wrong_team'
  | 'wrong_app'
  | 'wrong_type';

/** Which workspace and which app we are. */
export type Own = { readonly team: string; readonly app: string };

export type Admitted =
  | { readonly kind: 'admitted'; readonly incoming: Incoming }
  /** Slack asks whether this address is ours; the text is repeated. */
  | { readonly kind: 'challenge'; readonly challenge: string }
  | { readonly kind: 'refused'; readonly reason: DoorRefusal };

/** Reads a body that came from Slack, and refuses what was meant for another workspace or app. */
export function admitBody(body: unknown, own: Own): Exclude<Admitted, { kind: 'challenge' }> {
  const incoming = readIncoming(body);
  if (incoming === undefined) return { kind: 'refused', reason: 'unreadable' };
  if (incoming.team !== own.team) return { kind: 'refused', reason: 'wrong_team' };
  if (incoming.app !== own.app) return { kind: 'refused', reason: 'wrong_app' };
  return { kind: 'admitted', incoming };
}

export type HttpBody = SignedRequest & { readonly contentType: string | undefined };

const LIMITS = { depth: 32, nodes: 20_000, floats: true };
/** Longer than the window in which a signature counts, on both sides. */
const KEEP_MS = 660_000;

/**
 * The door for requests that Slack posts: nothing of the body is parsed before its signature was checked. JSON with
 * a key twice, or too deep, is refused, and so is a form with a field twice. What was signed before the door was made is
 * refused, too: the door before may have let it in. (A clock that is ahead of Slack's refuses all for that long.) Does not
 * throw.
 */
export function createHttpDoor(deps: {
  readonly secrets: readonly Secret[];
  readonly own: Own;
  readonly clock: Clock;
  readonly parse?: typeof parseJson;
}): (request: HttpBody) => Admitted {
  const { secrets, own, clock, parse = parseJson } = deps;
  const since = clock.now();
  const seen = createSeen({ keepMs: KEEP_MS, most: 100_000 });
  return (request) => {
    const refusal = signatureRefusal(request, { secrets, since, now: clock.now(), seen });
    if (refusal !== undefined) return { kind: 'refused', reason: refusal };
    const text = utf8(request.raw);
    if (text === undefined) return { kind: 'refused', reason: 'not_utf8' };
    const type = request.contentType?.split(';')[0]?.trim().toLowerCase();
    if (type !== 'application/json' && type !== 'application/x-www-form-urlencoded')
      return { kind: 'refused', reason: 'wrong_type' };
    const body = type === 'application/json' ? jsonOf(text, parse) : formOf(text, parse);
    const challenge = challengeIn(body);
    return challenge === undefined ? admitBody(body, own) : { kind: 'challenge', challenge };
  };
}

function utf8(raw: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(raw);
  } catch {
    return undefined;
  }
}

function jsonOf(text: string, parse: typeof parseJson): unknown {
  const json = parse(text, LIMITS);
  return json.kind === 'ok' ? json.value : undefined;
}

/** Fields of a form; a click or a window comes as JSON in its field `payload`. */
function formOf(text: string, parse: typeof parseJson): unknown {
  const fields = [...new URLSearchParams(text)];
  const form = Object.fromEntries(fields);
  if (fields.length > 100 || Object.keys(form).length < fields.length) return undefined;
  return form.payload === undefined ? form : jsonOf(form.payload, parse);
}

function challengeIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  if (!('type' in body) || body.type !== 'url_verification' || !('challenge' in body)) return undefined;
  const { challenge } = body;
  return typeof challenge === 'string' && /^[\w.=+/-]{1,200}$/.test(challenge) ? challenge : undefined;
}
