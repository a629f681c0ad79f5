import { z } from 'zod';
import type { ProbeSeen } from '#incidents/observations.ts';
import { ServiceRef } from '#incidents/refs.ts';
import type { ReadTool, ToolContext, ToolResult } from '../tool.ts';
import { knownService, notConfigured, unknownService } from './known-service.ts';

const Args = z.strictObject({ service: ServiceRef });
type Args = z.infer<typeof Args>;

/** Asks the health check that the config names for a service, once. */
export const httpProbe: ReadTool<Args> = {
  kind: 'read',
  tier: 'R0',
  name: 'http_probe',
  version: 1,
  description: "One service's own health check: status and time.",
  args: Args,
  deadlineMs: 5_000,
  perform: (args, context) => probe(args, context),
};

async function probe({ service: ref }: Args, { inventory, world, signal }: ToolContext): Promise<ToolResult> {
  const service = knownService(inventory, ref);
  if (service === undefined) return unknownService(ref);
  if (service.probe === undefined) return notConfigured(`${service.id} has no health check`);
  const seen = await world.probe.get(service.probe, signal);
  if (seen.kind === 'gap') return seen;
  const { status, ms } = seen.value;
  const value: ProbeSeen = { service: service.id, ok: status >= 200 && status < 300, status, ms };
  const text =
    status === 0 ? `no answer from the health check after ${ms} ms` : `health check: ${status} in ${ms} ms`;
  return { kind: 'ok', value, text: `${service.id}: ${text}`, facts: value };
}
