import { z } from 'zod';
import type { Service } from '#incidents/inventory.ts';
import type { DeploymentsSeen } from '#incidents/observations.ts';
import { deployRef, ServiceRef } from '#incidents/refs.ts';
import type { Deployment, Seen, World } from '../drivers/ports.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { foreign, joined } from './foreign.ts';
import { knownService, notConfigured, unknownService, workloadOf } from './known-service.ts';

const PRINTABLE = /^[\x20-\x7e]{1,100}$/;
const MAX_LISTED = 10;

const Args = z.strictObject({ service: ServiceRef });
type Args = z.infer<typeof Args>;

/** Lists the latest deployments; the references that a roll-back may name are minted here. */
export const deploymentsList: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'deployments_list',
  version: 1,
  description: 'Deployments of one service, newest first, with a reference to each earlier one.',
  args: Args,
  deadlineMs: 10_000,
  perform: (args, context) => list(args, context),
};

async function list({ service: ref }: Args, { inventory, world, signal }: ToolContext): Promise<ToolResult> {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  const driver = workloadOf(world, service);
  const seen =
    driver === undefined ? await wentOut(service, world, signal) : await driver.deployments(service, signal);
  if (seen.kind === 'gap') return seen;
  const latest = seen.value.slice(0, MAX_LISTED);
  if (!latest.every(({ version }) => PRINTABLE.test(version))) {
    return { kind: 'gap', reason: 'bad_answer', detail: 'a version is not printable text' };
  }
  const deployments = latest.map(({ version, at, by }, back) => ({
    // What GitHub tells of runs somewhere that nothing here can change.
    ref: back === 0 || driver === undefined ? null : deployRef(service.id, back),
    version: foreign(version, 100),
    at,
    by: foreign(by, 60),
  }));
  const value: DeploymentsSeen = { service: service.id, deployments };
  const newest = latest[0]?.at ?? null;
  return {
    kind: 'ok',
    value,
    text: textOf(value),
    facts: { service: service.id, listed: latest.length, newest },
  };
}

/** Versions as GitHub tells of them, where nothing that is configured runs the service. */
async function wentOut(
  { id, repo, deployEnvironment: environment }: Service,
  { code }: World,
  signal: AbortSignal,
): Promise<Seen<readonly Deployment[]>> {
  if (code === undefined || repo === undefined || environment === undefined)
    return notConfigured(`${id} has no workload`);
  const seen = await code.deployed({ repo, environment }, signal);
  if (seen.kind === 'gap') return seen;
  return {
    kind: 'seen',
    value: seen.value.map(({ sha, ...rest }) => ({ version: sha.slice(0, 7), ...rest })),
  };
}

function textOf({ service, deployments }: DeploymentsSeen): string {
  const lines = deployments.map(
    ({ ref, version, at, by }, back) =>
      `${new Date(at).toISOString()} ${version} by ${by}, ${back === 0 ? 'runs now' : (ref ?? 'earlier')}`,
  );
  return joined([`${service}: ${deployments.length} deployments`, ...lines]);
}
