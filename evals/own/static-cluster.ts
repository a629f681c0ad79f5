import type { ClusterObject, Connectivity, Dependencies } from '#incidents/observations-cluster.ts';
import type { ClusterDriver } from '#tools/drivers/cluster-port.ts';
import type { Gap, Seen } from '#tools/drivers/seen.ts';
import { type OwnCase, wellApp } from './case.ts';

const unreachable: Gap = { kind: 'gap', reason: 'unreachable', detail: 'the cluster does not answer' };

/** A cluster that stands still, as a case describes it; lists show whole objects, as the API of a real one does. */
export function staticCluster(world: OwnCase['cluster']): ClusterDriver {
  const { blind, forbiddenKinds } = world;
  const objects = [...world.objects, ...world.well.flatMap(wellApp)];
  const see = <T>(look: OwnCase['cluster']['blind'][number], value: T | null): Promise<Seen<T>> => {
    if (blind.includes(look)) return Promise.resolve(unreachable);
    const none: Gap = { kind: 'gap', reason: 'no_data', detail: 'there is no such thing' };
    return Promise.resolve(value === null ? none : { kind: 'seen', value });
  };
  return {
    list: ({ kind }) =>
      forbiddenKinds.includes(kind)
        ? Promise.resolve({ kind: 'gap', reason: 'refused', detail: 'not allowed' })
        : see('list', { objects: objects.filter((one) => one.kind === kind), truncated: false }),
    describe: ({ kind, name }) =>
      see('describe', objects.find((one) => one.kind === kind && one.name === name) ?? null),
    manifest: ({ app }) => see('manifest', declared(objects, app)),
    events: () => see('list', world.events),
    errorLogs: ({ app }) => see('logs', world.logs[app] ?? { lines: 100, errors: 0, patterns: [] }),
    nodeService: ({ node, service }) => {
      const isStopped = world.stopped.some((one) => one.node === node && one.service === service);
      return see('node_service', {
        ...{ node, service, state: isStopped ? 'inactive' : 'active' },
        detail: isStopped ? 'inactive (dead)' : 'active (running)',
      });
    },
    dependencies: ({ app }) => {
      const calledBy = world.calls.filter(({ to }) => to === app).map(({ from }) => from);
      const found: Dependencies = { calledBy, edges: world.calls };
      return see('dependencies', found);
    },
    connect: ({ service, port }) => {
      const open = !world.closed.includes(`${service}:${port}`);
      const found: Connectivity = { open, detail: open ? 'open' : 'connection refused' };
      return see('dependencies', found);
    },
    anomalies: () => see('anomalies', world.anomalies),
  };
}

/** A workload, the services in front of it and its claims, without what only runs. */
function declared(objects: readonly ClusterObject[], app: string): ClusterObject[] | null {
  const workload = objects.find((one) => one.kind === 'workload' && one.name === app);
  if (workload?.kind !== 'workload') return null;
  const claims = (workload.spec?.volumes ?? []).flatMap(({ claim }) => claim ?? []);
  const rest = objects.filter(
    (one) =>
      (one.kind === 'service' && (one.name === app || one.selector?.app === app)) ||
      (one.kind === 'pvc' && claims.includes(one.name)),
  );
  return [workload, ...rest];
}
