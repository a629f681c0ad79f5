import type { Digest, ServiceId } from '#core/ids.ts';
import type { Repository } from './observations-changes.ts';
import type { OperatorAction } from './operator-action.ts';
import type { Mode, SignalName } from './vocabulary.ts';

/** Where a signal comes from, in terms that a Prometheus query and the built-in scraper both compute. */
export type SignalSource =
  | { kind: 'ratio'; of: Selector; to: Selector } // rate(of) / rate(to)
  | { kind: 'rate'; of: Selector } // per second, summed over instances
  | { kind: 'quantile'; histogram: string; q: number; unit: 'seconds' | 'milliseconds' } // in ms
  | { kind: 'gauge_ratio'; of: string; per: string; over: 'sum' | 'max' } // e.g. in flight / pool size
  | { kind: 'up' }; // targets that answered the last scrape
/** A metric with equality or regular-expression matchers on its labels (`code: "5.."` is anchored, as in PromQL). */
export type Selector = { metric: string; where?: Readonly<Record<string, string>> };

/** One service of the inventory, as the config gives it. */
export type Service = {
  readonly id: ServiceId;
  readonly environment: string;
  readonly owner: string; // team
  readonly mode: Mode;
  readonly dependsOn: readonly ServiceId[];
  /** An alert whose labels fit one of these is about it, whatever service it names; `*` stands for any text. */
  readonly match?: readonly Readonly<Record<string, string>>[];
  readonly maxReplicas: number;
  readonly signals: Readonly<Partial<Record<SignalName, SignalSource>>>;
  readonly telemetry?: string; // id of the metrics source
  /** Its metrics source takes expressions. */
  readonly promql?: true;
  readonly logs?: readonly string[]; // files
  readonly loki?: string; // id of the log store
  /** It is a PostgreSQL server, or stands for one. */
  readonly postgres?: { readonly driver: string };
  /** It runs on the machine that this product runs on. */
  readonly host?: true;
  readonly probe?: string; // URL of the health check
  readonly workload?: { readonly driver: string; readonly name: string };
  /** The cluster and the namespace that it runs in. */
  readonly cluster?: { readonly driver: string; readonly namespace: string };
  /** Where its code lies, and what GitHub calls the place that it goes out to. */
  readonly repo?: Repository;
  readonly deployEnvironment?: string;
  /** It stands for all that runs in its namespace: a page may name it where it names no service. */
  readonly isSystem?: true;
};

export type Inventory = {
  /** Digest of the inventory part of the config. */
  readonly version: Digest;
  readonly services: ReadonlyMap<ServiceId, Service>;
  /** Commands of the operator's own, by name; left out = none. */
  readonly actions?: ReadonlyMap<string, OperatorAction>;
  /** Causes that no rule may name; measurements use it to see what happens where a rule is missing. */
  readonly withoutCauses?: ReadonlySet<string>;
};

/** No signals say how it is: what its cluster or its database server says of it is looked at at once. */
export function hasNoSignals(service: Service | undefined): boolean {
  if (service === undefined) return false;
  const isElsewhere = service.postgres !== undefined || service.cluster !== undefined;
  return service.isSystem === true || (isElsewhere && Object.keys(service.signals).length === 0);
}

/** Whether a cause may be at something inside of a service: an application of a cluster, a session of a database. */
export function namesObjects({ services }: Inventory): boolean {
  return [...services.values()].some((one) => one.cluster !== undefined || one.postgres !== undefined);
}

/** Services that call `id`, directly or through others: where a fault of `id` shows up. */
export function callersOf(inventory: Inventory, id: ServiceId): Set<ServiceId> {
  const callers = new Set<ServiceId>();
  const queue: ServiceId[] = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const service of inventory.services.values()) {
      if (service.dependsOn.includes(next) && !callers.has(service.id)) {
        callers.add(service.id);
        queue.push(service.id);
      }
    }
  }
  return callers;
}

/** Services that `id` calls, directly or through others: where a fault that shows at `id` may come from. */
export function dependenciesOf(inventory: Inventory, id: ServiceId): Set<ServiceId> {
  const found = new Set<ServiceId>();
  const queue = [...(inventory.services.get(id)?.dependsOn ?? [])];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    queue.push(...(inventory.services.get(next)?.dependsOn ?? []));
  }
  found.delete(id);
  return found;
}
