import type { CallId } from '#core/ids.ts';
import { revisionCauses } from '#incidents/cluster-causes.ts';
import { hasNoSignals, type Inventory } from '#incidents/inventory.ts';
import type { DeployRef } from '#incidents/refs.ts';
import type { DiagnosisReport, Hypothesis } from '#incidents/reports.ts';
import type { DiagnosisOutcome } from '#incidents/vocabulary.ts';
import { assess } from './assess.ts';
import { assessScan } from './assess-scan.ts';
import { type Assessment, CONFIRMED, LIKELY } from './assessment.ts';
import { assessCluster, clusterOf } from './cluster/assess-cluster.ts';
import { suspectDeploy } from './deploys.ts';
import { detectors } from './detectors.ts';
import type { Evidence } from './evidence.ts';
import { gapsOf } from './gaps.ts';

import { healthOf } from './healthy.ts';
import { withHistory } from './history.ts';
import { assessPostgres } from './postgres/assess-postgres.ts';
import { pressureOf } from './pressure.ts';
import type { About, Scene } from './scene.ts';
import { suspects } from './suspects.ts';

/** Lead over the second-best cause that naming the best one takes. */
export const MARGIN = 10;
const CONFIRMED_MARGIN = 15;
/** Causes with less are not worth a line. */
const WORTH_LISTING = 15;

export type Ranking = {
  readonly scene: Scene;
  readonly outcome: DiagnosisOutcome;
  readonly hypotheses: readonly Hypothesis[];
  readonly ruledOut: DiagnosisReport['ruledOut'];
  readonly gaps: DiagnosisReport['gaps'];
  readonly pressure: number | null;
  readonly deploy: DeployRef | null;
  readonly replicas: number | null;
  readonly maxReplicas: number | null;
  /** Every cause at every suspect, best first. */
  readonly assessed: readonly Assessment[];
};

/**
 * Ranks all known causes at all services where the origin may lie. Outcome and confidence are computed from the evidence; what
 * people said of earlier incidents moves a confidence a little and names nothing. Without a clear leader the outcome is
 * `inconclusive` and no confidence reaches the threshold. Pure; never throws.
 */
export function rank(evidence: Evidence, inventory: Inventory, about: About): Ranking {
  const scene: Scene = { evidence, inventory, about };
  const services = suspects(scene);
  const cluster = clusterOf(evidence, inventory, about);
  const known = detectors.filter(({ cause }) => !inventory.withoutCauses?.has(cause));
  const assessed = [
    ...(isSeenBySignals(scene)
      ? services.flatMap((service) => known.map((one) => assess(scene, one, service)))
      : []),
    ...(cluster === null ? [] : assessCluster(cluster, inventory)),
    ...assessPostgres(scene),
    ...assessScan(scene),
  ].sort(bestFirst);
  const seen = assessed.filter(({ ruledOut, confidence }) => !ruledOut && confidence >= WORTH_LISTING);
  const worth = withHistory(seen, evidence);
  const outcome = lowerOf(outcomeOf(scene, seen), outcomeOf(scene, worth));
  const named = outcome === 'likely' || outcome === 'confirmed';
  const listed = named ? worth.filter(({ cause }) => cause !== 'unknown') : worth.sort(bestFirst);
  const ceiling = named ? 100 : LIKELY - 1;
  return {
    scene,
    outcome,
    hypotheses: outcome === 'healthy' ? [] : listed.slice(0, 8).map((one) => hypothesisOf(one, ceiling)),
    ruledOut: assessed
      .filter(({ ruledOut, against }) => ruledOut && against.length > 0)
      .slice(0, 24)
      .map(({ cause, service, object, against }) => ({
        cause,
        service,
        ...(object !== undefined && { object }),
        evidence: cited(against),
      })),
    gaps: gapsOf(scene, services, listed),
    ...actionFacts(scene, named ? listed[0] : undefined),
    assessed,
  };
}

/** Where there are no signals, no cause that shows in signals can be at it. */
function isSeenBySignals({ inventory, about }: Scene): boolean {
  return !hasNoSignals(inventory.services.get(about.service));
}

/**
 * Whether two causes explain the same trouble. What a cluster says plainly of two different things is true of both: the one
 * does not make the other less likely.
 */
function competes(best: Assessment, other: Assessment): boolean {
  if (best.object === undefined || other.object === undefined || best.object === other.object) return true;
  return best.confidence < CONFIRMED;
}

function outcomeOf(scene: Scene, listed: readonly Assessment[]): DiagnosisOutcome {
  const [best, ...others] = listed.filter(({ cause }) => cause !== 'unknown');
  const second = others.find((other) => best !== undefined && competes(best, other));
  const lead = (best?.confidence ?? 0) - (second?.confidence ?? 0);
  if (best !== undefined && best.confidence >= LIKELY && lead >= MARGIN && best.for.length > 0) {
    return best.confidence >= CONFIRMED && lead >= CONFIRMED_MARGIN ? 'confirmed' : 'likely';
  }
  return healthOf(scene).is === 'yes' ? 'healthy' : 'inconclusive';
}

const bestFirst = (a: Assessment, b: Assessment): number => b.confidence - a.confidence;

/** What was before can take a name back and never give one, nor can it make anything well. */
function lowerOf(seen: DiagnosisOutcome, leaned: DiagnosisOutcome): DiagnosisOutcome {
  if (seen === 'healthy' || seen === 'inconclusive' || seen === leaned) return seen;
  return leaned === 'likely' || leaned === 'confirmed' ? 'likely' : 'inconclusive';
}

function hypothesisOf(
  { cause, service, object, confidence, for: speaksFor, against }: Assessment,
  ceiling: number,
): Hypothesis {
  return {
    cause,
    service,
    ...(object !== undefined && { object }),
    confidence: Math.min(confidence, ceiling),
    for: cited(speaksFor),
    against: cited(against),
  };
}

const cited = (calls: readonly CallId[]): CallId[] => calls.slice(0, 8);

/** What an action against the named cause would need to know. */
function actionFacts(scene: Scene, best: Assessment | undefined) {
  if (best === undefined) return { pressure: null, deploy: null, replicas: null, maxReplicas: null };
  const workload = scene.evidence.workloads.get(best.service)?.value;
  return {
    pressure: best.cause === 'overload' ? pressureOf(scene, best.service) : null,
    deploy: mayComeWithDeploy(scene, best) ? (suspectDeploy(scene, best.service)?.back ?? null) : null,
    replicas: workload?.replicas ?? null,
    maxReplicas: workload?.maxReplicas ?? null,
  };
}

/** Going back to the version before ends it, if it began with the present one: what it is at must be the service itself. */
export function mayComeWithDeploy(
  { inventory }: Scene,
  { cause, service, object }: Pick<Hypothesis, 'cause' | 'service' | 'object'>,
): boolean {
  if (cause === 'bad_deploy') return true;
  const name = inventory.services.get(service)?.workload?.name;
  return revisionCauses.some((one) => one === cause) && name !== undefined && object === `app:${name}`;
}
