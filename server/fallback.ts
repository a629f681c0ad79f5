import type { Clock } from '#core/clock.ts';
import type { Secret } from '#core/secret.ts';
import { type Incident, titleOf } from '#incidents/incident.ts';
import type { IncidentFold } from '#incidents/incident-fold.ts';
import { isTold, NOTICE_MS } from '#incidents/notices.ts';
import type { SlackHealth } from '#slack/health.ts';
import { label } from '#slack/inert.ts';
import type { Fallback } from '#tools/act/fallback.ts';
import type { Invoke } from '#tools/call-result.ts';
import { askHttp, gapOf, gapOfStatus } from '#tools/drivers/http-text.ts';
import type { DutySettings } from './config-duty.ts';
import type { Jobs } from './jobs.ts';

/** A try that failed is made again after this. */
const RETRY_MS = 30_000;
const TIMEOUT_MS = 10_000;

/** Posts `{"text": ...}` to the address, which is a secret and stands in no message. Never throws. */
export function webhookFallback(url: Secret, clock: Clock): Fallback {
  return {
    say: async (text, signal) => {
      const ask = { url: url.reveal(), method: 'POST', body: { text }, timeoutMs: TIMEOUT_MS } as const;
      const answer = await askHttp(ask, clock, signal);
      if (answer.kind === 'no_answer') return { ...gapOf(answer), detail: 'the fallback does not answer' };
      return answer.status < 300 ? { kind: 'told' } : gapOfStatus(answer);
    },
  };
}

export type FallbacksDeps = {
  readonly kind: NonNullable<DutySettings['fallback']>['kind'];
  readonly incidents: IncidentFold;
  readonly health: () => SlackHealth;
  readonly invoke: Pick<Invoke, 'one'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly jobs: Jobs;
};

/**
 * While Slack takes no messages, tells people of each critical incident that nobody has seen: once in half an hour, and
 * only a receipt counts as told. What was told is in the log, so a start repeats nothing. `tick` is cheap.
 */
export function createFallbacks(deps: FallbacksDeps): { tick(): void } {
  const busy = new Set<string>();
  return {
    tick: () => {
      const health = deps.health();
      if (health.kind === 'ok') return;
      for (const incident of deps.incidents.current()) {
        if (busy.has(incident.id) || !isOwed(deps, incident)) continue;
        busy.add(incident.id);
        deps.jobs.run(`fallback ${incident.id}`, () =>
          tell(deps, incident).finally(() => busy.delete(incident.id)),
        );
      }
    },
  };
}

function isOwed({ clock }: FallbacksDeps, incident: Incident): boolean {
  const { resolved, takenBy, acknowledgedBy, paused, severity, notices } = incident;
  const seen = resolved !== null || takenBy !== null || acknowledgedBy !== null || paused !== null;
  if (seen || severity !== 'critical') return false;
  const last = notices.findLast(({ about }) => about === 'fallback');
  const waitMs = last !== undefined && isTold(last) ? NOTICE_MS : RETRY_MS;
  return last === undefined || clock.now() - last.begunAt >= waitMs;
}

async function tell({ kind, invoke }: FallbacksDeps, incident: Incident): Promise<void> {
  const { id, severity } = incident;
  const tool = kind === 'pagerduty' ? 'page_trigger' : 'page_fallback';
  // Many chats read mentions and links in what a webhook brings; the name of an alert is anybody's.
  const title = kind === 'pagerduty' ? titleOf(incident) : label(titleOf(incident), 200);
  const text = `${severity}: ${title} (${id}). Slack takes no messages now; look with: firebreak incidents show ${id}`;
  await invoke.one({ kind: 'system', incident: id }, tool, { about: 'fallback', severity, text });
}
