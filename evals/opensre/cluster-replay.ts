import { type ClusterKind, ClusterObject } from '#incidents/observations-cluster.ts';
import type { ClusterDriver } from '#tools/drivers/cluster-port.ts';
import type { Gap, Seen } from '#tools/drivers/seen.ts';
import { eventsOf, nodesOf, podsOf, workloadsOf } from './cluster-evidence.ts';
import { anomaliesOf, logsOf } from './cluster-telemetry.ts';

const lost: Gap = { kind: 'gap', reason: 'not_recorded', detail: 'this was not recorded' };
const absent: Gap = { kind: 'gap', reason: 'no_data', detail: 'there is no such thing' };
const seen = <T>(value: T | null): Seen<T> => (value === null ? lost : { kind: 'seen', value });

/** Answers the looks at a cluster from the evidence of a scenario. What was not recorded is a gap, never guessed. */
export function clusterReplay(evidence: ReadonlyMap<string, unknown>): ClusterDriver {
  const objects = (kind: ClusterKind): ClusterObject[] | null => {
    switch (kind) {
      case 'pod':
        return valid(podsOf(evidence));
      case 'workload':
        return valid(workloadsOf(evidence));
      case 'node':
        return valid(nodesOf(evidence));
      default:
        return null;
    }
  };
  return {
    list: async ({ kind }) => {
      const found = objects(kind);
      // A list of pods does not tell what happened to each.
      const rows = found?.map((one) => ('events' in one ? { ...one, events: null } : one)) ?? null;
      return seen(rows === null ? null : { objects: rows, truncated: false });
    },
    describe: async ({ kind, name }) => {
      const found = objects(kind);
      const one = found?.find((object) => object.name === name);
      return found === null ? lost : one === undefined ? absent : { kind: 'seen', value: one };
    },
    manifest: async () => lost,
    events: async () => seen(eventsOf(evidence)),
    errorLogs: async ({ app }) => seen(logsOf(evidence, app)),
    nodeService: async () => lost,
    dependencies: async () => lost,
    connect: async () => lost,
    anomalies: async () => seen(anomaliesOf(evidence)),
  };
}

/** Only what has the shape of an object: names are checked here as any driver checks them. */
const valid = (found: readonly ClusterObject[] | null): ClusterObject[] | null =>
  found?.flatMap((object) => ClusterObject.safeParse(object).data ?? []) ?? null;
