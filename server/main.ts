import { existsSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import { createPermitSigner, type PermitSigner } from '#approvals/permit.ts';
import type { StopFlags } from '#approvals/policy.ts';
import type { Disk } from '#audit/disk.ts';
import { type FileLog, openFileLog } from '#audit/file-log.ts';
import { type Clock, type Random, realClock, realRandom } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { fact, SYSTEM, stopStream } from '#incidents/entry.ts';
import { createWebhook } from '#intake/webhook.ts';
import { loadPrompts } from '#prompts/load.ts';
import { loadRunbooks } from '#tools/runbooks.ts';
import type { LogStanding } from '#views/status.ts';
import { type Anchors, fileAnchor, noAnchors, startAnchors } from './anchors.ts';
import { createApi } from './api.ts';
import { carryOver } from './carry-over.ts';
import { loadConfig } from './config.ts';
import type { Config } from './config-build.ts';
import { eraseIncident, finishErasing, keepRetention } from './erase.ts';
import { type Executor, startExecutor } from './executor/start.ts';
import { createFolds, type Folds, foldList } from './folds.ts';
import { holdsOf } from './holds.ts';
import { buildHttp, listenHttp } from './http.ts';
import { keepServing, type Served } from './keep-serving.ts';
import { verifyBehind } from './log-standing.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createModelMetrics } from './model-metrics.ts';
import { createModel } from './models.ts';
import { withNamedService } from './named-service.ts';
import { createPolicyInForce } from './policy-in-force.ts';
import { createSources } from './sources.ts';
import { CLI_SOURCE, webhookSources } from './webhook-sources.ts';
import { type Firebreak, wire } from './wire.ts';
import { createWorld, type RunningWorld } from './world.ts';

/** How often due things are looked at. */
const TICK_MS = 200;

export type ServeOptions = {
  readonly configPath: string;
  readonly dataDir: string;
  readonly version: string;
  /** How bytes become durable; left out = on the disk. */
  readonly disk?: Disk;
  /** Left out = the real time. */
  readonly clock?: Clock;
};
export type Running = { readonly url: string; stop(): Promise<void> };

/**
 * Starts Firebreak and resolves when it answers. Throws FirebreakError with one plain line when it cannot: a config
 * mistake, a locked or unusable data directory, a port that is taken. A log that was tampered with is moved aside, and a
 * new one begins.
 */
export async function serve(options: ServeOptions): Promise<Running> {
  // Replaying and verifying a long log makes garbage faster than V8 cares to collect, and it never gives the room back.
  setFlagsFromString('--optimize-for-size');
  const config = loadConfig(options.configPath);
  const logger = createLogger();
  return keepServing({
    start: (port) =>
      startOnce({ options, logger, config: port === undefined ? config : atPort(config, port) }),
    clock: options.clock ?? realClock,
    onRestart: (message) => logger.warn({ where: 'start' }, message),
  });
}

function atPort(config: Config, port: number): Config {
  return { ...config, listen: { ...config.listen, port } };
}

async function startOnce({
  options,
  config,
  logger,
}: Pick<Start, 'options' | 'config' | 'logger'>): Promise<Served> {
  const { clock = realClock } = options;
  const random = realRandom;
  const folds = createFolds();
  const log = await openFileLog({
    dir: options.dataDir,
    clock,
    random,
    folds: foldList(folds),
    command: 'firebreak serve',
    onDamage: (damage) => carryOver(folds, damage),
    onClockBack: (ms) => logger.warn({ ms }, 'the wall clock went back'),
    ...(options.disk && { disk: options.disk }),
  });
  const world = createWorld(config, clock);
  const [boot, signer] = [random.uuid(), createPermitSigner(random)];
  const executor = startExecutor({
    ...{ config, clock, boot, world: world.world, publicKey: signer.publicKey },
    onHealth: ({ kind, why }) => logger[kind === 'down' ? 'warn' : 'info']({ executor: kind }, why ?? kind),
  });
  let lastTs = 0;
  log.subscribe((entries) => {
    lastTs = entries.at(-1)?.ts ?? lastTs;
  });
  const running: Start = {
    ...{ options, config, clock, random, logger, folds, log, world, boot, signer, executor },
    startedAt: clock.now(),
    lastTs: () => lastTs,
  };
  try {
    return await startParts(running);
  } catch (error) {
    await executor.close();
    await world.stop();
    await log.close();
    throw error;
  }
}

type Start = {
  readonly options: ServeOptions;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly folds: Folds;
  readonly log: FileLog;
  readonly world: RunningWorld;
  readonly boot: string;
  readonly signer: PermitSigner;
  readonly executor: Executor;
  readonly startedAt: number;
  /** Time of the last entry, ms. */
  readonly lastTs: () => number;
};

async function startParts(start: Start): Promise<Served> {
  const { options, config, clock, random, logger, folds, log, world, boot, executor, startedAt } = start;
  const anchors = anchorsOf(start);
  const { standing, verified } = verifyBehind(log, folds.damage, anchors.problem);
  const offFile = (): boolean => existsSync(join(options.dataDir, 'OFF'));
  const flags = (): StopFlags => stopFlags({ start, standing, offFile });
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
    rules: rulesModel(config.inventory),
    onError: (error) => logger.error({ where: 'models' }, messageOf(error)),
  });
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
    runbooks: config.runbooks === null ? [] : await loadRunbooks(config.runbooks),
    model: asked.model,
    specs: agentSpecs(await loadPrompts(), config.inventory),
    onError: (where, message) => logger.error({ where }, message),
  });
  const erasing = { log, clock, folds };
  const http = buildHttp({
    clock,
    random,
    people,
    webhook: createWebhook({
      sources: webhookSources(config),
      clock,
      onAlert: (delivery) =>
        firebreak.deliver(
          delivery.source === CLI_SOURCE ? withNamedService(delivery, config.inventory) : delivery,
        ),
      onRefused: (refusal) => record(log, 'delivery.refused', refusal),
    }),
    api: createApi({
      firebreak,
      log,
      folds,
      clock,
      models: config.models,
      server: { version: options.version, startedAt, pid: process.pid },
      logStanding: standing,
      holds,
      erase: (id, by) => eraseIncident(erasing, id, by),
      inForce,
      via: config.demo ? 'demo' : 'api',
      offFile,
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
      },
    }),
    onAuthFailed: (failure) => record(log, 'auth.failed', failure),
    onError: (error, correlation) => logger.error({ correlation }, messageOf(error)),
  });
  const port = await listenHttp(http, config.listen);
  world.start();
  try {
    await firebreak.recover();
  } catch (error) {
    await http.close();
    throw error;
  }
  const stopTicking = tick(clock, firebreak, logger);
  const sources = createSources({
    config,
    clock,
    world: world.world,
    firebreak,
    folds,
    onHealth: (source, text) => logger.warn({ source }, text),
  });
  finishErasing(erasing);
  const stopErasing = keepRetention(erasing, config.retention.payloadsMs, (message) =>
    logger.error({ where: 'retention' }, message),
  );
  const stopWatching = watchOffFile({ start, offFile });
  const url = writeServerFile(start, port);
  return {
    ...{ url, port },
    mended: () => log.mend(),
    stop: async () => {
      rmSync(join(options.dataDir, 'server.json'), { force: true });
      stopWatching();
      stopErasing();
      stopTicking();
      await sources.stop();
      await http.close();
      start.executor.release();
      await firebreak.close();
      await asked.close();
      await start.executor.close();
      await world.stop();
      if (log.health().kind === 'ok') await record(log, 'server.stopped', { boot });
      await anchors.close();
      await log.close();
    },
  };
}

