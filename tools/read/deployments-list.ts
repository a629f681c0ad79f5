import { z } from 'zod';
import type { DeploymentsSeen } from '#incidents/observations.ts';
import { deployRef, ServiceRef } from '#incidents/refs.ts';
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
  description: 'The latest deployments of one service, newest first, with the reference of each earlier one.',
  args: Args,
  deadlineMs: 10_000,
  perform: (args, context) => list(args, context),
};

async function list({ service: ref }: Args, { inventory, world, signal }: ToolContext): Promise<ToolResult> {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  const driver = workloadOf(world, service);
  if (driver === undefined) return notConfigured(`${service.id} has no workload`);
  const seen = await driver.deployments(service, signal);
  if (seen.kind === 'gap') return seen;
  const latest = seen.value.slice(0, MAX_LISTED);
  if (!latest.every(({ version }) => PRINTABLE.test(version))) {
    return { kind: 'gap', reason: 'bad_answer', detail: 'a version is not printable text' };
  }
  const deployments = latest.map(({ version, at, by }, back) => ({
    ref: back === 0 ? null : deployRef(service.id, back),
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

function textOf({ service, deployments }: DeploymentsSeen): string {
  const lines = deployments.map(
    ({ ref, version, at, by }) => `${new Date(at).toISOString()} ${version} by ${by}, ${ref ?? 'runs now'}`,
  );
  return joined([`${service}: ${deployments.length} deployments`, ...lines]);
}
