import type { People } from '#approvals/people.ts';
import { createHttpGet } from '#intake/http-get.ts';
import type { SlackHealth } from '#slack/health.ts';
import type { Pager } from '#tools/drivers/pager.ts';
import type { Anchors } from './anchors.ts';
import { onlineAsker, rightsOnline } from './doctor-online.ts';
import { createDuty, type Duty } from './duty.ts';
import { createFallbacks } from './fallback.ts';
import { createGuard, type Guard } from './guard-keeper.ts';
import { type Heartbeat, startHeartbeat } from './heartbeat.ts';
import { createJobs } from './jobs.ts';
import { createPagerDutyRota } from './pagerduty-rota.ts';
import { createRungPages } from './rung-pages.ts';
import { createRungs } from './rungs.ts';
import { createSecretWatch } from './secret-watch.ts';
import type { Start } from './start.ts';
import { createWatchdogs } from './watchdogs.ts';
import type { Firebreak } from './wire.ts';

export type WatchkeepingDeps = {
  readonly start: Pick<Start, 'options' | 'config' | 'clock' | 'log' | 'folds' | 'logger' | 'startedAt'>;
  readonly people: People;
  readonly firebreak: Pick<Firebreak, 'carry' | 'deliver'>;
  readonly anchors: Anchors;
  readonly pager: Pager | null;
  readonly slackHealth: () => SlackHealth;
  /** Called whenever the log is found not to verify. */
  readonly onBadLog: (reason: string) => void;
};

export type Watchkeeping = {
  readonly duty: Duty;
  readonly guard: Guard;
  /** Fires what is due; cheap, call it several times a second once the server has recovered. */
  tick(): void;
  /** Resolves when nothing of it is under way. */
  close(): Promise<void>;
};

/** Sees to it that people are asked and that silence is noticed: rungs, rotas, fallback, watchdogs and heartbeat. */
export function createWatchkeeping(deps: WatchkeepingDeps): Watchkeeping {
  const { start, people, firebreak, pager, slackHealth: health } = deps;
  const { config, clock, log, folds, logger, startedAt } = start;
  const { incidents, rungs, approvals, posted } = folds;
  const { invoke } = firebreak.carry;
  const jobs = createJobs((where, message) => logger.error({ where }, message));
  const { teams, pagerdutyUsers: users } = config;
  const rota = pager === null ? undefined : createPagerDutyRota({ pager, teams, users, clock, jobs });
  const duty = createDuty({
    ...{ teams, people, clock, rungs, approvals },
    defaultOwner: config.defaultOwner,
    slack: config.slack,
    ...(rota && { elsewhere: rota.of }),
  });
  const guard = createGuard({
    ...{ start, jobs, onAlert: firebreak.deliver, anchors: deps.anchors, onBadLog: deps.onBadLog },
    online: () => rightsOnline(config, onlineAsker(clock)),
    onError: (message) => logger.error({ where: 'guard' }, message),
  });
  const canTrigger = (config.pagerduty?.events ?? null) !== null;
  const { fallback } = config;
  const parts = [
    ...(rota === undefined ? [] : [rota]),
    createRungs({ log, clock, incidents, duty, jobs }),
    ...(pager === null ? [] : [createRungPages({ incidents, rungs, invoke, clock, jobs, canTrigger })]),
    ...(fallback === null
      ? []
      : [createFallbacks({ kind: fallback.kind, incidents, rungs, posted, health, invoke, clock, jobs })]),
    createSecretWatch({
      ...{ handles: config.secretHandles, fold: folds.secretAges, log, clock, jobs },
      onHealth: (text) => logger.warn({ where: 'secrets' }, text),
    }),
    createWatchdogs({
      ...{ incidents, clock, startedAt, jobs, watchdogs: config.watchdogs },
      fold: folds.lifeSigns,
      onAlert: firebreak.deliver,
    }),
    guard,
  ];
  let heartbeat: Heartbeat | undefined;
  return {
    duty,
    guard,
    tick: () => {
      heartbeat ??= config.heartbeat
        ? startHeartbeat({
            ...{ ...config.heartbeat, clock, log, get: createHttpGet(config.heartbeat.url) },
            onHealth: (text) => logger.warn({ where: 'heartbeat' }, text),
          })
        : undefined;
      for (const part of parts) part.tick();
      heartbeat?.tick();
    },
    close: async () => {
      heartbeat?.stop();
      guard.close();
      await jobs.idle();
    },
  };
}
