import { z } from 'zod';
import type { AfterEnd } from '#approvals/after-end.ts';
import type { People, Person } from '#approvals/people.ts';
import type { Clean } from '#core/clean.ts';
import type { Clock, Random } from '#core/clock.ts';
import { type ApprovalId, Digest, type IncidentId, type SessionKey } from '#core/ids.ts';
import type { Webhook } from '#intake/webhook.ts';
import type { RequestLimits } from './http-limits.ts';
import type { IncidentRequest } from './incident-request.ts';
import type { Listen } from './listen-rules.ts';
import type { MaintenanceRequest } from './maintenance-request.ts';
import type { Metrics } from './metrics.ts';
import type { SlackDoor } from './slack-door.ts';

/** Who asks, known by their personal token; what they may do is for the answering function to decide. */
export type Asker = { readonly person: Person; readonly correlation: string };

/** Sent as JSON, or as the text or the bytes of a file. From status 400 on, the body carries `error` and gets the correlation id. */
export type ApiAnswer =
  | { readonly status: number; readonly body: object }
  | { readonly status: 200; readonly text: string; readonly type: 'application/x-ndjson' }
  | { readonly status: 200; readonly bytes: Uint8Array; readonly type: 'image/png' };

export const DecisionRequest = z.strictObject({
  decision: z.enum(['approve', 'deny', 'revoke']),
  /** The hash of the plan as the person saw it. */
  hash: Digest,
  /** The target, typed by hand, where that is asked for. */
  typed: z.string().max(200).exactOptional(),
});
export type DecisionRequest = z.infer<typeof DecisionRequest>;

export const ReleaseRequest = z.strictObject({ effect: z.enum(['happened', 'did_not_happen']) });

export const StopRequest = z
  .strictObject({ freeze: z.boolean().exactOptional(), off: z.boolean().exactOptional() })
  .refine(({ freeze, off }) => freeze !== undefined || off !== undefined, 'needs freeze or off');
export type StopRequest = z.infer<typeof StopRequest>;

export const PolicyRequest = z.strictObject({
  /** Digest of everything that is taken on, as the person was shown it. */
  standing: Digest,
});
export type PolicyRequest = z.infer<typeof PolicyRequest>;

export const AcceptLogRequest = z.strictObject({
  /** Digest of the damage, as the person was shown it. */
  old: Digest,
});
export type AcceptLogRequest = z.infer<typeof AcceptLogRequest>;

/** One log entry on its way to a client. */
export type StreamedEntry = { readonly seq: number; readonly entry: object };

/** Handed in: everything that people can ask for over HTTP. A function that throws is answered with 500. */
export type Api = {
  status(asker: Asker): Promise<ApiAnswer>;
  incidents(asker: Asker): Promise<ApiAnswer>;
  incident(asker: Asker, id: IncidentId): Promise<ApiAnswer>;
  /** The signal of an incident as PNG. */
  picture(asker: Asker, id: IncidentId): Promise<ApiAnswer>;
  /** What a person says of an incident. */
  say(asker: Asker, id: IncidentId, request: IncidentRequest): Promise<ApiAnswer>;
  erase(asker: Asker, id: IncidentId): Promise<ApiAnswer>;
  approvals(asker: Asker): Promise<ApiAnswer>;
  approval(asker: Asker, id: ApprovalId): Promise<ApiAnswer>;
  decide(asker: Asker, id: ApprovalId, request: DecisionRequest): Promise<ApiAnswer>;
  afterEnd(asker: Asker, id: ApprovalId, wanted: AfterEnd): Promise<ApiAnswer>;
  stop(asker: Asker, request: StopRequest): Promise<ApiAnswer>;
  policy(asker: Asker): Promise<ApiAnswer>;
  acceptPolicy(asker: Asker, request: PolicyRequest): Promise<ApiAnswer>;
  logDamage(asker: Asker): Promise<ApiAnswer>;
  acceptLog(asker: Asker, request: AcceptLogRequest): Promise<ApiAnswer>;
  maintenance(asker: Asker): Promise<ApiAnswer>;
  changeMaintenance(asker: Asker, request: MaintenanceRequest): Promise<ApiAnswer>;
  /** Has the guard look now. */
  guard(asker: Asker): Promise<ApiAnswer>;
  sessions(asker: Asker): Promise<ApiAnswer>;
  sessionExport(asker: Asker, key: SessionKey): Promise<ApiAnswer>;
  /** Entries after `seq` (-1 = all), then new ones as they come, until `signal` aborts. */
  entries(asker: Asker, after: number, signal: AbortSignal): AsyncIterable<StreamedEntry>;
};

export type AuthFailure = { readonly what: string; readonly peer: string; readonly correlation: string };
/** `checks` names what was looked at and how it is, in a word each. */
export type Readiness = { readonly ready: boolean; readonly checks: Readonly<Record<string, string>> };

export type HttpDeps = {
  readonly clock: Clock;
  readonly random: Random;
  /** Where it listens, and so what is believed of a request. */
  readonly listen: Listen;
  readonly people: People;
  readonly webhook: Webhook;
  /** Left out = Slack does not post to us. */
  readonly slack?: SlackDoor;
  readonly api: Api;
  readonly metrics: Metrics;
  /** Takes secrets out of every answer; left out = those of known formats. */
  readonly clean?: Clean;
  readonly ready: () => Readiness;
  /** Records, or counts, a request without a known token; may throw, the request is refused either way. */
  readonly onAuthFailed: (failure: AuthFailure) => Promise<void>;
  /** Seconds until a failure of this peer is answered as one again; null: now. */
  readonly waitOf: (peer: string) => number | null;
  readonly limits: RequestLimits;
  /** Records that a known person was told no before anybody looked at what they want. Throws when the log cannot take it. */
  readonly onRefused: (asker: Asker, what: 'use_right' | 'too_often', reason: string) => Promise<void>;
  /** Gets what was answered with 500. */
  readonly onError: (error: unknown, correlation: string) => void;
};
