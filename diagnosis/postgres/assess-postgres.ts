import type { ServiceId } from '#core/ids.ts';
import type { PostgresCause } from '#incidents/postgres-causes.ts';
import { type Assessment, LIKELY } from '../assessment.ts';
import { isConfigured, type Read } from '../read.ts';
import { type Scene, said, unseen, type Verdict } from '../scene.ts';
import { suspects } from '../suspects.ts';
import { type PostgresFinding, postgresDetectors } from './detectors.ts';
import { type PostgresState, postgresState, saidLately } from './state.ts';

/** Nothing that was only looked at is certain. */
const CEILING = 97;
/** Said when the server gives up at once: of the causes here only a full disk brings that about, not what waits behind it. */
const PANIC = /\bPANIC:/;
/** What a likely cause takes from those that it brings about by itself. */
const EFFECT = 40;

/** What each cause brings about: seen beside it, these are its effects. */
const effects: Readonly<Record<PostgresCause, readonly PostgresCause[]>> = {
  postgres_storage_full: [
    'postgres_lock_pile_up',
    'postgres_connections_exhausted',
    'postgres_replication_lag',
    'postgres_checkpoint_storm',
    'postgres_cpu_by_query',
  ],
  postgres_lock_pile_up: ['postgres_connections_exhausted', 'postgres_cpu_by_query'],
  postgres_replication_lag: ['postgres_cpu_by_query', 'postgres_checkpoint_storm'],
  postgres_checkpoint_storm: ['postgres_cpu_by_query'],
  postgres_connections_exhausted: ['postgres_cpu_by_query'],
  postgres_cpu_by_query: [],
};

/** Looks at a server, those that tell most first. */
const LOOKS = [
  'pg_locks',
  'pg_activity',
  'pg_replication',
  'pg_sizes',
  'host_status',
  'logs_search',
] as const;

/** Suspects that are PostgreSQL servers, with what was seen of each. */
function servers(scene: Scene): { service: ServiceId; state: PostgresState }[] {
  return suspects(scene)
    .filter((id) => scene.inventory.services.get(id)?.postgres !== undefined)
    .map((service) => ({ service, state: postgresState(scene.evidence, service) }));
}

/** Every cause that a detector sees in a PostgreSQL server where the origin may lie. Pure. */
export function assessPostgres(scene: Scene): Assessment[] {
  const without = scene.inventory.withoutCauses;
  return servers(scene).flatMap(({ service, state }) => {
    const found = postgresDetectors
      .filter(({ cause }) => !without?.has(cause))
      .flatMap(({ cause, find }) => find(state).map((one) => ({ ...one, cause })));
    return found.map((one) => assessment(service, one, { all: found, state }));
  });
}

function assessment(
  service: ServiceId,
  finding: PostgresFinding,
  { all, state }: { all: readonly PostgresFinding[]; state: PostgresState },
): Assessment {
  const causes = all.filter(
    ({ cause, points }) => points >= LIKELY && effects[cause].includes(finding.cause),
  );
  const panics = finding.cause === 'postgres_storage_full' ? [] : saidLately(state, PANIC);
  const points = causes.length > 0 ? finding.points - EFFECT : finding.points;
  const confidence = Math.min(panics.length > 0 ? LIKELY - 1 : CEILING, Math.max(0, points));
  return {
    cause: finding.cause,
    service,
    ...(finding.object !== undefined && { object: finding.object }),
    confidence,
    potential: confidence,
    ruledOut: false,
    for: [...new Set(finding.for)],
    against: [...new Set([...causes.flatMap((one) => one.for), ...panics.flatMap(({ calls }) => calls)])],
    wants: [],
  };
}

/** Looks at the suspected servers that were not taken yet. */
export function postgresReads(scene: Scene): Read[] {
  return servers(scene).flatMap(({ service }) => LOOKS.map((tool): Read => ({ tool, service })));
}

/** Whether a PostgreSQL server has trouble of its own, which its callers would feel. */
export function postgresIll(scene: Scene, service: ServiceId): Verdict {
  const found = assessPostgres(scene).filter((one) => one.service === service && one.confidence >= LIKELY);
  if (found.length > 0)
    return said(
      true,
      found.flatMap((one) => one.for),
    );
  const well = postgresWell(scene, service);
  return well.is === 'unseen' ? well : said(false, well.calls);
}

/**
 * Whether a PostgreSQL server is well: every kind of look answered, with the figures that matter in it, and nothing is near
 * a limit. A figure that a backend does not show is never a good one.
 */
export function postgresWell(scene: Scene, service: ServiceId): Verdict {
  const { activity, locks, replication, sizes, host } = postgresState(scene.evidence, service);
  const wanted = LOOKS.filter((tool) => tool.startsWith('pg_')).map((tool): Read => ({ tool, service }));
  if (activity === null || locks === null || replication === null || sizes === null)
    return unseen(
      scene,
      wanted.filter((read) => isConfigured(scene.inventory, read)),
    );
  const { connections, maxConnections, byState, messages } = activity.value;
  const replicas = replication.value.replicas ?? [];
  const { freeBytes, totalBytes } = sizes.value;
  const disks = host?.value.disks ?? [];
  const roomy =
    freeBytes !== null && totalBytes !== null
      ? freeBytes / totalBytes >= 0.2
      : disks.length > 0 && disks.every(({ free, total }) => free / total >= 0.2);
  const isWell =
    connections !== null &&
    maxConnections !== null &&
    connections / maxConnections < 0.7 &&
    byState?.waitingForLock === 0 &&
    (messages ?? []).length === 0 &&
    locks.value.waiting === 0 &&
    // A replica that took everything long ago shows no seconds, and then no bytes that are missing.
    replicas.every(({ lagS, lagBytes }) => lagS !== null || lagBytes !== null) &&
    Math.max(0, replication.value.lagS ?? 0, ...replicas.map((one) => one.lagS ?? 0)) < 5 &&
    roomy &&
    assessPostgres(scene).every((one) => one.service !== service);
  const calls = [...activity.calls, ...locks.calls, ...replication.calls, ...sizes.calls];
  return said(isWell, calls);
}
