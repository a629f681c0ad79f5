/**
 * Name of the workload that a pod belongs to, by what its controller gave it: the template hash of a deployment
 * (`shop-7d9f-x2x`), or the number of a stateful set (`db-0`). Null where neither shows.
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
  return numbered && dash > 0 ? pod.slice(0, dash) : null;
}
