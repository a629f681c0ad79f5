import { messageOf } from '#core/errors.ts';
import { createWebhook } from '#intake/webhook.ts';
import { createApi } from './api.ts';
import type { Engine } from './engine.ts';
import { eraseIncident } from './erase.ts';
import { buildHttp } from './http.ts';
import { withNamedService } from './named-service.ts';
import { hasOffFile } from './off-file.ts';
import { createSlackDoor } from './slack-door.ts';
import { record, type Start } from './start.ts';
import { CLI_SOURCE, webhookSources } from './webhook-sources.ts';

/** The ways in: incoming pages, the API for people, health and figures. Not listening yet. */
export function buildSurface(start: Start, engine: Engine) {
  const { options, config, clock, random, logger, folds, log, executor, startedAt } = start;
  const { standing, holds, inForce, metrics, firebreak } = engine;
  return buildHttp({
    clock,
    random,
    people: inForce.people,
    webhook: createWebhook({
      sources: webhookSources(config),
      clock,
      onAlert: (delivery) =>
        firebreak.deliver(
          delivery.source === CLI_SOURCE ? withNamedService(delivery, config.inventory) : delivery,
        ),
      onRefused: (refusal) => record(log, 'delivery.refused', refusal),
      onIgnored: (ignored) => record(log, 'delivery.ignored', ignored),
      isSeen: (key) => folds.seenEvents.has(key),
    }),
    ...(engine.slack &&
      config.slack?.door.kind === 'http' && {
        slack: createSlackDoor(engine.slack.app, (refusal) => record(log, 'delivery.refused', refusal)),
      }),
    api: createApi({
      firebreak,
      log,
      folds,
      clock,
      models: config.models,
      inventory: config.inventory,
      quiet: config.quiet,
      quietness: engine.quietness,
      asks: engine.duty.asks,
      server: { version: options.version, startedAt, pid: process.pid },
      logStanding: standing,
      slackFailing: () => slackFailing(engine),
      holds,
      erase: (id, by) => eraseIncident({ log, clock, folds }, id, by),
      inForce,
      defaultOwner: config.defaultOwner,
      via: config.demo ? 'demo' : 'api',
      offFile: () => hasOffFile(start),
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    metrics,
    ready: () => ({
      ready: log.health().kind === 'ok',
      checks: {
        log: log.health().kind,
        verify: standing().verified,
        problem: standing().problem ?? 'none',
        executor: executor.health()?.kind ?? 'none',
        changes: holds()[0]?.reason ?? 'possible',
        slack: engine.slack?.app.health().kind ?? 'none',
      },
    }),
    onAuthFailed: (failure) => record(log, 'auth.failed', failure),
    onError: (error, correlation) => logger.error({ correlation }, messageOf(error)),
  });
}

function slackFailing({ slack }: Engine): { since: number; why: string } | null {
  const health = slack?.app.health() ?? { kind: 'ok' as const };
  return health.kind === 'failing' ? { since: health.since, why: health.why } : null;
}
