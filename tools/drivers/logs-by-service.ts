import type { LogsDriver } from './ports.ts';

/** The logs of each service from where the config says that they are: a log store, or files. */
export function createLogsByService(files: LogsDriver, stores: ReadonlyMap<string, LogsDriver>): LogsDriver {
  return {
    search: (query, signal) => {
      const { loki } = query.service;
      const driver = loki === undefined ? files : stores.get(loki);
      if (driver !== undefined) return driver.search(query, signal);
      return Promise.resolve({ kind: 'gap', reason: 'not_configured', detail: 'no such log store' });
    },
  };
}
