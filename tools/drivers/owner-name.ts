/** The letters and digits that Kubernetes makes names of. */
const MADE = '[bcdfghjklmnpqrstvwxz2456789]';
const BY_DEPLOYMENT = new RegExp(`^(.+)-${MADE}{6,10}-${MADE}{5}$`);

/**
 * Name of the workload that a pod belongs to, by what its controller gave it: the template hash of a deployment
 * (`shop-7d9f-x2x`), or the number of a stateful set (`db-0`); without labels by how such names are made. Null where nothing shows.
 */
export function ownerName(pod: string, labels: Readonly<Record<string, string>>): string | null {
  const hash = labels['pod-template-hash'];
  if (hash !== undefined && hash !== '') {
    const at = pod.lastIndexOf(`-${hash}-`);
    if (at > 0) return pod.slice(0, at);
  }
  const isNumbered =
    labels['statefulset.kubernetes.io/pod-name'] !== undefined ||
    labels['apps.kubernetes.io/pod-index'] !== undefined;
  const numbered = isNumbered || labels['controller-revision-hash'] !== undefined;
  const dash = pod.lastIndexOf('-');
  if (numbered && dash > 0) return pod.slice(0, dash);
  return Object.keys(labels).length === 0 ? (BY_DEPLOYMENT.exec(pod)?.[1] ?? null) : null;
}
