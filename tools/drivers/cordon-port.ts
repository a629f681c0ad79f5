import type { Service } from '#incidents/inventory.ts';
import type { ChangeOutcome } from './change-outcome.ts';
import type { Seen } from './seen.ts';

/** As many other nodes must still take pods. */
export const LEAST_OTHERS = 2;

/** A node as it would be cordoned: what is on it of the service, and how many other nodes would still take pods. */
export type CordonSeen = {
  readonly uid: string;
  readonly cordoned: boolean;
  /** Pods of the service on the node. */
  readonly pods: number;
  /** Other nodes that are ready and take pods. */
  readonly others: number;
};
/** `back` makes the node take pods again, if this product's own order is the last that was made of it. */
export type CordonOrder = { readonly node: string; readonly back: boolean; readonly key: string };

/**
 * Keeps new pods off a node of the cluster that a service runs in; what runs there stays. `dryRun` has the cluster itself
 * make a dry run. A repeated key changes nothing; `settle` says what became of one. Nothing throws.
 */
export type CordonDriver = {
  dryRun(service: Service, node: string, signal: AbortSignal): Promise<Seen<CordonSeen>>;
  apply(order: CordonOrder, signal: AbortSignal): Promise<ChangeOutcome>;
  settle(key: string, signal: AbortSignal): Promise<'happened' | 'did_not_happen' | 'unknown'>;
  /** The same as a command for a person. */
  manual(node: string): string;
};
