import type { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import type { ClusterObject } from '#incidents/observations-cluster.ts';
import type { Seen } from '../seen.ts';
import { type Ask, type KubeClient, readAs } from './client.ts';
import { page } from './wire.ts';

/** Objects in one answer, and answers for one list. */
const PAGE = 200;
const MOST_PAGES = 5;
/** What the API server leaves out by itself when it is asked for names: everything but the metadata. */
const NAMES_ONLY = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export type ListOf<T> = {
  /** `/api/v1` */
  readonly base: string;
  /** Null = of the whole cluster. */
  readonly namespace: string | null;
  readonly resource: string;
  readonly shape: z.ZodType<T>;
  /** Left out = all. */
  readonly name?: string | undefined;
  readonly namesOnly?: boolean;
  readonly labels?: string;
  readonly fields?: string;
};

/** Lists and gets objects, page by page. What comes after five pages is left out, and said to be. */
export type Lister = {
  now(): number;
  all<T>(what: ListOf<T>, signal: AbortSignal): Promise<Seen<{ items: readonly T[]; truncated: boolean }>>;
  each<T>(
    what: ListOf<T> & { to: (one: T) => ClusterObject },
    signal: AbortSignal,
  ): Promise<Seen<{ objects: readonly ClusterObject[]; truncated: boolean }>>;
};

export function createLister(client: KubeClient, clock: Clock): Lister {
  const all: Lister['all'] = (what, signal) =>
    what.name === undefined ? listAll(client, what, signal) : getOne(client, what, signal);
  return {
    now: () => clock.now(),
    all,
    each: async (what, signal) => {
      const seen = await all(what, signal);
      if (seen.kind === 'gap') return seen;
      const { items, truncated } = seen.value;
      return { kind: 'seen', value: { objects: items.map(what.to), truncated } };
    },
  };
}

export function pathOf({ base, namespace, resource, name }: Omit<ListOf<unknown>, 'shape'>): string {
  const within = namespace === null ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${base}${within}/${resource}${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
}

async function getOne<T>(
  client: KubeClient,
  what: ListOf<T>,
  signal: AbortSignal,
): Promise<Seen<{ items: readonly T[]; truncated: boolean }>> {
  // A single secret would come with its values; a list of names that has one entry does not.
  if (what.namesOnly === true) {
    const { name, ...rest } = what;
    const seen = await listAll(client, { ...rest, fields: `metadata.name=${name}` }, signal);
    const isMissing = seen.kind === 'seen' && seen.value.items.length === 0;
    return isMissing ? { kind: 'gap', reason: 'no_data', detail: `there is no ${name}` } : seen;
  }
  const ask: Ask = { path: pathOf(what), verb: 'get', resource: what.resource };
  const seen = readAs(await client.get(ask, signal), ask, what.shape);
  if (seen.kind === 'gap') return seen;
  return { kind: 'seen', value: { items: [seen.value], truncated: false } };
}

async function listAll<T>(
  client: KubeClient,
  what: ListOf<T>,
  signal: AbortSignal,
): Promise<Seen<{ items: readonly T[]; truncated: boolean }>> {
  const items: T[] = [];
  const shape = page(what.shape);
  let token: string | null = null;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const query = {
      limit: String(PAGE),
      ...(token !== null && { continue: token }),
      ...(what.labels !== undefined && { labelSelector: what.labels }),
      ...(what.fields !== undefined && { fieldSelector: what.fields }),
    };
    const ask: Ask = { path: pathOf(what), query, verb: 'list', resource: what.resource };
    const answer = await client.get(ask, signal, what.namesOnly === true ? NAMES_ONLY : undefined);
    // The list that was begun has expired: what was read so far stands, and is not all.
    if (answer.kind === 'answer' && answer.status === 410 && items.length > 0)
      return { kind: 'seen', value: { items, truncated: true } };
    const seen = readAs(answer, ask, shape);
    if (seen.kind === 'gap') return seen;
    items.push(...seen.value.items);
    token = seen.value.metadata.continue;
    if (token === null || token === '') return { kind: 'seen', value: { items, truncated: false } };
  }
  return { kind: 'seen', value: { items, truncated: true } };
}
