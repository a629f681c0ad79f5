import { recordRefused } from '#approvals/record-refused.ts';
import { messageOf } from '#core/errors.ts';
import { isUnproven } from '#incidents/auth-failure-fold.ts';
import { createWebhook } from '#intake/webhook.ts';
import { createApi } from './api.ts';
import { createAuthGate } from './auth-gate.ts';
import type { Engine } from './engine.ts';
import { eraseIncident } from './erase.ts';
import { buildHttp } from './http.ts';
import { createRequestLimits } from './http-limits.ts';
import { withNamedService } from './named-service.ts';
import { hasOffFile } from './off-file.ts';
import { unusableSecrets } from './secret-watch.ts';
import { createSlackDoor } from './slack-door.ts';
import { record, type Start } from './start.ts';
import { CLI_SOURCE, webhookSources } from './webhook-sources.ts';

/** The ways in: incoming pages, the API for people, health and figures. Not listening yet. */
export function buildSurface(start: Start, engine: Engine) {
  const { options, config, clock, random, logger, folds, log, executor, startedAt } = start;
  const { standing, holds, inForce, metrics, firebreak } = engine;
  const gate = createAuthGate({
    ...{ fold: folds.authFailures, clock },
    onFlooded: (flooded) => record(log, 'auth.flooded', flooded),
  });
  const refused = (refusal: Parameters<typeof record<'delivery.refused'>>[2]): Promise<void> => {
    const write = () => record(log, 'delivery.refused', refusal);
    return isUnproven(refusal.reason)
      ? gate.failed({ peer: refusal.peer, kind: 'signature' }, write)
      : write();
  };
  const http = buildHttp({
    clock,
    random,
    listen: config.listen,
    people: inForce.people,
    webhook: createWebhook({
      sources: webhookSources(config, { people: inForce.people, now: () => clock.now() }),
      clock,
      onAlert: (delivery) =>
        firebreak.deliver(
          delivery.source === CLI_SOURCE ? withNamedService(delivery, config.inventory) : delivery,
        ),
      onRefused: refused,
      onIgnored: (ignored) => record(log, 'delivery.ignored', ignored),
      isSeen: (key) => folds.seenEvents.has(key),
    }),
    ...(engine.slack &&
      config.slack?.door.kind === 'http' && {
        slack: createSlackDoor(engine.slack.app, refused),
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
      guard: engine.keeping.guard.now,
      mountsOff: () => start.mounts.problems(),
      unusable: () => unusableSecrets(config.secretHandles),
      asks: engine.duty.asks,
      server: { version: options.version, startedAt, pid: process.pid },
      logStanding: standing,
      slackFailing: () => slackFailing(engine),
      holds,
      erase: (id, by, trace) =>
        eraseIncident({ log, clock, folds, ...(trace !== undefined && { trace }) }, id, by),
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
        changes: holds()[0]?.reason ?? stoppedBy(start) ?? 'possible',
        slack: engine.slack?.app.health().kind ?? 'none',
        secrets: unusableSecrets(config.secretHandles).length === 0 ? 'ok' : 'unusable',
      },
    }),
    onAuthFailed: (failure) =>
      gate.failed({ peer: failure.peer, kind: 'token' }, () => record(log, 'auth.failed', failure)),
    waitOf: gate.waitOf,
    limits: createRequestLimits({ fold: folds.personRequests, clock }),
    clean: start.clean,
    onRefused: ({ person: { id: by }, correlation }, what, reason) =>
      recordRefused(log, { by, what, reason, approval: null }, { trace: correlation }),
    onError: (error, correlation) => logger.error({ correlation }, messageOf(error)),
  });
  http.addHook('onClose', () => gate.close());
  return http;
}

function slackFailing({ slack }: Engine): { since: number; why: string } | null {
  const health = slack?.app.health() ?? { kind: 'ok' as const };
  return health.kind === 'failing' ? { since: health.since, why: health.why } : null;
}

/** What people did to hold changes back; undefined: nothing. */
function stoppedBy(start: Start): 'off' | 'frozen' | undefined {
  const { off, frozen } = start.folds.stops;
  if (off || hasOffFile(start)) return 'off';
  return frozen ? 'frozen' : undefined;
}
