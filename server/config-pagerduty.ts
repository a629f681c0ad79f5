import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import { address, duration, secretRef, secretRefs } from './config-fields.ts';

/** A page that PagerDuty posts to us, signed, or that we ask it for. */
export const pagerdutySource = z.strictObject({
  kind: z.literal('pagerduty'),
  /** Signing secrets of its webhook subscriptions: several while one is being changed. */
  secret: secretRefs.exactOptional(),
  poll: z
    .strictObject({ url: address, every: duration(100).default(30_000), token: secretRef })
    .exactOptional(),
  /** Ids or names of services in PagerDuty, and what they are here. */
  services: z.record(z.string().min(1).max(120), ServiceId).default({}),
});
type SourceFile = z.infer<typeof pagerdutySource>;

/** How PagerDuty is told what we did about a page. */
export const pagerduty = z.strictObject({
  /** Address of its REST API. */
  api: address,
  token: secretRef,
  /** Mail address of the user of PagerDuty in whose name we speak. */
  from: z.email('is not a mail address'),
  /** For pages of our own. */
  events: z.strictObject({ url: address, routing_key: secretRef }).exactOptional(),
});
type PagerDutyFile = z.infer<typeof pagerduty>;

export type PagerDutySource = {
  readonly kind: 'pagerduty';
  readonly id: string;
  readonly secrets: readonly Secret[];
  readonly poll: { readonly url: string; readonly everyMs: number; readonly token: Secret } | null;
  readonly services: ReadonlyMap<string, ServiceId>;
};
export type PagerDutySettings = {
  readonly api: string;
  readonly token: Secret;
  readonly from: string;
  readonly events: { readonly url: string; readonly routingKey: Secret } | null;
};

/** Makes the typed source of a file that was checked. */
export function buildPagerDutySource(
  id: string,
  { secret, poll, services }: SourceFile,
  secretOf: (ref: string) => Secret,
): PagerDutySource {
  return {
    kind: 'pagerduty',
    id,
    secrets: (secret ?? []).map(secretOf),
    poll: poll === undefined ? null : { url: poll.url, everyMs: poll.every, token: secretOf(poll.token) },
    services: new Map(Object.entries(services)),
  };
}

/** Makes the typed settings of a file that was checked; null where PagerDuty is told nothing. */
export function buildPagerDuty(
  file: PagerDutyFile | undefined,
  secretOf: (ref: string) => Secret,
): PagerDutySettings | null {
  if (file === undefined) return null;
  const { api, token, from, events } = file;
  return {
    api,
    token: secretOf(token),
    from,
    events: events === undefined ? null : { url: events.url, routingKey: secretOf(events.routing_key) },
  };
}
