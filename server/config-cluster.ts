import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { ServiceId } from '#core/ids.ts';
import type { Secret } from '#core/secret.ts';
import type { Service } from '#incidents/inventory.ts';
import { matchFile } from './config-duty.ts';
import { address, id, secretRef } from './config-fields.ts';
import { type Group, group, list } from './config-shape.ts';
import type { Problem } from './config-yaml.ts';
import { isLoopback } from './loopback.ts';

/** Kubernetes clusters, the namespaces in them that pages may name as a whole, and what is changed in them. */

const namespace = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'is not a namespace: small letters, digits and -');
/** Where a token goes must be known to be the cluster. */
export const secureAddress = address.refine((text) => {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, '')));
}, 'must be https://, or a loopback address such as that of kubectl proxy');

export const clusterFile = z.strictObject({
  url: secureAddress,
  /** File with the certificates that the API server is checked against; left out = those that every machine trusts. */
  ca: z.string().min(1).max(300).exactOptional(),
  token: secretRef,
});
type ClusterFile = z.infer<typeof clusterFile>;

/** Where a service or system runs. */
export const placeFile = z.strictObject({ driver: id, namespace });

/** What changes deployments; `actToken` is how the file says where a credential for changes lies. */
export const kubernetesWorkload = <T extends z.ZodType>(actToken: T) =>
  z.strictObject({
    kind: z.literal('kubernetes'),
    cluster: id,
    namespace,
    act_token: actToken.optional(),
  });

/** A whole namespace, for pages that name no service in it. It is only looked at. */
export const systemFile = z.strictObject({
  id: ServiceId,
  environment: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]{0,59}$/, 'is not an environment such as prod or staging')
    .exactOptional(),
  owner: id.exactOptional(),
  match: matchFile.exactOptional(),
  cluster: placeFile,
});
type SystemFile = z.infer<typeof systemFile>;

export type Cluster = { readonly url: string; readonly ca: string | null; readonly token: Secret };
/** Where the API server is; the credential is another matter. */
export type ClusterAddress = Pick<Cluster, 'url' | 'ca'>;

/** Makes the typed clusters of a file that was checked. */
export function buildClusters(
  clusters: Readonly<Record<string, ClusterFile>>,
  { path, secretOf }: { path: string; secretOf: (ref: string) => Secret },
): ReadonlyMap<string, Cluster> {
  return new Map(
    Object.entries(clusters).map(([name, one]) => [
      name,
      { ...clusterAddress(path, one), token: secretOf(one.token) },
    ]),
  );
}

export function clusterAddress(path: string, { url, ca }: ClusterFile): ClusterAddress {
  return { url, ca: ca === undefined ? null : resolve(dirname(path), ca) };
}

/** A system as a service of the inventory: it has no signals and no workload of its own. */
export function buildSystem(
  { id: name, environment, owner, match, cluster }: SystemFile,
  file: { readonly environment: string; readonly default_owner: string },
): Service {
  return {
    id: name,
    environment: environment ?? file.environment,
    owner: owner ?? file.default_owner,
    mode: 'observe',
    dependsOn: [],
    maxReplicas: 1,
    signals: {},
    ...(match !== undefined && { match }),
    cluster,
    isSystem: true,
  };
}

/** Credentials that are the same where they must not be, and systems that have the name of a service. */
export function checkClusters(root: Group): Problem[] {
  const clusters = group(root.clusters);
  const same = Object.entries(group(root.workloads)).flatMap(([name, one]): Problem[] => {
    const { cluster, act_token } = group(one);
    const { token } = group(typeof cluster === 'string' ? clusters[cluster] : undefined);
    if (act_token === undefined || act_token !== token) return [];
    const message = `is the same as clusters.${cluster}.token: changes need a credential that the server itself does not hold`;
    return [{ path: ['workloads', name, 'act_token'], message }];
  });
  const services = list(root.services).map((one) => group(one).id);
  const named = list(root.systems).flatMap((one, at): Problem[] => {
    const name = group(one).id;
    if (name === undefined || !services.includes(name)) return [];
    return [{ path: ['systems', at, 'id'], message: 'is the name of a service; a system needs its own' }];
  });
  return [...same, ...named];
}
