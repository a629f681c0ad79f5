import { z } from 'zod';
import type { Clean } from '#core/clean.ts';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { readJson } from '#core/foreign-json.ts';
import { redact } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';
import {
  askHttp,
  gapOf,
  gapOfStatus,
  type HttpAnswer,
  type HttpAsk,
  type NoAnswer,
  type Send,
} from './http-text.ts';
import type { OnCall, OnCallOf, Pager, Told } from './pager.ts';
import type { Gap, Seen } from './ports.ts';

export type PagerDutySettings = {
  /** Address of the REST API, without a path. */
  readonly api: string;
  readonly token: Secret;
  /** Mail address of the user of PagerDuty in whose name we speak. */
  readonly from: string;
  readonly events: { readonly url: string; readonly routingKey: Secret } | null;
};
/** Handed in: leave for one attempt, one of which must be called; null while PagerDuty is left alone after failures. */
export type Enter = () => { worked(): void; failed(): void; undecided(): void } | null;
type Given = {
  readonly settings: PagerDutySettings;
  readonly clock: Clock;
  readonly enter: Enter;
  /** Takes secrets out of what is said; left out = those of known formats. */
  readonly clean?: Clean;
};
type Deps = Given & { readonly send: Send };

const TIMEOUT_MS = 5_000;
/** A longer pause than this is for whoever asked us: they try again later. */
const LONGEST_WAIT_MS = 3_000;
const MAX_NOTE = 2_000;

const Status = z.enum(['triggered', 'acknowledged', 'resolved']);
type Status = z.infer<typeof Status>;
const Incident = z.object({ incident: z.object({ status: Status }) });
const Note = z.object({ note: z.object({ id: z.string() }) });
const Accepted = z.object({ status: z.literal('success') });
const OnCalls = z.object({
  oncalls: z
    .array(
      z.object({
        user: z.object({ id: z.string().max(40) }),
        escalation_level: z.int().min(1).max(100),
        end: z.string().nullable(),
      }),
    )
    .max(100),
});

/** Speaks to PagerDuty over its REST and Events APIs. Never throws; a receipt is what the answer says, not its status alone. */
export function createPagerDuty(given: Given): Pager {
  const { settings, clean = redact } = given;
  const { api, events } = settings;
  const deps: Deps = { ...given, send: wayTo(api, ...(events === null ? [] : [events.url])) };
  return {
    acknowledge: (page, signal) => move(deps, { page, to: 'acknowledged' }, signal),
    resolve: (page, signal) => move(deps, { page, to: 'resolved' }, signal),
    note: async (page, text, signal) => {
      const note = { note: { content: clean(text).slice(0, MAX_NOTE) } };
      return toldBy(
        await ask(deps, rest(settings, `/incidents/${page}/notes`, { method: 'POST', body: note }), signal),
        Note,
      );
    },
    escalate: async (page, level, signal) => {
      const body = { incident: { type: 'incident_reference', escalation_level: level } };
      return toldBy(
        await ask(deps, rest(settings, `/incidents/${page}`, { method: 'PUT', body }), signal),
        Incident,
      );
    },
    trigger: ({ key, severity, summary }, signal) => {
      const payload = { summary: clean(summary).slice(0, 1024), severity, source: 'firebreak' };
      return send(deps, { event_action: 'trigger', dedup_key: key, payload }, signal);
    },
    withdraw: (key, signal) => send(deps, { event_action: 'resolve', dedup_key: key }, signal),
    onCalls: (of, signal) => onCalls(deps, of, signal),
  };
}

/** Puts a page into a state, or finds that it is there already or beyond. */
async function move(
  deps: Deps,
  { page, to }: { page: string; to: Exclude<Status, 'triggered'> },
  signal: AbortSignal,
): Promise<Told> {
  const isThere = (status: Status): boolean => status === to || status === 'resolved';
  const body = { incident: { type: 'incident_reference', status: to } };
  const answer = await ask(deps, rest(deps.settings, `/incidents/${page}`, { method: 'PUT', body }), signal);
  if (answer.kind === 'answer' && answer.status === 400) {
    // PagerDuty refuses to change what is resolved.
    const now = readAs(await ask(deps, rest(deps.settings, `/incidents/${page}`), signal), Incident);
    return now.kind === 'seen' && isThere(now.value.incident.status)
      ? { kind: 'told', already: true }
      : gapOfStatus(answer);
  }
  const seen = readAs(answer, Incident);
  if (seen.kind === 'gap') return seen;
  return isThere(seen.value.incident.status)
    ? { kind: 'told', already: false }
    : { kind: 'gap', reason: 'bad_answer', detail: `the page is still ${seen.value.incident.status}` };
}

