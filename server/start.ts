import type { PermitSigner } from '#approvals/permit.ts';
import type { Disk } from '#audit/disk.ts';
import type { FileLog } from '#audit/file-log.ts';
import type { Clean } from '#core/clean.ts';
import type { Clock, Random } from '#core/clock.ts';
import { fact, SYSTEM } from '#incidents/entry.ts';
import type { Config } from './config-build.ts';
import type { Executor } from './executor/start.ts';
import type { Folds } from './folds.ts';
import type { Logger } from './logger.ts';
import type { Mounts } from './mounts.ts';
import type { RunningWorld } from './world.ts';

export type ServeOptions = {
  readonly configPath: string;
  readonly dataDir: string;
  readonly version: string;
  /** How bytes become durable; left out = on the disk. */
  readonly disk?: Disk;
  /** Left out = the real time. */
  readonly clock?: Clock;
};
/** One start of the server: what is there before anything is wired. */
export type Start = {
  readonly options: ServeOptions;
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Takes secrets out of what leaves: those of known formats, and the very ones that the config names. */
  readonly clean: Clean;
  readonly folds: Folds;
  readonly log: FileLog;
  readonly world: RunningWorld;
  readonly mounts: Mounts;
  readonly boot: string;
  readonly signer: PermitSigner;
  readonly executor: Executor;
  readonly startedAt: number;
  /** Time of the last entry, ms. */
  readonly lastTs: () => number;
};

/** Tells the log that this start began and with which config. */
export async function recordStart({ log, config, options, boot }: Start): Promise<void> {
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

type Recorded =
  | 'delivery.refused'
  | 'delivery.ignored'
  | 'auth.failed'
  | 'auth.flooded'
  | 'server.stopped'
  | 'mount.refused';

/** One fact of the server itself. */
export async function record<K extends Recorded>(
  log: FileLog,
  kind: K,
  body: Parameters<typeof fact<K>>[1],
): Promise<void> {
  const trace = 'correlation' in body ? body.correlation : kind;
  await log.append([fact(kind, body, { actor: SYSTEM, traceId: trace })]);
}
