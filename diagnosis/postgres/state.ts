import type { CallId, ServiceId } from '#core/ids.ts';
import type { HostSeen } from '#incidents/observations-host.ts';
import type { PostgresSeen } from '#incidents/observations-postgres.ts';
import type { Evidence } from '../evidence.ts';

type Look<K extends PostgresSeen['look']> = {
  readonly value: Extract<PostgresSeen, { look: K }>;
  readonly calls: readonly CallId[];
};
/** Something that the server or what runs it said; age in seconds before the look, null = lately. */
type Said = { readonly text: string; readonly ageS: number | null; readonly calls: readonly CallId[] };

/** All that was seen of one PostgreSQL server. */
export type PostgresState = {
  readonly activity: Look<'activity'> | null;
  readonly locks: Look<'locks'> | null;
  readonly replication: Look<'replication'> | null;
  readonly sizes: Look<'sizes'> | null;
  readonly host: { readonly value: HostSeen; readonly calls: readonly CallId[] } | null;
  readonly said: readonly Said[];
};

/** What clients wrote, which a server repeats beside what it says itself. */
const OF_CLIENTS = /\b(STATEMENT|QUERY|CONTEXT|DETAIL|HINT):\s/;

/** Puts what was seen of a server together, the newest look of each kind. Pure. */
export function postgresState(evidence: Evidence, service: ServiceId): PostgresState {
  const sights = evidence.postgres.filter((one) => one.service === service);
  const newest = <K extends PostgresSeen['look']>(look: K): Look<K> | null => {
    const found = sights.findLast(({ seen }) => seen.look === look);
    return found !== undefined && isLook(found.seen, look)
      ? { value: found.seen, calls: [found.call] }
      : null;
  };
  const activity = newest('activity');
  const logs = evidence.logs.get(service);
  return {
    activity,
    locks: newest('locks'),
    replication: newest('replication'),
    sizes: newest('sizes'),
    host: evidence.hosts.get(service) ?? null,
    said: [
      ...(activity?.value.messages ?? []).map((one) => ({ ...one, calls: activity?.calls ?? [] })),
      ...(logs?.value.templates ?? [])
        .filter(({ fresh, template }) => fresh && !OF_CLIENTS.test(template))
        .map(({ template }) => ({ text: template, ageS: null, calls: logs?.calls ?? [] })),
    ],
  };
}

function isLook<K extends PostgresSeen['look']>(
  seen: PostgresSeen,
  look: K,
): seen is Extract<PostgresSeen, { look: K }> {
  return seen.look === look;
}

/** What was said longer ago than this is not about the incident. */
const LATELY_S = 15 * 60;

/** What the server said lately that fits a pattern. */
export function saidLately({ said }: PostgresState, pattern: RegExp): readonly Said[] {
  return said.filter(({ text, ageS }) => (ageS === null || ageS <= LATELY_S) && pattern.test(text));
}

/** Share of the active sessions that wait for one of these types; null where nothing is active or waits are not shown. */
export function waitShare({ activity }: PostgresState, types: RegExp): number | null {
  const waits = activity?.value.waits ?? [];
  const all = waits.reduce((sum, { sessions }) => sum + sessions, 0);
  if (all === 0) return null;
  return waits.filter(({ type }) => types.test(type)).reduce((sum, { sessions }) => sum + sessions, 0) / all;
}

type Level = { readonly now: number | null; readonly normal: number | null } | null | undefined;

/** How many times the normal value it is now; null where either is not known. */
export function times(level: Level): number | null {
  if (level?.now == null || level.normal == null || level.normal <= 0) return null;
  return level.now / level.normal;
}
