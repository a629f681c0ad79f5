import type { Clean } from '#core/clean.ts';
import type { Clock } from '#core/clock.ts';
import { wayTo } from '#core/egress.ts';
import { redact } from '#core/redact.ts';
import type { Secret } from '#core/secret.ts';
import { isAnswered } from '#incidents/escalation.ts';
import { type Incident, titleOf } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import { isTold, NOTICE_MS } from '#incidents/notices.ts';
import type { RungFold } from '#incidents/rung-fold.ts';
import { DEAF, type SlackHealth } from '#slack/health.ts';
import { label } from '#slack/inert.ts';
import type { Fallback } from '#tools/act/fallback.ts';
import type { Invoke } from '#tools/call-result.ts';
import { askHttp, gapOf, gapOfStatus } from '#tools/drivers/http-text.ts';
import { plainReason } from '#views/words.ts';
import type { DutySettings } from './config-duty.ts';
import type { Jobs } from './jobs.ts';
import { callNow, isCalled } from './present/call.ts';
import type { PostedFold } from './present/posted-fold.ts';

/** A try that failed is made again after this. */
const RETRY_MS = 30_000;
/** Slack and the paging system have so long to reach the people of a rung first. */
const FIRST_MS = 30_000;
const MOST_TRIES = 10;
const TIMEOUT_MS = 10_000;

/** Posts `{"text": ...}`, without secrets, to the address, which is one itself and stands in no message. Never throws. */
export function webhookFallback(url: Secret, clock: Clock, clean: Clean = redact): Fallback {
  return {
    say: async (text, signal) => {
      const address = url.ifUsable();
      if (address === undefined)
        return {
          kind: 'gap',
          reason: 'not_configured',
          detail: 'the address of the fallback cannot be used now',
        };
      const ask = {
        url: address,
        method: 'POST',
        body: { text: clean(text) },
        timeoutMs: TIMEOUT_MS,
        send: wayTo(address),
      } as const;
      const answer = await askHttp(ask, clock, signal);
      if (answer.kind === 'no_answer') return { ...gapOf(answer), detail: 'the fallback does not answer' };
      return answer.status < 300 ? { kind: 'told' } : gapOfStatus(answer);
    },
  };
}

export type FallbacksDeps = {
  readonly kind: NonNullable<DutySettings['fallback']>['kind'];
  readonly incidents: IncidentFold;
  readonly rungs: RungFold;
  readonly posted: Pick<PostedFold, 'get'>;
  readonly health: () => SlackHealth;
  readonly invoke: Pick<Invoke, 'one'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly jobs: Jobs;
};

/**
 * Tells people of an incident that nobody has seen, where neither Slack nor the paging system could: of a critical one
 * while Slack takes no messages, once in half an hour; and of each rung whose people nothing has called by name half a
 * minute after it was reached, because no card could be posted, they have no account, or enough people were called.
 * Only a receipt counts as told. What was told is in the log, so a start repeats nothing. `tick` is cheap.
 */
export function createFallbacks(deps: FallbacksDeps): { tick(): void } {
  const busy = new Set<string>();
  return {
    tick: () => {
      const health = deps.health();
      const isDown = health.kind === 'failing';
      for (const incident of deps.incidents.current()) {
        const text = busy.has(incident.id)
          ? undefined
          : isDown && isOwed(deps, incident)
            ? whyDown(health)
            : uncalled(deps, incident);
        if (text === undefined) continue;
        busy.add(incident.id);
        deps.jobs.run(`fallback ${incident.id}`, () =>
          tell(deps, incident, text).finally(() => busy.delete(incident.id)),
        );
      }
    },
  };
}

const whyDown = ({ why }: Extract<SlackHealth, { kind: 'failing' }>): string =>
  why === DEAF ? `In Slack ${DEAF} now` : 'Slack takes no messages now';

function isOwed({ clock, rungs }: FallbacksDeps, incident: Incident): boolean {
  if (incident.severity !== 'critical' || isAnswered(incident, rungs.get(incident.id))) return false;
  const last = incident.notices.findLast(({ about }) => about === 'fallback');
  const waitMs = last !== undefined && isTold(last) ? NOTICE_MS : RETRY_MS;
  return last === undefined || clock.now() - last.begunAt >= waitMs;
}

/** Whose turn it is and who was told by nothing, in words; undefined where somebody was, or nobody is to be. */
function uncalled({ clock, rungs, posted }: FallbacksDeps, incident: Incident): string | undefined {
  const { id, alerts, notices } = incident;
  const call = callNow(incident, rungs.get(id));
  const rung = call?.rung ?? null;
  if (call === undefined || rung === null || rung.people.length === 0) return undefined;
  const now = clock.now();
  // Whoever is on duty was paged by the system that the page is from.
  const isPaged = rung.rung === 0 && alerts.some(({ page }) => page !== undefined);
  if (isPaged || now - rung.at < FIRST_MS || isCalled(posted.get(id), call)) return undefined;
  const since = notices.filter((one) => WAYS.has(one.tool) && one.begunAt >= rung.at);
  // A page of ours that is held back rings already, by the rules of the paging system.
  const isDone = since.some((one) => isTold(one) || one.reason === 'held_back');
  if (isDone || since.length >= MOST_TRIES) return undefined;
  if (now - (since.at(-1)?.begunAt ?? 0) < RETRY_MS) return undefined;
  return `For ${rung.people.join(', ')}, who could not be called in Slack: ${plainReason(rung.reason)}`;
}

const WAYS: ReadonlySet<string> = new Set(['page_escalate', 'page_trigger', 'page_fallback']);

async function tell({ kind, invoke }: FallbacksDeps, incident: Incident, why: string): Promise<void> {
  const { id, severity } = incident;
  const tool = kind === 'pagerduty' ? 'page_trigger' : 'page_fallback';
  const text = `${severity}: ${label(titleOf(incident), 200)} (${id}). ${why}; look with: firebreak incidents show ${id}`;
  await invoke.one({ kind: 'system', incident: id }, tool, { about: 'fallback', severity, text });
}
