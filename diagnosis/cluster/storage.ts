import type { CallId } from '#core/ids.ts';
import type { ClusterCause } from '#incidents/cluster-causes.ts';
import type { Pod, Pv, Pvc } from '#incidents/observations-cluster.ts';
import { appOf, messagesOf, specOf, troubleOf, unique, warnings } from './facts.ts';
import { appRef, type ClusterDetector, type ClusterFinding } from './finding.ts';
import { isUnplaced } from './scheduling.ts';
import type { ClusterState, Seen } from './state.ts';

/** A claim that keeps an application waiting. */
export type StuckClaim = {
  readonly app: string;
  readonly name: string;
  /** Null where there is no such claim. */
  readonly claim: Pvc | null;
  readonly calls: readonly CallId[];
};

/** Whether a pod says that it waits for a claim. */
export const waitsForVolume = (pod: Pod, state: ClusterState): boolean =>
  isUnplaced(pod) &&
  messagesOf(pod, state).some((text) => /PersistentVolumeClaim|persistentvolumeclaim|volume/.test(text));

/** Claims that are missing or not bound, of pods that are stuck. */
export function stuckClaims(state: ClusterState): StuckClaim[] {
  const found = new Map<string, StuckClaim>();
  for (const { value: pod, calls } of state.pods.values()) {
    if (troubleOf(pod) !== 'stuck') continue;
    const app = appOf(pod);
    for (const { claim } of specOf(state, app)?.value.volumes ?? []) {
      const stuck = claim === null ? null : stuckClaim(state, { app, name: claim, calls });
      if (stuck !== null) found.set(stuck.name, stuck);
    }
  }
  return [...found.values()];
}

function stuckClaim(
  state: ClusterState,
  { app, name, calls }: { app: string; name: string; calls: readonly CallId[] },
): StuckClaim | null {
  const seen = state.pvcs.get(name);
  const isMissing = state.listed.has('pvc') && !isLive(seen);
  const isUnbound = seen?.value.status === 'Pending' || seen?.value.status === 'Lost';
  if (!isMissing && !isUnbound) return null;
  const looks = [...calls, ...(seen?.calls ?? []), ...listCalls(state, ['pvc', 'pv', 'storageclass'])];
  return { app, name, claim: isMissing ? null : (seen?.value ?? null), calls: unique(looks) };
}

/** A claim that only a manifest declares has no status. */
const isLive = (seen: Seen<Pvc> | undefined): boolean => seen !== undefined && seen.value.status !== null;

const listCalls = (state: ClusterState, kinds: readonly ('pvc' | 'pv' | 'storageclass')[]): CallId[] =>
  kinds.flatMap((kind) => state.listed.get(kind) ?? []);

type Mismatch = 'class' | 'size' | 'modes' | 'selector';

/** What of a volume does not meet a claim; what is not known of either does not count. */
export function mismatches(claim: Pvc, volume: Pv): Mismatch[] {
  const found: Mismatch[] = [];
  if (
    claim.storageClass !== null &&
    volume.storageClass !== null &&
    claim.storageClass !== volume.storageClass
  )
    found.push('class');
  if (claim.size !== null && volume.size !== null && claim.size > volume.size) found.push('size');
  if (
    claim.modes !== null &&
    volume.modes !== null &&
    claim.modes.some((mode) => !volume.modes?.includes(mode))
  )
    found.push('modes');
  const wanted = Object.entries(claim.selector ?? {});
  if (volume.labels !== null && wanted.some(([key, value]) => volume.labels?.[key] !== value))
    found.push('selector');
  return found;
}

const isFree = (volume: Pv): boolean =>
  volume.status === 'Available' || (volume.status === null && volume.claim === null);

type Market = { readonly free: readonly Pv[]; readonly taken: readonly Pv[] };

function market(state: ClusterState, name: string): Market {
  const live = [...state.pvs.values()].map(({ value }) => value).filter(({ status }) => status !== null);
  const mine = live.filter(({ claim }) => claim === `${state.namespace}/${name}`);
  const others = live.filter((one) => !mine.includes(one));
  return {
    free: [...mine, ...others].filter((one) => isFree(one) || mine.includes(one)),
    taken: others.filter((one) => !isFree(one)),
  };
}

type Judge = (claim: Pvc, market: Market, context: { state: ClusterState; app: string }) => number;

function storage(cause: ClusterCause, judge: Judge): ClusterDetector {
  return {
    cause,
    find: (state) =>
      stuckClaims(state).flatMap(({ app, name, claim, calls }): ClusterFinding[] => {
        if (claim === null || !state.listed.has('pv')) return [];
        const points = judge(claim, market(state, name), { state, app });
        return points <= 0 ? [] : [{ object: appRef(app), points, for: calls }];
      }),
  };
}

/** Every free volume misses by this one thing, or the nearest does; what the claim asks for must be known. */
const missesBy =
  (what: Mismatch): Judge =>
  (claim, { free }) => {
    const all = free.map((volume) => mismatches(claim, volume));
    if (all.length === 0 || all.some((one) => one.length === 0)) return 0;
    const least = Math.min(...all.map((one) => one.length));
    const nearest = all.filter((one) => one.length === least);
    if (!nearest.some((one) => one.includes(what))) return 0;
    const isKnown = claim.size !== null && claim.modes !== null;
    if (least > 1) return 55;
    return nearest.every((one) => one.includes(what)) ? (isKnown ? 93 : 66) : 55;
  };

/** The class that the claim names does not exist, or none of the volumes is of it. */
const wrongClass: Judge = (claim, volumes, context) => {
  const told = warnings(claim.events).some(({ message }) =>
    /storageclass[^ ]* "[^"]+" not found/.test(message),
  );
  const classes = context.state.names.get('storageclass');
  const named = claim.storageClass !== null && claim.storageClass !== '';
  const isUnknown =
    named && context.state.listed.has('storageclass') && !classes?.has(claim.storageClass ?? '');
  if (told || isUnknown) return 95;
  return missesBy('class')(claim, volumes, context);
};

/** A volume that would fit is held by another claim, and no free one is near. */
const occupied: Judge = (claim, { free, taken }) => {
  const fits = (volume: Pv): boolean => mismatches(claim, volume).length === 0;
  if (free.some((volume) => fits(volume))) return 0;
  const named = taken.find(({ name }) => name === claim.volume);
  if (named !== undefined) return 95;
  const fitting = taken.filter(fits);
  if (fitting.length === 0) return 0;
  const isKnown = claim.size !== null && claim.modes !== null;
  return free.length > 0 ? 50 : isKnown ? 93 : 68;
};

/** Causes that keep a claim from getting a volume. */
export const storageDetectors: readonly ClusterDetector[] = [
  storage('pvc_storage_class_mismatch', wrongClass),
  storage('pvc_capacity_mismatch', missesBy('size')),
  storage('pvc_access_mode_mismatch', missesBy('modes')),
  storage('pvc_selector_mismatch', missesBy('selector')),
  storage('pv_binding_occupied', occupied),
];
