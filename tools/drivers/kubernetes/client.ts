import { readFileSync } from 'node:fs';
import type { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { EgressRefused } from '#core/egress/refused.ts';
import { originOf } from '#core/egress/rules.ts';
import { createEgress } from '#core/egress.ts';
import { messageOf } from '#core/errors.ts';
import { readJson } from '#core/foreign-json.ts';
import {
  askHttp,
  gapOf,
  type HttpAnswer,
  type HttpAsk,
  type NoAnswer,
  type Send,
  shortForeign,
} from '../http-text.ts';
import type { Gap, Seen } from '../seen.ts';
import { linesOf } from './lines.ts';
import { Status } from './wire.ts';

export type ClusterSettings = {
  /** Address of the API server, without a path. */
  readonly url: string;
  /** Absolute path of the certificates that the API server is checked against; null = those that Node trusts. */
  readonly ca: string | null;
  readonly token: () => string;
  /** For one answer. */
  readonly timeoutMs?: number;
};

/** What is asked for, in Kubernetes' own words, so that a refusal can say which right is missing. */
export type Ask = {
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly verb: 'get' | 'list' | 'watch' | 'patch';
  readonly resource: string;
};
export type KubeAnswer = HttpAnswer | NoAnswer;

/**
 * One API server, spoken to with one credential. Answers are text; at most 4 MiB and within the timeout. Certificates are always checked, redirects never followed. Never throws.
 */
export type KubeClient = {
  /** `accept`: the form of the answer, where it is not the whole object. */
  get(ask: Ask, signal: AbortSignal, accept?: string): Promise<KubeAnswer>;
  /** A JSON patch (RFC 6902); with `dryRun` in the query nothing is kept. */
  patch(ask: Ask, operations: readonly object[], signal: AbortSignal): Promise<KubeAnswer>;
  /** The lines of an answer that goes on for as long as the signal lets it; none where it is refused or breaks off. */
  lines(ask: Ask, signal: AbortSignal): AsyncIterable<string>;
};

const TIMEOUT_MS = 5_000;

export function createKubeClient(settings: ClusterSettings, clock: Clock): KubeClient {
  const base = settings.url.replace(/\/$/, '');
  let way: Send | undefined;
  const send: Send = async (url, request) => {
    way ??= wayToServer(settings);
    return way(url, request);
  };
  const urlOf = ({ path, query }: Ask): string => {
    const asked = new URLSearchParams({ ...query }).toString();
    return `${base}${path}${asked === '' ? '' : `?${asked}`}`;
  };
  const ask = async (what: Ask, more: Partial<HttpAsk>, signal: AbortSignal): Promise<KubeAnswer> => {
    const url = urlOf(what);
    const { token, timeoutMs = TIMEOUT_MS } = settings;
    return askHttp({ url, token, timeoutMs, send, ...more }, clock, signal);
  };
  return {
    get: (what, signal, accept = 'application/json, */*') => ask(what, { headers: { accept } }, signal),
    patch: (what, operations, signal) =>
      ask(
        what,
        { method: 'PATCH', body: operations, headers: { 'content-type': 'application/json-patch+json' } },
        signal,
      ),
    lines: (what, signal) => linesOf(send, { url: urlOf(what), token: settings.token }, signal),
  };
}

/** A way to the API server alone. Throws `EgressRefused` where the certificates that it is checked against cannot be read. */
function wayToServer({ url, ca }: ClusterSettings): Send {
  const rules = [originOf(url)];
  const isChecked = url.startsWith('https:') && ca !== null;
  // A watch goes on for as long as its reader likes; other answers are bounded by whoever reads them.
  return createEgress({ rules, endless: true, ...(isChecked && { ca: readCertificates(ca) }) }).fetch;
}

function readCertificates(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const message = `the certificates of the cluster cannot be read (${messageOf(cause)}), so nothing was sent`;
    throw new EgressRefused('tls', message, { sent: false, cause });
  }
}

/** The answer as `shape`, or the gap that it is; a missing right is named by verb and resource. Never throws. */
export function readAs<T>(answer: KubeAnswer, { verb, resource }: Ask, shape: z.ZodType<T>): Seen<T> {
  if (answer.kind === 'no_answer') return gapOf(answer);
  if (answer.status < 200 || answer.status > 299) return gapOfRefusal(answer, { verb, resource });
  const parsed = shape.safeParse(readJson(answer.text));
  return parsed.success
    ? { kind: 'seen', value: parsed.data }
    : badAnswer(`unreadable answer for ${resource}`);
}

export function gapOfRefusal(answer: HttpAnswer, { verb, resource }: Pick<Ask, 'verb' | 'resource'>): Gap {
  const said = saidBy(answer);
  if (answer.status === 401)
    return { kind: 'gap', reason: 'refused', detail: 'the cluster does not take the token' };
  if (answer.status === 403)
    return { kind: 'gap', reason: 'refused', detail: `not allowed to ${verb} ${resource}` };
  if (answer.status === 404)
    return { kind: 'gap', reason: 'no_data', detail: `there is no such thing: ${said}` };
  if (answer.status === 429)
    return { kind: 'gap', reason: 'unreachable', detail: 'the cluster is asked too often' };
  const detail = `HTTP ${answer.status} for ${verb} ${resource}: ${said}`;
  return answer.status >= 500 ? { kind: 'gap', reason: 'unreachable', detail } : badAnswer(detail);
}

export function badAnswer(detail: string): Gap {
  return { kind: 'gap', reason: 'bad_answer', detail };
}

/** What the API server says about a refusal, as one short line. */
export function saidBy({ text }: HttpAnswer): string {
  return shortForeign(Status.safeParse(readJson(text)).data?.message ?? text);
}
