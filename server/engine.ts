import { withMounted } from '#agents/mounted.ts';
import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import type { StopFlags } from '#approvals/policy.ts';
import { messageOf } from '#core/errors.ts';
import { createBreaker } from '#llm/breaker.ts';
import { loadPrompts } from '#prompts/load.ts';
import { createPagerDuty } from '#tools/drivers/pagerduty.ts';
import { mcpTools } from '#tools/read/mcp-tools.ts';
import { readTools } from '#tools/read/tools.ts';
import { loadRunbooks } from '#tools/runbooks.ts';
import type { LogStanding } from '#views/status.ts';
import { type Anchors, fileAnchor, noAnchors, startAnchors } from './anchors.ts';
import { createDutyMetrics } from './duty-metrics.ts';
import { webhookFallback } from './fallback.ts';
import { holdsOf } from './holds.ts';
import { verifyBehind } from './log-standing.ts';
import { createMetrics } from './metrics.ts';
import { createModelMetrics } from './model-metrics.ts';
import { createModel } from './models.ts';
import { hasOffFile } from './off-file.ts';
import { createPolicyInForce } from './policy-in-force.ts';
import { quietnessOf } from './quietness.ts';
import { type OpenSlack, openSlack } from './slack.ts';
import { record, recordStart, type Start } from './start.ts';
import { createWatchkeeping } from './watchkeeping.ts';
import { wire } from './wire.ts';

/** What decides and acts, without a way in: policy in force, models, agents, gate and executor, wired. */
export async function buildEngine(start: Start) {
  const { config, clock, random, logger, folds, log, world, boot, executor } = start;
  const anchors = anchorsOf(start);
  const { standing, verified, condemn } = verifyBehind(log, folds.damage, anchors.problem);
  const flags = (): StopFlags => stopFlags(start, standing);
  const holds = () => holdsOf({ flags: flags(), log: log.health(), executor: executor.health() });
  await recordStart(start);
  const inForce = await createPolicyInForce({ terms: config, fold: folds.policy, log });
  const { policy, people } = inForce;
  const metrics = createMetrics();
  log.subscribe(createModelMetrics(metrics.registry));
  const asked = await createModel({
    ...{ inventory: config.inventory, secrets: config.secrets, log, clock, random },
    settings: config.models,
    fold: folds.spend,
    mounted: config.mcp.send,
    rules: rulesModel(config.inventory),
    onError: (error) => logger.error({ where: 'models' }, messageOf(error)),
  });
  const pager =
    config.pagerduty &&
    createPagerDuty({
      settings: config.pagerduty,
      clock,
      clean: start.clean,
      enter: createBreaker(clock).enter,
    });
  const slack = await openedSlack(start);
  const firebreak = wire({
    settings: { ...config, policy, people },
    signer: start.signer,
    execute: executor.execute,
    log,
    folds,
    clock,
    random,
    boot,
    flags,
    verified,
    world: world.world,
    reads: [...readTools, ...mcpTools(config.mcp.servers)],
    ...(pager && { pager }),
    ...(slack && { slack }),
    ...(config.fallback?.kind === 'webhook' && {
      fallback: webhookFallback(config.fallback.url, clock, start.clean),
    }),
    runbooks: config.runbooks === null ? [] : await loadRunbooks(config.runbooks),
    model: asked.model,
    specs: withMounted(
      agentSpecs(await loadPrompts(), config.inventory),
      config.mcp.servers.flatMap(({ tools }) => tools),
    ),
    onError: (where, message) => logger.error({ where }, message),
  });
  const slackHealth = () => slack?.app.health() ?? { kind: 'ok' as const };
  const keeping = createWatchkeeping({
    start,
    people,
    firebreak,
    anchors,
    pager: pager ?? null,
    slackHealth,
    onBadLog: condemn,
  });
  const { duty } = keeping;
  const { quiet, watchdogs } = config;
  const { startedAt } = start;
  const quietness = () => quietnessOf({ folds, quiet, watchdogs, clock, startedAt });
  log.subscribe(createDutyMetrics(metrics.registry, quietness));
  return {
    anchors,
    standing,
    verified,
    holds,
    inForce,
    metrics,
    asked,
    firebreak,
    slack,
    duty,
    keeping,
    quietness,
  };
}
export type Engine = Awaited<ReturnType<typeof buildEngine>>;

async function openedSlack({ config, clock, random, logger, log, clean }: Start): Promise<OpenSlack | null> {
  if (config.slack === null) return null;
  return openSlack({
    ...{ settings: config.slack, clock, random, clean },
    onHealth: (health) =>
      logger[health.kind === 'ok' ? 'info' : 'warn'](
        { slack: health.kind },
        'why' in health ? health.why : 'ok',
      ),
    onRefused: (reason) => {
      const refusal = { source: 'slack', reason, peer: 'socket', bytes: 0, correlation: 'none' };
      record(log, 'delivery.refused', refusal).catch(() => undefined);
    },
    onError: (where, message) => logger.error({ where }, message),
  });
}

function anchorsOf({ config: { anchors }, log, clock }: Start): Anchors {
  if (anchors === null) return noAnchors;
  const { file, everyMs } = anchors;
  return startAnchors({ where: file, anchor: fileAnchor(file), everyMs, log, clock });
}

/** The clock counts as jumped back while it is more than 5 s behind the last entry. */
function stopFlags(start: Start, standing: () => LogStanding): StopFlags {
  const { folds, clock } = start;
  return {
    off: folds.stops.off || hasOffFile(start),
    frozen: folds.stops.frozen,
    unverified: standing().verified !== 'verified',
    clockJumped: clock.now() < start.lastTs() - 5_000,
    unreadLog: folds.incidents.unknownKinds > 0 || folds.approvals.unreadable > 0,
    tampered: folds.damage.damage !== null || standing().verified === 'bad',
  };
}
