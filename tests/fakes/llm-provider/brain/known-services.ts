import type { JsonValue } from '#core/canonical.ts';
import { sha256 } from '#core/hash.ts';
import type { ServiceId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { ServiceRef, serviceOf } from '#incidents/refs.ts';
import type { Item, ModelRequest } from '#llm/model.ts';
import { standardSignals } from '#tools/drivers/standard-signals.ts';
import { readNeighbours } from './read-result.ts';

/** The services that a conversation has named so far, and which call which. */
export type Known = {
  readonly inventory: Inventory;
  /** Nobody has said yet what these call. */
  readonly unexplored: readonly ServiceId[];
};

/** Everything that was never heard of does not exist; what exists may have any signal, log and check. */
export function knownServices({ items }: ModelRequest): Known {
  const asked = new Map(
    items.flatMap((item) =>
      item.kind === 'reply' ? item.calls.map((call) => [call.id, call] as const) : [],
    ),
  );
  const names = new Set<ServiceId>(items.flatMap(namedBy));
  const calls = new Map<ServiceId, ReadonlySet<ServiceId>>();
  const looked = new Set<ServiceId>();
  const link = (from: ServiceId, to: ServiceId): void => {
    for (const name of [from, to]) names.add(name);
    calls.set(from, new Set([...(calls.get(from) ?? []), to]));
  };
  for (const item of items) {
    if (item.kind !== 'result' || item.tool !== 'workload_status') continue;
    const [service] = refsIn(asked.get(item.id)?.args ?? null);
    if (service === undefined) continue;
    looked.add(service);
    const near = readNeighbours(item.text);
    for (const name of near.calls) link(service, name);
    for (const name of near.calledBy) link(name, service);
  }
  return {
    inventory: {
      version: sha256('as told'),
      services: new Map([...names].map((id) => [id, serviceAs(id, [...(calls.get(id) ?? [])])])),
    },
    unexplored: [...names].filter((name) => !looked.has(name)),
  };
}

function serviceAs(id: ServiceId, dependsOn: readonly ServiceId[]) {
  return {
    ...{ id, environment: 'told', owner: 'told', mode: 'propose' as const, dependsOn, maxReplicas: 1000 },
    ...{ signals: standardSignals, telemetry: 'told', logs: ['told'], probe: 'told' },
    workload: { driver: 'told', name: id },
  };
}

function namedBy(item: Item): ServiceId[] {
  return item.kind === 'input' ? refsIn(item.value) : [];
}

/** Every `service:x` in a value. */
function refsIn(value: JsonValue): ServiceId[] {
  if (typeof value === 'string') {
    const ref = ServiceRef.safeParse(value);
    return ref.success ? [serviceOf(ref.data)] : [];
  }
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(refsIn) : [];
}
