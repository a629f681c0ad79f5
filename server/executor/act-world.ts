import type { Clock } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import { sha256 } from '#core/hash.ts';
import type { Digest } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import { createAlertmanagerSilences } from '#tools/drivers/alertmanager-silences.ts';
import { createKubernetesWorkload } from '#tools/drivers/kubernetes/workload.ts';
import { createProgramRunner } from '#tools/drivers/operator-argv.ts';
import type { WorkloadDriver, World } from '#tools/drivers/ports.ts';
import { createProcessDriver } from '#tools/drivers/process.ts';
import type { SilenceDriver } from '#tools/drivers/silence-port.ts';
import { readConfigText } from '../config.ts';
import { actTokenFile, buildInventory } from '../config-build.ts';
import { clusterAddress } from '../config-cluster.ts';
import { ConfigFile } from '../config-schema.ts';
import { silencersIn } from '../config-silencers.ts';
import { readYaml } from '../config-yaml.ts';
import { followSecretFile, readSecretFile } from '../secret-file.ts';

/**
 * The workloads, Alertmanagers and programs of the config with their credentials for changes, and nothing else: no metrics, no logs, no other secret
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
    const followed = followSecretFile(actTokenFile(config.path, one.act_token), clock);
    const problem = followed.problem();
    if (problem !== undefined) throw new FirebreakError('config_invalid', problem);
    const token = () => followed.secret.reveal();
    if (one.kind === 'process') workloads.set(id, createProcessDriver({ url: one.url, token }, clock));
    else {
      const cluster = file.data.clusters[one.cluster];
      if (cluster === undefined) throw new FirebreakError('config_invalid', `${one.cluster} is no cluster`);
      const at = { ...clusterAddress(config.path, cluster), namespace: one.namespace };
      workloads.set(id, createKubernetesWorkload({ ...at, token }, clock));
    }
  }
  const silences = openSilences(config.path, file.data, clock);
  const inventory = buildInventory(file.data);
  const programs = inventory.actions && {
    programs: createProgramRunner({
      clock,
      secretOf: (ref) => readSecretFile(actTokenFile(config.path, ref)),
    }),
  };
  return { world: { metrics: new Map(), workloads, silences, ...programs, ...nothingElse }, inventory };
}

/** The Alertmanagers that may be asked for silences, with the credentials for that. */
function openSilences(path: string, file: ConfigFile, clock: Clock): ReadonlyMap<string, SilenceDriver> {
  return new Map(
    [...silencersIn(file.sources)].map(([source, { url, act_token }]) => {
      if (act_token === undefined) return [source, createAlertmanagerSilences({ source, url }, clock)];
      const followed = followSecretFile(actTokenFile(path, act_token), clock);
      const problem = followed.problem();
      if (problem !== undefined) throw new FirebreakError('config_invalid', problem);
      const token = () => followed.secret.reveal();
      return [source, createAlertmanagerSilences({ source, url, token }, clock)];
    }),
  );
}

const notHere = { kind: 'gap', reason: 'not_configured', detail: 'not in this process' } as const;
const nothingElse: Pick<World, 'logs' | 'probe'> = {
  logs: { search: async () => notHere },
  probe: { get: async () => notHere },
};
