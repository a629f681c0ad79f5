import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { createKubernetesWorkload } from '#tools/drivers/kubernetes/workload.ts';
import type { WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';
import { readConfigText } from '../config.ts';
import { actTokenFile, buildInventory } from '../config-build.ts';
import { clusterAddress } from '../config-cluster.ts';
import { ConfigFile } from '../config-schema.ts';
import { readYaml } from '../config-yaml.ts';
import { readSecretFile } from '../secret-file.ts';

/**
 * The workloads of the config with their credentials for changes, and nothing else: no metrics, no logs, no other secret
 * is read. Throws `config_invalid` when the file is not the one the server started with, or a credential cannot be read.
 */
export function openActWorld(
  config: { readonly path: string; readonly digest: Digest },
  clock: Clock,
): { world: World; inventory: Inventory } {
  const text = readConfigText(config.path);
  if (sha256(text) !== config.digest)
    throw new FirebreakError(
      'config_invalid',
      'the config was changed since the start; start firebreak again',
    );
  const yaml = readYaml(text);
  const file = ConfigFile.safeParse(yaml.kind === 'read' ? yaml.value : undefined);
  if (!file.success) throw new FirebreakError('config_invalid', 'the config cannot be read any more');
  const workloads = new Map<string, WorkloadDriver>();
  for (const [id, one] of Object.entries(file.data.workloads)) {
    if (one.act_token === undefined) continue;
    const secret = readSecretFile(actTokenFile(config.path, one.act_token));
    if (typeof secret === 'string') throw new FirebreakError('config_invalid', secret);
    const token = () => secret.reveal();
    if (one.kind === 'process') workloads.set(id, createProcessDriver({ url: one.url, token }, clock));
    else {
      const cluster = file.data.clusters[one.cluster];
      if (cluster === undefined) throw new FirebreakError('config_invalid', `${one.cluster} is no cluster`);
      const at = { ...clusterAddress(config.path, cluster), namespace: one.namespace };
      workloads.set(id, createKubernetesWorkload({ ...at, token }, clock));
    }
  }
  return { world: { metrics: new Map(), workloads, ...nothingElse }, inventory: buildInventory(file.data) };
}

const notHere = { kind: 'gap', reason: 'not_configured', detail: 'not in this process' } as const;
const nothingElse: Pick<World, 'logs' | 'probe'> = {
  logs: { search: async () => notHere },
  probe: { get: async () => notHere },
};
