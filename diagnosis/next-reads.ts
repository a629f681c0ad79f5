import { LIKELY } from './assessment.ts';
import { clusterOf } from './cluster/assess-cluster.ts';
import { clusterReads } from './cluster/reads.ts';
import { healthOf } from './healthy.ts';
import { postgresReads } from './postgres/assess-postgres.ts';
import { MARGIN, mayComeWithDeploy, type Ranking } from './rank.ts';
import { isConfigured, type Read, readKey } from './read.ts';

/**
 * The looks that tell most at this point, best first, at most `limit`: each is worth the points that it could move,
 * weighted by how far its cause can still get. Empty when the leader cannot be caught any more or nothing is left to see.
 */
export function nextReads(ranking: Ranking, limit: number): Read[] {
  if (limit <= 0 || ranking.outcome === 'healthy') return [];
  const open = isSettled(ranking)
    ? []
    : [...ofCluster(ranking), ...postgresReads(ranking.scene), ...byWorth(ranking)];
  const reads = [...toAct(ranking), ...open];
  const wanted = new Map(
    (reads.length > 0 ? reads : lastLooks(ranking)).map((read) => [readKey(read), read]),
  );
  return [...wanted.values()]
    .filter(
      (read) =>
        isConfigured(ranking.scene.inventory, read) && !ranking.scene.evidence.done.has(readKey(read)),
    )
    .slice(0, limit);
}

/** The leader is confirmed and no other cause can come near it. */
function isSettled({ outcome, assessed, scene }: Ranking): boolean {
  const [best, ...others] = assessed;
  const isCluster = scene.inventory.services.get(scene.about.service)?.cluster !== undefined;
  if (isCluster && (best === undefined || best.object !== undefined)) return outcome === 'confirmed';
  if (best === undefined) return true;
  const rival = Math.max(0, ...others.map(({ potential }) => potential));
  return outcome === 'confirmed' && rival <= best.confidence - MARGIN;
}

/** Where the paged service or system runs. */
function ofCluster({ scene }: Ranking): Read[] {
  const state = clusterOf(scene.evidence, scene.inventory, scene.about);
  return state === null ? [] : clusterReads(state, scene.evidence.done, readKey);
}

function byWorth({ assessed }: Ranking): Read[] {
  const worth = new Map<string, { read: Read; points: number }>();
  for (const { potential, wants } of assessed) {
    if (potential < LIKELY) continue;
    for (const { read, points } of wants) {
      const known = worth.get(readKey(read))?.points ?? 0;
      worth.set(readKey(read), { read, points: known + (points * potential) / 100 });
    }
  }
  return [...worth.values()].sort((a, b) => b.points - a.points).map(({ read }) => read);
}

/**
 * More instances can only be asked for when it is known how many there are, and an earlier version only when it is known
 * which there were.
 */
function toAct({ hypotheses, scene }: Ranking): Read[] {
  const best = hypotheses[0];
  if (best === undefined || best.confidence < LIKELY) return [];
  if (best.cause === 'overload') return [{ tool: 'workload_status', service: best.service }];
  return mayComeWithDeploy(scene, best) ? [{ tool: 'deployments_list', service: best.service }] : [];
}

/** No cause can become likely any more: is it well, and if not, what does its log say to the people who take over, and
 * where did it begin? */
function lastLooks({ scene, outcome }: Ranking): Read[] {
  const health = healthOf(scene);
  if (health.is === 'unseen') return [...health.wants];
  if (outcome !== 'inconclusive') return [];
  const { service } = scene.about;
  return [
    { tool: 'logs_search', service },
    { tool: 'system_scan', service },
  ];
}

/** What was at the leading cause before: looked at once, when nothing else is left to see. */
export function pastReads({ hypotheses: [first], scene }: Ranking): Read[] {
  if (first === undefined) return [];
  const read: Read = { tool: 'incident_history', service: first.service };
  return scene.evidence.done.has(readKey(read)) ? [] : [read];
}
