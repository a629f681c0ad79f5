import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';

/**
 * References are minted by code only (from the config, or by a driver from what it observed) and shown to models as
 * opaque ids. A reference that parses is not yet known: whoever takes one looks it up in the inventory.
 */

/** `service:checkout`. */
export const ServiceRef = z
  .string()
  .regex(/^service:[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$/, 'not a service reference');
export type ServiceRef = z.infer<typeof ServiceRef>;

/** `deploy:checkout@-1`: the deployment so many before the one now running. */
export const DeployRef = z
  .string()
  .regex(/^deploy:[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?@-[1-9]$/, 'not a deployment reference');
export type DeployRef = z.infer<typeof DeployRef>;

/** `node:worker-1`: a node of the cluster that a service runs in, as the cluster's driver names it. */
export const NodeRef = z
  .string()
  .regex(/^node:[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'not a node reference');
export type NodeRef = z.infer<typeof NodeRef>;

/** `alert:` and the fingerprint of an alert of the incident. */
export const AlertRef = z.string().regex(/^alert:[0-9a-f]{64}$/, 'not an alert reference');
export type AlertRef = z.infer<typeof AlertRef>;

/** `action:restart-queue`: an action that the config defines. */
export const ActionRef = z.string().regex(/^action:[a-z][a-z0-9_-]{0,39}$/, 'not an action reference');
export type ActionRef = z.infer<typeof ActionRef>;

export function serviceRef(id: ServiceId): ServiceRef {
  return `service:${id}`;
}

/** The service that a reference names; the pattern makes the id valid. */
export function serviceOf(ref: ServiceRef): ServiceId {
  return ServiceId.parse(ref.slice('service:'.length));
}

export function deployRef(id: ServiceId, back: number): DeployRef {
  return `deploy:${id}@-${back}`;
}

/** Service and how many deployments back. */
export function deployOf(ref: DeployRef): { service: ServiceId; back: number } {
  const at = ref.lastIndexOf('@-');
  return { service: ServiceId.parse(ref.slice('deploy:'.length, at)), back: Number(ref.slice(at + 2)) };
}