/** An event about a page of our own. */
async function send(deps: Deps, event: object, signal: AbortSignal): Promise<Told> {
  const { events } = deps.settings;
  if (events === null)
    return { kind: 'gap', reason: 'not_configured', detail: 'pagerduty.events is not in the config' };
  const key = events.routingKey.ifUsable();
  if (key === undefined) return unusable('routing key');
  const body = { routing_key: key, ...event };
  const url = `${events.url.replace(/\/+$/, '')}/v2/enqueue`;
  return toldBy(await ask(deps, { url, method: 'POST', body, timeoutMs: TIMEOUT_MS }, signal), Accepted);
}

async function onCalls(deps: Deps, of: OnCallOf, signal: AbortSignal): Promise<Seen<readonly OnCall[]>> {
  const query = new URLSearchParams([
    'schedule' in of ? ['schedule_ids[]', of.schedule] : ['escalation_policy_ids[]', of.policy],
    ['limit', '100'],
  ]);
  const seen = readAs(await ask(deps, rest(deps.settings, `/oncalls?${query}`), signal), OnCalls);
  if (seen.kind === 'gap') return seen;
  const value = seen.value.oncalls.map(({ user, escalation_level: level, end }) => {
    const until = Date.parse(end ?? '');
    return { user: user.id, level, until: Number.isNaN(until) ? null : until };
  });
  return { kind: 'seen', value: value.toSorted((a, b) => a.level - b.level) };
}

const unusable = (what: string): Gap => ({
  ...{ kind: 'gap', reason: 'not_configured' },
  detail: `the ${what} of PagerDuty cannot be used now`,
});

type Sent = { readonly method: 'POST' | 'PUT'; readonly body: object };

function rest({ api, token, from }: PagerDutySettings, path: string, sent?: Sent): Omit<HttpAsk, 'send'> {
  return {
    url: `${api.replace(/\/+$/, '')}${path}`,
    timeoutMs: TIMEOUT_MS,
    headers: { accept: 'application/json', from },
    authorization: () => `Token token=${token.reveal()}`,
    ...sent,
  };
}

type Answer = HttpAnswer | NoAnswer;

/** One call; a second one where PagerDuty asks for a short pause. Whatever it answers but its own failure shows that it lives. */
async function ask(deps: Deps, asked: Omit<HttpAsk, 'send'>, signal: AbortSignal): Promise<Answer> {
  const request = { ...asked, send: deps.send };
  const pass = deps.enter();
  if (pass === null)
    return { kind: 'no_answer', reason: 'unreachable', sent: false, detail: 'left alone after failures' };
  const first = await askHttp(request, deps.clock, signal);
  const waitMs = first.kind === 'answer' && first.status === 429 ? (first.retryAfterMs ?? 1000) : undefined;
  const answer =
    waitMs !== undefined && waitMs <= LONGEST_WAIT_MS && (await pause(deps.clock, waitMs, signal))
      ? await askHttp(request, deps.clock, signal)
      : first;
  if (answer.kind === 'answer' && answer.status < 500) pass.worked();
  else if (signal.aborted) pass.undecided();
  else pass.failed();
  return answer;
}

async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

function toldBy(answer: Answer, shape: z.ZodType): Told {
  const seen = readAs(answer, shape);
  return seen.kind === 'gap' ? seen : { kind: 'told', already: false };
}

function readAs<T>(answer: Answer, shape: z.ZodType<T>): Seen<T> {
  if (answer.kind === 'no_answer') return gapOf(answer);
  if (answer.status < 200 || answer.status > 299) return gapOfStatus(answer);
  const parsed = shape.safeParse(readJson(answer.text));
  return parsed.success ? { kind: 'seen', value: parsed.data } : unreadable;
}

const unreadable: Gap = { kind: 'gap', reason: 'bad_answer', detail: 'not an answer that PagerDuty gives' };
