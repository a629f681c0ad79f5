import type { CallId, ServiceId } from '#core/ids.ts';
import type { ClusterRef } from '#incidents/cluster-causes.ts';
import type { Cause } from '#incidents/vocabulary.ts';
import type { Read } from './read.ts';

/** Below this a cause is not named as the culprit. */
export const LIKELY = 70;
export const CONFIRMED = 90;

/** One cause at one service, weighed. `potential`: the confidence if all that can still be looked at spoke for it. */
export type Assessment = {
  readonly cause: Cause;
  readonly service: ServiceId;
  /** What in the cluster of the service it is at. */
  readonly object?: ClusterRef;
  readonly confidence: number;
  readonly potential: number;
  readonly ruledOut: boolean;
  readonly for: readonly CallId[];
  readonly against: readonly CallId[];
  /** Looks that would change the confidence, with the points at stake. */
  readonly wants: readonly { readonly read: Read; readonly points: number }[];
};