function anchorsOf({ config: { anchors }, log, clock }: Start): Anchors {
  if (anchors === null) return noAnchors;
  const { file, everyMs } = anchors;
  return startAnchors({ where: file, anchor: fileAnchor(file), everyMs, log, clock });
}

/** The clock counts as jumped back while it is more than 5 s behind the last entry. */
function stopFlags({
  start,
  standing,
  offFile,
}: {
  start: Start;
  standing: () => LogStanding;
  offFile: () => boolean;
}): StopFlags {
  const { folds, clock } = start;
  return {
    off: folds.stops.off || offFile(),
    frozen: folds.stops.frozen,
    unverified: standing().verified !== 'verified',
    clockJumped: clock.now() < start.lastTs() - 5_000,
    unreadLog: folds.incidents.unknownKinds > 0 || folds.approvals.unreadable > 0,
    tampered: folds.damage.damage !== null || standing().verified === 'bad',
  };
}

async function recordStart({ log, config, options, boot }: Start): Promise<void> {
  const context = { actor: SYSTEM, traceId: boot };
  const modes = [...config.inventory.services.values()].map(({ id, mode }) => ({ service: id, mode }));
  const { digest, policy, inventory } = config;
  await log.append([
    fact('server.started', { version: options.version, boot, mode: 'serve' }, context),
    fact(
      'config.loaded',
      { digest, policyVersion: policy.version, inventoryVersion: inventory.version, modes },
      context,
    ),
  ]);
}

type Recorded = 'delivery.refused' | 'auth.failed' | 'server.stopped';

async function record<K extends Recorded>(
  log: FileLog,
  kind: K,
  body: Parameters<typeof fact<K>>[1],
): Promise<void> {
  await log.append([fact(kind, body, { actor: SYSTEM, traceId: kind })]);
}

function tick(clock: Clock, firebreak: Firebreak, logger: Logger): () => void {
  let cancel = () => {};
  const next = (): void => {
    try {
      firebreak.tick();
    } catch (error) {
      logger.error({ where: 'tick' }, messageOf(error));
    }
    cancel = clock.after(TICK_MS, next);
  };
  next();
  return () => cancel();
}

/** The file OFF only stops: that it appeared is recorded, and it takes effect by being there. */
function watchOffFile({ start, offFile }: { start: Start; offFile: () => boolean }): () => void {
  const { options, log, folds, logger } = start;
  let noting = false;
  const note = (): void => {
    if (!offFile() || folds.stops.off || noting) return;
    noting = true;
    const draft = fact(
      'off.set',
      { on: true, by: 'file OFF' },
      { actor: SYSTEM, traceId: 'stop', streams: [stopStream] },
    );
    log
      .append([draft])
      .catch((error: unknown) => logger.error({ where: 'off' }, messageOf(error)))
      .finally(() => {
        noting = false;
      });
  };
  const watcher = watch(options.dataDir, (_event, name) => {
    if (name === 'OFF') note();
  });
  note();
  return () => watcher.close();
}

function writeServerFile({ options, config, startedAt }: Start, port: number): string {
  const url = `http://${config.listen.host.includes(':') ? `[${config.listen.host}]` : config.listen.host}:${port}`;
  const text = JSON.stringify({ url, pid: process.pid, startedAt, version: options.version });
  writeFileSync(join(options.dataDir, 'server.json'), `${text}\n`, { mode: 0o600 });
  return url;
}
