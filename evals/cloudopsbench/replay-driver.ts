import type { ClusterKind, ClusterObject } from '#incidents/observations-cluster.ts';
import { ClusterObject as ClusterObjectShape } from '#incidents/observations-cluster.ts';
import type { ClusterDriver } from '#tools/drivers/cluster-port.ts';
import type { Gap, Seen } from '#tools/drivers/ports.ts';
import { anomaliesOf, connectivityOf, dependenciesOf, logsOf, nodeServiceOf } from './answers.ts';
import { described } from './kubectl/describe.ts';
import { configuredNodes, listed, rowsOf } from './kubectl/get.ts';
import { declaredObjects } from './kubectl/manifest.ts';

/** What the recording calls each kind. */
const TYPES: Readonly<Record<ClusterKind, readonly string[]>> = {
  pod: ['pods'],
  workload: ['deployments', 'statefulsets', 'daemonsets'],
  replicaset: ['replicasets'],
  service: ['services'],
  endpoints: ['endpoints'],
  node: ['nodes'],
  quota: ['resourcequota'],
  pvc: ['persistentvolumeclaims'],
  pv: ['persistentvolumes'],
  storageclass: ['storageclasses'],
  secret: ['secrets'],
  configmap: ['configmaps'],
  serviceaccount: ['serviceaccounts'],
};
const WORKLOADS: Readonly<Record<string, 'Deployment' | 'StatefulSet' | 'DaemonSet'>> = {
  deployments: 'Deployment',
  statefulsets: 'StatefulSet',
  daemonsets: 'DaemonSet',
};

/** Recorded answers by the key of the question. */
export type Recording = { readonly answers: ReadonlyMap<string, string>; readonly namespace: string };
/** `missed` counts the looks that nothing was recorded for. */
export type ReplayDriver = ClusterDriver & { readonly missed: () => number };

/**
 * Answers the looks at a cluster from what was recorded of one. A list is the same list in the formats that were
 * recorded; a look that was not recorded is the gap `not_recorded`, counted and never guessed.
 */
export function replayDriver({ answers, namespace }: Recording): ReplayDriver {
  let missed = 0;
  const lost = (): Gap => {
    missed += 1;
    return { kind: 'gap', reason: 'not_recorded', detail: 'this was not recorded' };
  };
  const ask = (tool: string, args: object): string | undefined =>
    answers.get(`${tool}:${JSON.stringify(args)}`);
  const seen = <T>(value: T): Seen<T> => ({ kind: 'seen', value });
  const listTexts = (type: string): string[] => {
    const base = { resource_type: type, name: '', namespace };
    const forms = [base, { ...base, output_wide: true }, { ...base, show_labels: true }];
    return forms.flatMap((form) => ask('GetResources', form) ?? []);
  };
  const list = (kind: ClusterKind): ClusterObject[] | null => {
    const nodes = kind === 'node' ? configuredNodes(ask('GetClusterConfiguration', {}) ?? '') : null;
    if (nodes !== null) return valid(nodes);
    const tables = TYPES[kind].map((type) => ({ type, texts: listTexts(type) }));
    if (tables.every(({ texts }) => texts.length === 0)) return null;
    return valid(
      tables.flatMap(({ type, texts }) =>
        rowsOf(texts).map((row) => listed(kind, row, WORKLOADS[type] ?? 'Deployment')),
      ),
    );
  };
  return {
    missed: () => missed,
    list: async ({ kind }) => {
      const objects = list(kind);
      return objects === null ? lost() : seen({ objects, truncated: false });
    },
    describe: async ({ kind, name }) => {
      const texts = TYPES[kind].flatMap(
        (type) => ask('DescribeResource', { resource_type: type, name, namespace }) ?? [],
      );
      const [object] = valid(texts.flatMap((text) => described(kind, text) ?? []));
      return object === undefined ? lost() : seen(object);
    },
    manifest: async ({ app }) => {
      const text = ask('GetAppYAML', { app_name: app });
      return text === undefined ? lost() : seen(valid(declaredObjects(text)));
    },
    events: async () => lost(),
    errorLogs: async ({ app }) => {
      const text = ask('GetErrorLogs', { namespace, service_name: app });
      return text === undefined ? lost() : seen(logsOf(text));
    },
    nodeService: async ({ node, service }) => {
      const text = ask('CheckNodeServiceStatus', { node_name: node, service_name: service });
      return text === undefined ? lost() : seen(nodeServiceOf(node, service, text));
    },
    dependencies: async ({ app }) => {
      const text = ask('GetServiceDependencies', { service_name: app });
      return text === undefined ? lost() : seen(dependenciesOf(text));
    },
    connect: async ({ service, port }) => {
      const text = ask('CheckServiceConnectivity', { namespace, service_name: service, port });
      const found = text === undefined ? null : connectivityOf(text);
      return found === null ? lost() : seen(found);
    },
    anomalies: async () => {
      const text = ask('GetAlerts', {});
      return text === undefined ? lost() : seen(anomaliesOf(text));
    },
  };
}

/** Only what has the shape of an object: names are checked here as any driver checks them. */
function valid(objects: readonly ClusterObject[]): ClusterObject[] {
  return objects.flatMap((object) => ClusterObjectShape.safeParse(object).data ?? []);
}
