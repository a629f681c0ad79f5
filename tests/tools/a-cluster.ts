import { onTestFinished } from 'vitest';
import { type Clock, realClock } from '#core/clock.ts';
import { createKubernetesCluster } from '#tools/drivers/kubernetes/cluster.ts';
import { createKubernetesWorkload } from '#tools/drivers/kubernetes/workload.ts';
import { startFakeKubernetes } from '../fakes/kubernetes/fake-kubernetes.ts';
import type { FakeKubernetes } from '../fakes/kubernetes/state.ts';
import { aService } from './a-service.ts';

export const shopService = aService({
  workload: { driver: 'shop', name: 'checkout' },
  maxReplicas: 5,
});

type Options = NonNullable<Parameters<typeof startFakeKubernetes>[0]> & { token?: string };

/** A cluster on this machine for one test, and both drivers over it. */
export async function aCluster(options: Options = {}) {
  const fake = await startFakeKubernetes(options);
  onTestFinished(fake.close);
  const { clock = realClock } = options;
  return { fake, ...driversOf(fake, clock, options.token) };
}

export function driversOf({ url }: FakeKubernetes, clock: Clock = realClock, token = 'all') {
  const settings = { url, ca: null, token: () => token, timeoutMs: 500 };
  return {
    cluster: createKubernetesCluster(settings, clock),
    workload: createKubernetesWorkload({ ...settings, namespace: 'shop' }, clock),
  };
}

/** Waits in real time, in steps of a few ms, for what other parts of this process do. */
export async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  for (let n = 0; n < 400; n += 1) {
    if (await done()) return;
    await realClock.sleep(10);
  }
  throw new Error('it did not come to that');
}

/** Whether all pods of a deployment are there and ready, and no others. */
export function isSettled({ store }: FakeKubernetes, name = 'checkout', namespace = 'shop'): boolean {
  const deployment = store.get('deployments', { name, namespace });
  const { replicas } = Object(deployment?.spec);
  const status = Object(deployment?.status);
  return (
    status.observedGeneration === deployment?.metadata.generation &&
    status.updatedReplicas === replicas &&
    status.availableReplicas === replicas &&
    status.replicas === replicas
  );
}
