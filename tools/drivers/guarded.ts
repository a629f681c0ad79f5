import type { Guard } from './breaker.ts';
import type { ClusterDriver } from './cluster-port.ts';
import type { CodeDriver } from './code-port.ts';
import type { HostDriver } from './host-port.ts';
import type { McpDriver } from './mcp-port.ts';
import type { LogsDriver, MetricsDriver, WorkloadDriver } from './ports.ts';
import type { PostgresDriver } from './postgres-port.ts';

/**
 * The same metrics, asked through a breaker. Expressions that somebody wrote have one of their own, `ofOthers`: however slow they are,
 * they cannot take away the figures that a change is judged by.
 */
export function guardMetrics(driver: MetricsDriver, guard: Guard, ofOthers: Guard): MetricsDriver {
  const { calls, promql } = driver;
  return {
    series: guard((query, signal) => driver.series(query, signal)),
    ...(calls && { calls: guard((query, signal) => calls.call(driver, query, signal)) }),
    ...(promql && { promql: ofOthers((query, signal) => promql.call(driver, query, signal)) }),
  };
}

/** The same logs, asked through a breaker. */
export function guardLogs(driver: LogsDriver, guard: Guard): LogsDriver {
  return { search: guard((query, signal) => driver.search(query, signal)) };
}

/** Looks go through a breaker; a change goes straight through and says itself what became of it. */
export function guardWorkload(driver: WorkloadDriver, guard: Guard): WorkloadDriver {
  return {
    describe: guard((service, signal) => driver.describe(service, signal)),
    deployments: guard((service, signal) => driver.deployments(service, signal)),
    dryRun: (service, change, signal) => driver.dryRun(service, change, signal),
    apply: (service, order, signal) => driver.apply(service, order, signal),
    settle: (service, key, signal) => driver.settle(service, key, signal),
    manual: (service, change) => driver.manual(service, change),
    ...(driver.cordon && { cordon: driver.cordon }),
  };
}

/** The same cluster, asked through a breaker. */
export function guardCluster(driver: ClusterDriver, guard: Guard): ClusterDriver {
  return {
    list: guard((query, signal) => driver.list(query, signal)),
    describe: guard((query, signal) => driver.describe(query, signal)),
    manifest: guard((query, signal) => driver.manifest(query, signal)),
    events: guard((query, signal) => driver.events(query, signal)),
    errorLogs: guard((query, signal) => driver.errorLogs(query, signal)),
    nodeService: guard((query, signal) => driver.nodeService(query, signal)),
    dependencies: guard((query, signal) => driver.dependencies(query, signal)),
    connect: guard((query, signal) => driver.connect(query, signal)),
    anomalies: guard((query, signal) => driver.anomalies(query, signal)),
  };
}

/** The same database server, asked through a breaker. */
export function guardPostgres(driver: PostgresDriver, guard: Guard): PostgresDriver {
  return {
    activity: guard((signal) => driver.activity(signal)),
    locks: guard((signal) => driver.locks(signal)),
    replication: guard((signal) => driver.replication(signal)),
    sizes: guard((signal) => driver.sizes(signal)),
  };
}

/** The same machine, looked at through a breaker: a disk that does not answer holds up one look, not all of them. */
export function guardHost(driver: HostDriver, guard: Guard): HostDriver {
  return { status: guard((signal) => driver.status(signal)) };
}

/** The same server, asked through a breaker. */
export function guardMcp(driver: McpDriver, guard: Guard): McpDriver {
  return { ask: guard((look, signal) => driver.ask(look, signal)) };
}

/** The same code, asked for through a breaker. */
export function guardCode(driver: CodeDriver, guard: Guard): CodeDriver {
  return {
    merged: guard((query, signal) => driver.merged(query, signal)),
    deployed: guard((query, signal) => driver.deployed(query, signal)),
    diff: guard((query, signal) => driver.diff(query, signal)),
  };
}
