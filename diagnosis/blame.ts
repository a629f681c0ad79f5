import type { ServiceId } from '#core/ids.ts';
import { knownDependencies } from './known-dependencies.ts';
import { onsetOf } from './onset.ts';
import { postgresIll } from './postgres/assess-postgres.ts';
import {
  allOf,
  anyOf,
  ask,
  metric,
  not,
  type Question,
  type Scene,
  said,
  signalOf,
  type Verdict,
} from './scene.ts';
import { collapsed, down, failing, hasLiveness, hurt, saturated, slow } from './symptoms.ts';

/** A dependency explains a failure only if it fails, or slows down, by at least this share of it. */
const COMMENSURATE = 0.25;
/** Slower than usual by this factor, a service can run its callers into their time limits. */
const SEVERE = 4;
/** Two onsets closer than this are at the same time. */
const SAME_TIME = 5_000;

/**
 * No service that this one calls explains its trouble: it is its own. Unseen while one of them could still explain it.
 * Direct dependencies are enough, since a fault further down shows at the one that calls it.
 */
export const ownFault: Question = (scene, service) =>
  allOf(knownDependencies(scene, service).map((on) => not(explains(scene, service, on))));

/** It calls something that the inventory cannot look at, so a fault there would look like its own. */
export const callsUnwatched: Question = (scene, service) => {
  const all = scene.inventory.services.get(service)?.dependsOn ?? [];
  return said(all.length > knownDependencies(scene, service).length, []);
};

/** One of its dependencies is down. */
export const dependencyDown: Question = (scene, service) =>
  anyOf(
    knownDependencies(scene, service)
      .filter((on) => hasLiveness(scene, on))
      .map((on) => down(scene, on)),
  );

/** Whether trouble of `on` explains the trouble of `service`, its caller. */
function explains(scene: Scene, service: ServiceId, on: ServiceId): Verdict {
  if (startedLater(scene, service, on)) return said(false, signalOf(scene, on, 'error_ratio')?.calls ?? []);
  const asked: Verdict[] = [];
  if (hasLiveness(scene, on)) asked.push(down(scene, on));
  if (isStuck(scene, on)) asked.push(said(true, signalOf(scene, on, 'saturation')?.calls ?? []));
  const { signals: watched = {}, postgres } = scene.inventory.services.get(on) ?? {};
  if (postgres !== undefined) asked.push(postgresIll(scene, on));
  const unclear = hurt(scene, service).is !== 'yes';
  if (watched.error_ratio !== undefined) asked.push(failsAsMuch(scene, service, on));
  if (watched.latency_p95 !== undefined && (unclear || slow(scene, service).is !== 'no'))
    asked.push(slowsAsMuch(scene, service, on));
  return anyOf(asked);
}

function startedLater(scene: Scene, service: ServiceId, on: ServiceId): boolean {
  const mine = onsetOf(scene, service);
  const theirs = onsetOf(scene, on);
  if (!mine.measured || !theirs.measured) return false;
  return theirs.at - mine.at > Math.max(SAME_TIME, mine.slackMs + theirs.slackMs);
}

const isStuck = (scene: Scene, on: ServiceId): boolean =>
  saturated(scene, on).is === 'yes' && collapsed(scene, on).is === 'yes';

function failsAsMuch(scene: Scene, service: ServiceId, on: ServiceId): Verdict {
  const own = failing(scene, service).is === 'yes' ? (signalOf(scene, service, 'error_ratio')?.now ?? 0) : 0;
  return ask(
    scene,
    metric(on, 'error_ratio'),
    ({ state, now }) => state === 'high' && (now ?? 0) >= COMMENSURATE * own,
  );
}

/** What only gets slower makes its caller fail by running into its time limit, and that takes more than some jitter. */
function slowsAsMuch(scene: Scene, service: ServiceId, on: ServiceId): Verdict {
  const own = signalOf(scene, service, 'latency_p95');
  const added = own?.state === 'high' ? (own.now ?? 0) - (own.median ?? 0) : 0;
  const least = failing(scene, service).is === 'yes' ? SEVERE : 1;
  return ask(
    scene,
    metric(on, 'latency_p95'),
    ({ state, now, median }) =>
      state === 'high' &&
      (now ?? 0) - (median ?? 0) >= COMMENSURATE * added &&
      (now ?? 0) >= least * (median ?? 0),
  );
}
