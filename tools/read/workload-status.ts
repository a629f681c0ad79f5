import { z } from 'zod';
import type { Inventory, Service } from '#incidents/inventory.ts';
import type { WorkloadSeen } from '#incidents/observations.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { Instance } from '../drivers/ports.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { foreign } from './foreign.ts';
import { knownService, notConfigured, unknownService, workloadOf } from './known-service.ts';

const Args = z.strictObject({ service: ServiceRef });
type Args = z.infer<typeof Args>;

/** Says what runs of a service now. */
export const workloadStatus: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'workload_status',
  version: 1,
  description: 'What runs of one service now: version, wanted and running instances, when they started.',
  args: Args,
  deadlineMs: 10_000,
  perform: (args, context) => status(args, context),
};

async function status(
  { service: ref }: Args,
  { inventory, world, signal }: ToolContext,
): Promise<ToolResult> {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  const driver = workloadOf(world, service);
  if (driver === undefined) return notConfigured(`${service.id} has no workload`);
  const seen = await driver.describe(service, signal);
  if (seen.kind === 'gap') return seen;
  const { uid, generation, version, replicas, maxReplicas, instances } = seen.value;
  const count = (state: Instance['state']): number =>
    instances.filter((instance) => instance.state === state).length;
  const starts = instances
    .filter(({ state }) => state !== 'exited')
    .flatMap(({ startedAt }) => (startedAt === null ? [] : [startedAt]));
  const value: WorkloadSeen = {
    service: service.id,
    uid,
    generation,
    version: foreign(version, 100),
    replicas,
    maxReplicas,
    running: count('running'),
    starting: count('starting'),
    exited: count('exited'),
    oldestStart: starts.length === 0 ? null : Math.min(...starts),
    newestStart: starts.length === 0 ? null : Math.max(...starts),
  };
  const { running, starting, exited } = value;
  return {
    kind: 'ok',
    value,
    text: `${textOf(value)}\n${neighboursOf(service, inventory)}`,
    facts: { service: service.id, replicas, running, starting, exited },
  };
}

/** Which services it depends on and which depend on it, by the config: the way to a cause below, and to demand from above. */
function neighboursOf({ id, dependsOn }: Service, inventory: Inventory): string {
  const callers = [...inventory.services.values()].filter((one) => one.dependsOn.includes(id));
  const calls = dependsOn.length === 0 ? 'nothing' : dependsOn.join(', ');
  return `calls: ${calls}; called by: ${callers.map((one) => one.id).join(', ') || 'nobody'}`;
}

function textOf(seen: WorkloadSeen): string {
  const { service, version, replicas, maxReplicas, running, starting, exited, oldestStart, newestStart } =
    seen;
  const states = `${running} running, ${starting} starting, ${exited} exited`;
  const started =
    oldestStart === null || newestStart === null
      ? ''
      : `; started ${new Date(oldestStart).toISOString()} to ${new Date(newestStart).toISOString()}`;
  return `${service}: version ${version}, ${replicas} wanted of at most ${maxReplicas}: ${states}${started}`;
}
