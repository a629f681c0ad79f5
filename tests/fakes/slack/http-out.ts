import { createHmac } from 'node:crypto';
import type { Clock } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import type { Delivered, Envelope } from './socket.ts';

/** Where the app listens, and the secret that Slack signs with. */
export type HttpTarget = { readonly url: string; readonly secret: string };

/** The signature of a body as Slack makes it: `v0=` and the HMAC-SHA256 of `v0:TIME:BODY`; time in seconds. */
export function slackSignature(secret: string, time: number, raw: string | Buffer): string {
  const base = Buffer.concat([Buffer.from(`v0:${time}:`), Buffer.from(raw)]);
  return `v0=${createHmac('sha256', secret).update(base).digest('hex')}`;
}

/** A body as Slack sends it over HTTP: JSON for events, a form for the rest. */
export function requestOf({ type, payload }: Envelope): { raw: string; contentType: string } {
  if (type === 'events_api') return { raw: JSON.stringify(payload), contentType: 'application/json' };
  const fields: [string, string][] =
    type === 'interactive'
      ? [['payload', JSON.stringify(payload)]]
      : Object.entries(payload).map(([key, value]) => [key, String(value)]);
  return {
    raw: new URLSearchParams(fields).toString(),
    contentType: 'application/x-www-form-urlencoded',
  };
}

/** Posts an envelope, signed; 2xx counts as acknowledged. */
export async function deliverOverHttp(
  envelope: Envelope,
  { url, secret }: HttpTarget,
  clock: Clock,
): Promise<Delivered> {
  const { raw, contentType } = requestOf(envelope);
  const time = Math.floor(clock.now() / 1000);
  const headers = {
    'content-type': contentType,
    'x-slack-request-timestamp': String(time),
    'x-slack-signature': slackSignature(secret, time, raw),
  };
  try {
    const answer = await fetch(url, { method: 'POST', headers, body: raw });
    const text = await answer.text();
    if (!answer.ok) return { kind: 'not_acknowledged', why: `status ${answer.status}` };
    return { kind: 'acknowledged', response: text === '' ? undefined : JSON.parse(text) };
  } catch (error) {
    return { kind: 'not_acknowledged', why: messageOf(error) };
  }
}
