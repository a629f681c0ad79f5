import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { createPermitSigner } from '#approvals/permit.ts';
import { openFileLog } from '#audit/file-log.ts';
import { type Clock, realClock, realRandom } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { createScrub } from '#llm/scrub.ts';
import { carryOver } from './carry-over.ts';
import { loadConfig } from './config.ts';
import type { Config } from './config-build.ts';
import { buildEngine, type Engine } from './engine.ts';
import { eraseOnceVerified } from './erase.ts';
import { startExecutor } from './executor/start.ts';
import { createFolds, foldList } from './folds.ts';
import { listenHttp } from './http.ts';
import { keepServing, type Served } from './keep-serving.ts';
import { createLogger, type Logger } from './logger.ts';
import { mountsOf, withMounts } from './mounted-world.ts';
import { hasOffFile, watchOffFile } from './off-file.ts';
import { type RunningSlack, runSlack } from './slack.ts';
import { createSources } from './sources.ts';
import { record, type ServeOptions, type Start } from './start.ts';
import { buildSurface } from './surface.ts';
import { certificateOf } from './tls.ts';
import { createWorld } from './world.ts';

/** How often due things are looked at. */
const TICK_MS = 200;

export type Running = { readonly url: string; stop(): Promise<void> };

/**
 * Starts Firebreak and resolves when it answers. Throws FirebreakError with one plain line when it cannot: a config
 * mistake, a locked or unusable data directory, a port that is taken. A log that was tampered with is moved aside, and a
 * new one begins.
 */
export async function serve(options: ServeOptions): Promise<Running> {
  // Replaying and verifying a long log makes garbage faster than V8 cares to collect, and it never gives the room back.
  setFlagsFromString('--optimize-for-size');
  const config = loadConfig(options.configPath, undefined, options);
  const clean = createScrub(config.secrets);
  const logger = createLogger(clean);
  return keepServing({
    start: (port) =>
      startOnce({ options, logger, clean, config: port === undefined ? config : atPort(config, port) }),
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
  clean,
}: Pick<Start, 'options' | 'config' | 'logger' | 'clean'>): Promise<Served> {
  const { clock = realClock } = options;
  const random = realRandom;
  const folds = createFolds();
  const log = await openFileLog({
    dir: options.dataDir,
    clock,
    random,
    folds: foldList(folds),
    command: 'firebreak serve',
    onDamage: (damage, unproven) => carryOver(folds, damage, unproven),
    onClockBack: (ms) => logger.warn({ ms }, 'the wall clock went back'),
    ...(options.disk && { disk: options.disk }),
  });
  const mounts = mountsOf({ config, clock, logger, log });
  const world = withMounts(createWorld(config, clock), mounts);
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
    ...{ options, config, clock, random, logger, clean, folds, log, world, mounts, boot, signer, executor },
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

async function startParts(start: Start): Promise<Served> {
  const { options, config, clock, logger, folds, log, world, boot, executor } = start;
  const engine = await buildEngine(start);
  const { firebreak, asked, anchors } = engine;
  const http = buildSurface(start, engine);
  const port = await listenHttp(http, config.listen);
  world.start();
  try {
    await firebreak.recover();
  } catch (error) {
    await http.close();
    throw error;
  }
  const slack = followInSlack(start, engine);
  const stopTicking = tick(clock, engine, logger);
  const sources = createSources({
    config,
    clock,
    world: world.world,
    firebreak,
    folds,
    onHealth: (source, text) => logger.warn({ source }, text),
  });
  const stopErasing = eraseOnceVerified(
    { log, clock, folds },
    {
      good: engine.verified.then(() => engine.standing().verified === 'verified'),
      keepMs: config.retention.payloadsMs,
      onError: (message) => logger.error({ where: 'retention' }, message),
    },
  );
  const stopWatching = watchOffFile(start);
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
      await slack?.stop();
      await engine.keeping.close();
      executor.release();
      await firebreak.close();
      await asked.close();
      await executor.close();
      await world.stop();
      if (log.health().kind === 'ok') await record(log, 'server.stopped', { boot });
      await anchors.close();
      await log.close();
    },
  };
}

function followInSlack(start: Start, { slack, firebreak, duty }: Engine): RunningSlack | null {
  const { config, log, folds, clock, logger } = start;
  if (slack === null || config.slack === null) return null;
  return runSlack({
    ...{ open: slack, team: config.slack.team, log, folds, clock, firebreak, duty },
    ...{
      defaultOwner: config.defaultOwner,
      hasOtherWays: config.pagerduty !== null || config.fallback !== null,
      quiet: config.quiet,
      dayLimit: config.models?.budget.day ?? null,
    },
    zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    offFile: () => hasOffFile(start),
    onError: (where, message) => logger.error({ where }, message),
  });
}

function tick(clock: Clock, { firebreak, keeping }: Engine, logger: Logger): () => void {
  let cancel = () => {};
  const next = (): void => {
    try {
      firebreak.tick();
      keeping.tick();
    } catch (error) {
      logger.error({ where: 'tick' }, messageOf(error));
    }
    cancel = clock.after(TICK_MS, next);
  };
  next();
  return () => cancel();
}

function writeServerFile({ options, config, startedAt }: Start, port: number): string {
  const { host, tls } = config.listen;
  const url = `${tls === null ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const certificate = tls === null ? null : certificateOf(tls.cert);
  const text = JSON.stringify({
    ...{ url, pid: process.pid, startedAt, version: options.version },
    ...(certificate?.kind === 'certificate' && { certificate: certificate.pem }),
  });
  writeFileSync(join(options.dataDir, 'server.json'), `${text}\n`, { mode: 0o600 });
  return url;
}
