import type { CallId } from '#core/ids.ts';
import type { Pod } from '#incidents/observations-cluster.ts';
import { messagesOf, podsOf, type SickApp, sickApps, specOf, troubleOf, unique } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import type { ClusterState } from './state.ts';

/** A process that cannot use what it was configured with says so, in one order of the words or the other. */
const WHAT =
  '(?:env(?:ironment)?[ _-]?(?:var(?:iable)?s?)?|config(?:uration)?s?|settings?|propert(?:y|ies)|option|flag|parameter)';
const WRONG =
  '(?:not set|not defined|unset|missing|required|undefined|invalid|malformed|not provided|unknown|empty)';
const CONFIGURATION = new RegExp(
  `\\b${WHAT}\\b.{0,60}\\b${WRONG}\\b|\\b${WRONG}\\b.{0,40}\\b${WHAT}\\b|\\bconfig(?:uration)? error\\b`,
  'i',
);

/** Its containers end by themselves, again and again; the kernel did not do it. */
function ends(pod: Pod): boolean {
  const states = (pod.containers ?? []).flatMap(({ state, last }) => [state, last]);
  if (states.some((one) => one?.reason === 'OOMKilled')) return false;
  return (
    /CrashLoop|^Error$|RunContainerError/.test(pod.status ?? '') ||
    states.some((one) => one?.reason === 'CrashLoopBackOff' || (one?.exitCode ?? 0) > 0)
  );
}

const looksAt = (state: ClusterState, { app, pods }: SickApp): CallId[] =>
  unique([...pods.flatMap(({ calls }) => calls), ...(state.logs.get(app)?.calls ?? [])]).slice(0, 8);

/** It starts, reads its configuration, says what is wrong with it, and ends. */
const startupConfiguration: ClusterDetector = {
  cause: 'startup_configuration_error',
  find: (state) =>
    sickApps(state).flatMap((sick): ClusterFinding[] => {
      const ended = sick.pods.filter(({ value }) => ends(value));
      if (ended.length === 0) return [];
      const logged = (state.logs.get(sick.app)?.value.patterns ?? []).some(({ sample }) =>
        CONFIGURATION.test(sample),
      );
      const told = ended.some(({ value }) =>
        messagesOf(value, state).some((text) => CONFIGURATION.test(text)),
      );
      const points = logged ? 86 : told ? 76 : 0;
      return points === 0 ? [] : [{ object: appRef(sick.app), points, for: looksAt(state, sick) }];
    }),
};

/** What made a pod: its name without what is its own. */
const revisionOf = ({ name }: Pod): string => name.slice(0, Math.max(0, name.lastIndexOf('-')));
const ageOf = ({ ageS }: Pod): number => ageS ?? 0;

/**
 * Every pod of the newest revision ends by itself, while those of an older one go on: what differs is the revision. It says
 * less than whatever says why, and so never stands above that.
 */
const failingRevision: ClusterDetector = {
  cause: 'failing_revision',
  find: (state) =>
    sickApps(state).flatMap((sick): ClusterFinding[] => {
      const pods = podsOf(state, sick.app).map(({ value }) => value);
      const ill = new Set(pods.filter(ends).map(revisionOf));
      const well = pods.filter((pod) => troubleOf(pod) === null && !ill.has(revisionOf(pod)));
      const newest = pods.filter((pod) => ill.has(revisionOf(pod)));
      if (state.workloads.get(sick.app)?.value.type !== 'Deployment' || ill.size !== 1) return [];
      if (well.length === 0 || !newest.every(ends)) return [];
      const isNewer = Math.max(...newest.map(ageOf)) < Math.min(...well.map(ageOf));
      return isNewer ? [{ object: appRef(sick.app), points: 71, for: looksAt(state, sick) }] : [];
    }),
};

const KILLED = /liveness probe failed|failed liveness probe/i;

/**
 * A container that ends well and logs nothing bad is ended by its liveness probe. Only where nothing shows how it asks: what
 * is known of a probe says more.
 */
const livenessFails: ClusterDetector = {
  cause: 'liveness_probe_failing',
  find: (state) =>
    sickApps(state).flatMap((sick): ClusterFinding[] => {
      if (specOf(state, sick.app) !== null) return [];
      const killed = sick.pods.filter(
        ({ value }) =>
          (value.restarts ?? 0) > 0 &&
          !ends(value) &&
          messagesOf(value, state).some((text) => KILLED.test(text)),
      );
      if (killed.length === 0) return [];
      const logs = state.logs.get(sick.app);
      const isQuiet = logs?.value.errors === 0;
      const others = podsOf(state, sick.app).some(({ value }) => troubleOf(value) === null);
      const points = 64 + (isQuiet ? 10 : 0) + (others ? 8 : 0);
      return [{ object: appRef(sick.app), points, for: looksAt(state, sick) }];
    }),
};

/** Causes that came with what was last rolled out, or with how it is watched. */
export const revisionDetectors: readonly ClusterDetector[] = [
  startupConfiguration,
  failingRevision,
  livenessFails,
];
