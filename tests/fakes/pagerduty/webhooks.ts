import { createHmac } from 'node:crypto';
import type { PagerBook, PagerIncident } from './incidents.ts';

/** A webhook as PagerDuty sends it: these bytes, with these headers. */
export type SentWebhook = {
  readonly id: string;
  readonly type: string;
  readonly raw: Buffer;
  readonly headers: Readonly<Record<string, string>>;
};
export type Subscription = { readonly url: string; readonly secrets: readonly string[] };

/** The header for these bytes: one part for each secret that is valid. */
export function signatureOf(raw: Uint8Array, secrets: readonly string[]): string {
  return secrets.map((secret) => `v1=${createHmac('sha256', secret).update(raw).digest('hex')}`).join(',');
}

/** Makes webhooks (version 3) of what happens to incidents, and posts them to whoever subscribed. */
export function createWebhooks(book: Pick<PagerBook, 'stamp'>) {
  const sent: { webhook: SentWebhook; status: number | null }[] = [];
  let subscription: Subscription | null = null;
  let held = false;
  let count = 0;

  function make(type: string, data: object, by: string | null): SentWebhook {
    count += 1;
    const id = `01EVENT${String(count).padStart(8, '0')}`;
    const event = {
      id,
      event_type: type,
      resource_type: 'incident',
      occurred_at: book.stamp(),
      agent: by === null ? null : { id: by, type: 'user_reference' },
      client: null,
      data,
    };
    const raw = Buffer.from(JSON.stringify({ event }));
    const headers = {
      'content-type': 'application/json',
      'x-pagerduty-signature': signatureOf(raw, subscription?.secrets ?? []),
    };
    return { id, type, raw, headers };
  }

  /** Posts it; the status that came back, null when nobody answered. */
  async function post(webhook: SentWebhook): Promise<number | null> {
    if (subscription === null) return null;
    const { raw, headers } = webhook;
    const body = new Uint8Array(raw);
    const status = await fetch(subscription.url, { method: 'POST', body, headers }).then(
      (response) => response.status,
      () => null,
    );
    sent.push({ webhook, status });
    return status;
  }

  return {
    sent: sent as readonly { webhook: SentWebhook; status: number | null }[],
    post,
    subscribe: (next: Subscription) => {
      subscription = next;
    },
    /** Keeps what happens to itself until it is let go. */
    hold: (on: boolean) => {
      held = on;
    },
    /** Tells subscribers what happened to an incident, and who did it. */
    tell: async (type: string, incident: PagerIncident, by: string | null = null): Promise<SentWebhook> => {
      const { body: _body, notes: _notes, acknowledgements: _acknowledgements, ...data } = incident;
      const webhook = make(type, data, by);
      if (!held) await post(webhook);
      return webhook;
    },
  };
}
