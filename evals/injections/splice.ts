import type { Alert } from '#incidents/alert.ts';
import type { ClusterObject } from '#incidents/observations-cluster.ts';
import { ClusterName } from '#incidents/observations-cluster.ts';
import type { ClusterDriver } from '#tools/drivers/cluster-port.ts';
import type { CodeDriver } from '#tools/drivers/code-port.ts';
import type { LogsDriver, Seen, WorkloadDriver, World } from '#tools/drivers/ports.ts';
import type { PostgresDriver } from '#tools/drivers/postgres-port.ts';
import type { Runbook } from '#tools/tool.ts';

/** A text, and secrets that no text may carry out, as whoever attacks gets them into what is looked at. */
export type Planted = { readonly text: string; readonly secrets: readonly string[] };

const map = async <T, U>(seen: Promise<Seen<T>>, change: (value: T) => U): Promise<Seen<U>> => {
  const found = await seen;
  return found.kind === 'seen' ? { kind: 'seen', value: change(found.value) } : found;
};

/** The page, with the text in its name and its words. */
export function splicedAlert(alert: Alert, { text }: Planted): Alert {
  return {
    ...alert,
    name: `${alert.name} ${text}`.slice(0, 120),
    summary: `${alert.summary} ${text}`.trim().slice(0, 500),
  };
}

/**
 * The world of a case, with the text wherever foreign text comes in: log lines, who deployed, events, labels, names, statements and
 * names of sessions in databases, titles and lines of changes.
 */
export function splicedWorld(world: World, planted: Planted): World {
  const each = <T>(drivers: ReadonlyMap<string, T>, change: (driver: T) => T): ReadonlyMap<string, T> =>
    new Map([...drivers].map(([name, driver]) => [name, change(driver)]));
  return {
    ...world,
    logs: splicedLogs(world.logs, planted),
    workloads: each(world.workloads, (driver) => splicedWorkloads(driver, planted)),
    ...(world.clusters && { clusters: each(world.clusters, (driver) => splicedCluster(driver, planted)) }),
    ...(world.databases && {
      databases: each(world.databases, (driver) => splicedDatabase(driver, planted)),
    }),
    ...(world.code && { code: splicedCode(world.code, planted) }),
  };
}

/** Whoever may connect chooses what a session is called and what it runs; whoever may create, what a table is called. */
function splicedDatabase(driver: PostgresDriver, planted: Planted): PostgresDriver {
  const marked = (text: string | null): string => `${text ?? ''} ${whole(planted)}`.trim().slice(0, 700);
  const named = <T extends { name: string }>(list: readonly T[] | null): T[] | null =>
    list === null ? null : list.map((one) => ({ ...one, name: marked(one.name) }));
  return {
    activity: (signal) =>
      map(driver.activity(signal), (found) => ({
        ...found,
        queries: found.queries?.map((one) => ({ ...one, text: marked(one.text) })) ?? null,
      })),
    locks: (signal) =>
      map(driver.locks(signal), (found) => ({
        ...found,
        blockers: found.blockers.map((one) => {
          const { app, text, relation } = one;
          return { ...one, app: marked(app), text: marked(text), relation: marked(relation) };
        }),
      })),
    replication: (signal) =>
      map(driver.replication(signal), (found) => ({ ...found, replicas: named(found.replicas) })),
    sizes: (signal) => map(driver.sizes(signal), (found) => ({ ...found, tables: named(found.tables) })),
  };
}

function splicedCode(driver: CodeDriver, planted: Planted): CodeDriver {
  const titled = <T extends { title: string; author: string }>(one: T): T => ({
    ...one,
    title: `${one.title} ${whole(planted)}`,
    author: whole(planted),
  });
  return {
    merged: (query, signal) =>
      map(driver.merged(query, signal), (found) => ({ ...found, commits: found.commits.map(titled) })),
    deployed: (query, signal) =>
      map(driver.deployed(query, signal), (found) => found.map((one) => ({ ...one, by: whole(planted) }))),
    diff: (query, signal) =>
      map(driver.diff(query, signal), (found) => ({
        ...titled(found),
        parts: found.parts.map((one) => ({ ...one, patch: `${one.patch}\n+${whole(planted)}` })),
      })),
  };
}

/** A page of instructions for people, as anyone who may write there can leave it. */
export const splicedRunbook = ({ text }: Planted, services: readonly string[]): Runbook => ({
  ...{ name: 'notes', services, actions: [] },
  prose: text.slice(0, 4000),
});

/** The secrets stand first: places are short, and what is cut off is not tested. */
const whole = ({ text, secrets }: Planted): string => `${secrets.join(' ')} ${text}`;
const lines = ({ text, secrets }: Planted): string[] => [text, `login with ${secrets.join(' ')} failed`];

function splicedLogs(driver: LogsDriver, planted: Planted): LogsDriver {
  return {
    search: (query, signal) =>
      map(driver.search(query, signal), (found) => {
        const at = found.lines.at(-1)?.at ?? null;
        const added = lines(planted).map((message) => ({ at, level: 'error', message }));
        return {
          lines: [...found.lines, ...added].slice(-query.limit),
          total: found.total + added.length,
          truncated: found.truncated,
        };
      }),
  };
}

function splicedWorkloads(driver: WorkloadDriver, planted: Planted): WorkloadDriver {
  return {
    ...driver,
    deployments: (service, signal) =>
      map(driver.deployments(service, signal), (found) =>
        found.map((one) => ({ ...one, by: `${one.by} ${whole(planted)}`.slice(0, 300) })),
      ),
  };
}

/** As a resource may be called. */
function nameOf(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60)
    .replaceAll(/^-+|-+$/g, '');
  return ClusterName.safeParse(name).data ?? 'note';
}

function splicedCluster(driver: ClusterDriver, planted: Planted): ClusterDriver {
  const { text } = planted;
  const marked = (object: ClusterObject): ClusterObject => {
    const labels =
      'labels' in object ? { labels: { ...object.labels, note: whole(planted).slice(0, 250) } } : {};
    return Object.assign({}, object, labels);
  };
  const event = {
    about: null,
    warning: true,
    reason: 'Note',
    message: whole(planted).slice(0, 700),
    count: 1,
    ageS: 5,
  };
  return {
    ...driver,
    list: (query, signal) =>
      map(driver.list(query, signal), ({ objects, truncated }) => ({
        objects: [...objects.map(marked), ...namedAfter(query.kind, text)],
        truncated,
      })),
    describe: (query, signal) => map(driver.describe(query, signal), marked),
    manifest: (query, signal) => map(driver.manifest(query, signal), (found) => found.map(marked)),
    events: (query, signal) => map(driver.events(query, signal), (found) => [...found, event]),
    errorLogs: (query, signal) =>
      map(driver.errorLogs(query, signal), (found) => {
        const added = lines(planted).map((sample) => ({ count: 1, sample: sample.slice(0, 700) }));
        return {
          ...found,
          errors: (found.errors ?? 0) + added.length,
          patterns: [...found.patterns, ...added],
        };
      }),
    connect: (query, signal) =>
      map(driver.connect(query, signal), (found) => ({
        ...found,
        detail: `${found.detail} ${whole(planted)}`.slice(0, 700),
      })),
  };
}

/** Whoever may create something may call it anything. */
function namedAfter(kind: ClusterObject['kind'], text: string): ClusterObject[] {
  return kind === 'configmap' || kind === 'secret' || kind === 'serviceaccount'
    ? [{ kind, name: nameOf(text) }]
    : [];
}
