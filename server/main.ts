import { existsSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { rulesModel } from '#agents/rules/model.ts';
import { agentSpecs } from '#agents/spec.ts';
import type { StopFlags } from '#approvals/policy.ts';
import { type FileLog, openFileLog } from '#audit/file-log.ts';
import { type Clock, type Random, realClock, realRandom } from '#core/clock.ts';
import { messageOf } from '#core/errors.ts';
import { fact, SYSTEM, stopStream } from '#incidents/entry.ts';
import { createWebhook } from '#intake/webhook.ts';
import { loadPrompts } from '#prompts/load.ts';
import { loadRunbooks } from '#tools/runbooks.ts';
import type { LogStanding } from '#views/status.ts';
import { createApi } from './api.ts';
import { loadConfig } from './config.ts';
import type { Config } from './config-build.ts';
import { createFolds, type Folds, foldList } from './folds.ts';
import { buildHttp, listenHttp } from './http.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { createSources } from './sources.ts';
import { webhookSources } from './webhook-sources.ts';
import { type Firebreak, wire } from './wire.ts';
import { createWorld, type RunningWorld } from './world.ts';

/** How often due things are looked at. */
const TICK_MS = 200;

export type ServeOptions = {
  readonly configPath: string;
  readonly dataDir: string;
  readonly version: string;
};
export type Running = { readonly url: string; stop(): Promise<void> };

/**
 * Starts Firebreak and resolves when it answers. Throws FirebreakError with one plain line when it cannot: a config
 * mistake, a locked or unusable data directory, a port that is taken, a log that was tampered with.
 */
export async function serve(options: ServeOptions): Promise<Running> {
  // Replaying and verifying a long log makes garbage faster than V8 cares to collect, and it never gives the room back.
  setFlagsFromString('--optimize-for-size');
  const config = loadConfig(options.configPath);
  const [clock, random]: [Clock, Random] = [realClock, realRandom];
  const logger = createLogger();
  const folds = createFolds();
  const log = await openFileLog({
    dir: options.dataDir,
    clock,
    random,
    folds: foldList(folds),
    command: 'firebreak serve',
    onClockBack: (ms) => logger.warn({ ms }, 'the wall clock went back'),
  });
  let lastTs = 0;
  log.subscribe((entries) => {
    lastTs = entries.at(-1)?.ts ?? lastTs;
  });
  const running: Start = {
    ...{ options, config, clock, random, logger, folds, log },
    world: createWorld(config, clock),
    boot: random.uuid(),
    startedAt: clock.now(),
    lastTs: () => lastTs,
  };
  try {
    return await startParts(running);
  } catch (error) {
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
  readonly startedAt: number;
  /** Time of the last entry, ms. */
  readonly lastTs: () => number;
};

async function startParts(start: Start): Promise<Running> {
  const { options, config, clock, random, logger, folds, log, world, boot, startedAt } = start;
  const { standing, verified } = verifyBehind(start);
  const offFile = (): boolean => existsSync(join(options.dataDir, 'OFF'));
  const flags = (): StopFlags => stopFlags({ start, standing, offFile });
  await recordStart(start);
  const firebreak = wire({
    settings: config,
    log,
    folds,
    clock,
    random,
    boot,
    flags,
    verified,
    world: world.world,
    runbooks: config.runbooks === null ? [] : await loadRunbooks(config.runbooks),
    model: rulesModel(config.inventory),
    specs: agentSpecs(await loadPrompts()),
    onError: (where, message) => logger.error({ where }, message),
  });
  const http = buildHttp({
    clock,
    random,
    people: config.people,
    webhook: createWebhook({
      sources: webhookSources(config),
      clock,
      onAlert: firebreak.deliver,
      onRefused: (refusal) => record(log, 'delivery.refused', refusal),
    }),
    api: createApi({
      firebreak,
      log,
      folds,
      server: { version: options.version, startedAt, pid: process.pid },
      logStanding: standing,
      via: config.demo ? 'demo' : 'api',
      offFile,
      zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    }),
    metrics: createMetrics(),
    ready: () => ({
      ready: log.health().kind === 'ok',
      checks: { log: log.health().kind, verify: standing().verified },
    }),
    onAuthFailed: (failure) => record(log, 'auth.failed', failure),
    onError: (error, correlation) => logger.error({ correlation }, messageOf(error)),
  });
  const port = await listenHttp(http, config.listen);
  world.start();
  await firebreak.recover();
  const stopTicking = tick(clock, firebreak, logger);
  const sources = createSources({
    config,
    clock,
    world: world.world,
    firebreak,
    folds,
    onHealth: (source, text) => logger.warn({ source }, text),
  });
  const stopWatching = watchOffFile({ start, offFile });
  const url = writeServerFile(start, port);
  return {
    url,
    stop: async () => {
      rmSync(join(options.dataDir, 'server.json'), { force: true });
      stopWatching();
      stopTicking();
      await sources.stop();
      await http.close();
      await firebreak.close();
      await world.stop();
      await record(log, 'server.stopped', { boot });
      await log.close();
    },
  };
}

/** Verifies the whole log behind the start; changes wait until `verified` resolves, whatever the verdict is. */
function verifyBehind({ log }: Start): { standing: () => LogStanding; verified: Promise<void> } {
  let verdict: LogStanding['verified'] = 'checking';
  let problem: string | null = null;
  const verified = log
    .verifyInBackground(() => foldList(createFolds()))
    .then(
      (found) => {
        verdict = found.kind === 'ok' ? 'verified' : found.kind === 'tampered' ? 'bad' : 'not_checked';
        problem = found.kind === 'tampered' ? found.reason : null;
      },
      (error: unknown) => {
        verdict = 'bad';
        problem = messageOf(error);
      },
    );
  return { standing: () => ({ entries: log.size(), verified: verdict, problem }), verified };
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
