import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '#core/clock.ts';
import type { HttpGet } from '#intake/http-get.ts';

/** What runs on this machine already: addresses and paths, null where there is nothing. */
export type LocalFinds = {
  readonly prometheus: string | null;
  readonly alertmanager: string | null;
  readonly kubeconfig: string | null;
};

const PROMETHEUS = 'http://127.0.0.1:9090';
const ALERTMANAGER = 'http://127.0.0.1:9093';
/** Where is looked. */
export const LOCAL_ADDRESSES = [PROMETHEUS, ALERTMANAGER] as const;

/**
 * Looks for a Prometheus, an Alertmanager and a kubeconfig in their usual places; takes at most half a second. Does not
 * throw.
 */
export async function findLocal(
  get: HttpGet,
  clock: Clock,
  kubeconfig = join(homedir(), '.kube', 'config'),
): Promise<LocalFinds> {
  const ready = async (url: string): Promise<string | null> => {
    const answer = await get({ url: `${url}/-/ready`, timeoutMs: 500, maxBytes: 4096, clock });
    return answer.kind === 'answer' && answer.status === 200 ? url : null;
  };
  const [prometheus, alertmanager] = await Promise.all([ready(PROMETHEUS), ready(ALERTMANAGER)]);
  return { prometheus, alertmanager, kubeconfig: existsSync(kubeconfig) ? kubeconfig : null };
}
