import type { Clock } from '#core/clock.ts';
import { createGuard, type Guard } from '#tools/drivers/breaker.ts';
import { guardHost, guardLogs, guardPostgres } from '#tools/drivers/guarded.ts';
import { createHost } from '#tools/drivers/host.ts';
import { createLogFiles } from '#tools/drivers/log-files.ts';
import { createLogsByService } from '#tools/drivers/logs-by-service.ts';
import { createLoki } from '#tools/drivers/loki.ts';
import type { World } from '#tools/drivers/ports.ts';
import { createPostgres } from '#tools/drivers/postgres.ts';
import type { Config } from './config-build.ts';
import type { Database, LogStore } from './config-telemetry-stores.ts';

/** One breaker for what a part of the config leads to; `name` is what people see of it. */
export const guardOf = (name: string, clock: Clock): Guard => createGuard({ name }, clock);

/** Log stores, log files, database servers and this machine, as far as the config names them; each behind its own breaker. */
export function createTelemetry(config: Config, clock: Clock): Pick<World, 'logs' | 'databases' | 'host'> {
  const stores = [...config.logStores].map(
    ([id, store]) => [id, guardLogs(lokiOf(store, clock), guardOf(`log store ${id}`, clock))] as const,
  );
  const databases = [...config.databases].map(
    ([id, one]) => [id, guardPostgres(postgresOf(one), guardOf(`database ${id}`, clock))] as const,
  );
  const isHere = [...config.inventory.services.values()].some(({ host }) => host === true);
  return {
    logs: createLogsByService(createLogFiles(), new Map(stores)),
    databases: new Map(databases),
    ...(isHere && { host: guardHost(createHost(clock), guardOf('this machine', clock)) }),
  };
}

function lokiOf({ url, label, token, tenant }: LogStore, clock: Clock) {
  const bearer = token === null ? {} : { token: () => token.reveal() };
  return createLoki({ url, label, ...bearer, ...(tenant !== null && { tenant }) }, clock);
}

function postgresOf({ secret, ...at }: Database) {
  return createPostgres({ ...at, ...(secret !== null && { password: () => secret.reveal() }) });
}
