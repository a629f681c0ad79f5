import type { Clock } from '#core/clock.ts';

export type Meta = {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  generation?: number;
  creationTimestamp: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: { kind: string; name: string; uid: string; controller: boolean }[];
};
export type Obj = { kind: string; metadata: Meta; [field: string]: unknown };
export type New = { kind: string; metadata: Partial<Meta> & { name: string }; [field: string]: unknown };
export type Change = { rv: number; type: 'ADDED' | 'MODIFIED' | 'DELETED'; collection: string; object: Obj };

/** Everything that a cluster keeps, with one resource version for all of it and a history of changes. */
export type Store = ReturnType<typeof createStore>;

/** `collection` is the resource alone (`deployments`): every resource has one group and version here. */
export function createStore(clock: Clock) {
  const objects = new Map<string, Obj>();
  const listeners = new Set<(change: Change) => void>();
  let changes: Change[] = [];
  let rv = 100;
  let forgotten = 0;
  const keyOf = (collection: string, { namespace = '', name }: { namespace?: string; name: string }) =>
    `${collection}/${namespace}/${name}`;
  const tell = (type: Change['type'], collection: string, object: Obj): void => {
    const change = { rv, type, collection, object: structuredClone(object) };
    changes.push(change);
    for (const listener of listeners) listener(change);
  };
  const store = {
    version: () => String(rv),
    get: (collection: string, at: { namespace?: string; name: string }): Obj | undefined =>
      objects.get(keyOf(collection, at)),
    list: (collection: string, namespace?: string): Obj[] =>
      [...objects]
        .filter(([key]) => key.startsWith(`${collection}/`))
        .map(([, object]) => object)
        .filter(({ metadata }) => namespace === undefined || metadata.namespace === namespace)
        .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
    /** Makes an object, or replaces one and keeps its uid. A changed `spec` is a new generation. */
    put(collection: string, given: New): Obj {
      const key = keyOf(collection, given.metadata);
      const known = objects.get(key);
      rv += 1;
      const isNewSpec = known === undefined || JSON.stringify(known.spec) !== JSON.stringify(given.spec);
      const metadata: Meta = {
        creationTimestamp: new Date(clock.now()).toISOString(),
        ...given.metadata,
        uid: known?.metadata.uid ?? given.metadata.uid ?? `uid-${rv}`,
        generation: (known?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0),
        resourceVersion: String(rv),
      };
      const object: Obj = { ...structuredClone(given), metadata };
      objects.set(key, object);
      tell(known === undefined ? 'ADDED' : 'MODIFIED', collection, object);
      return object;
    },
    remove(collection: string, at: { namespace?: string; name: string }): void {
      const known = objects.get(keyOf(collection, at));
      if (known === undefined) return;
      objects.delete(keyOf(collection, at));
      rv += 1;
      tell('DELETED', collection, known);
    },
    /** Changes after a version; null when that is so long ago that they are not kept any more. */
    since: (version: number): readonly Change[] | null =>
      version < forgotten ? null : changes.filter((change) => change.rv > version),
    /** From now on nobody can go on from an earlier version. */
    forget(): void {
      changes = [];
      forgotten = rv;
    },
    onChange(listener: (change: Change) => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  return store;
}
