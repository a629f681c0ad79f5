import { z } from 'zod';
import { Step } from '#approvals/plan.ts';
import { NodeRef, ServiceRef } from '#incidents/refs.ts';
import { LEAST_OTHERS } from '../drivers/cordon-port.ts';
import { shortForeign } from '../drivers/http-text.ts';
import { knownService, workloadOf } from '../read/known-service.ts';
import type { ActTool, ToolContext } from '../tool.ts';
import { DEADLINE_MS, type Prepared, refused } from './prepare-step.ts';

const Args = z.strictObject({
  target: NodeRef.describe('The node that the diagnosis names'),
  service: ServiceRef.describe('The service that the incident is about'),
});
type Args = z.infer<typeof Args>;

const TOOL_VERSION = 1;

/** Keeps new pods off one node; what runs there stays. Taking it back lets the node take pods again. */
export const nodeCordon: ActTool<Args> = {
  kind: 'act',
  tier: 'R2',
  effect: 'keyed',
  name: 'node_cordon',
  version: TOOL_VERSION,
  description:
    'Propose to keep new pods off the node that the diagnosis names, where pods of the service run on it.',
  args: Args,
  deadlineMs: DEADLINE_MS,
  prepare,
  perform: async ({ service, change, key }, { world, signal }) => {
    const cordon = workloadOf(world, service)?.cordon;
    if (change.tool !== 'node_cordon' || cordon === undefined)
      return { kind: 'refused', reason: 'not_found', detail: `${service.id} runs in no cluster` };
    return cordon.apply({ node: nameOf(change.target), back: 'back' in change, key }, signal);
  },
  settle: async ({ service, key }, { world, signal }) =>
    (await workloadOf(world, service)?.cordon?.settle(key, signal)) ?? 'unknown',
};

const nameOf = (node: string): string => node.slice('node:'.length);

async function prepare(args: Args, { inventory, world, signal }: ToolContext): Promise<Prepared> {
  const service = knownService(inventory, args.service);
  if (service === undefined) return refused('unknown_reference', `${args.service} is not in the inventory`);
  const cordon = workloadOf(world, service)?.cordon;
  if (cordon === undefined) return refused('not_configured', `${service.id} runs in no cluster`);
  const node = nameOf(args.target);
  const seen = await cordon.dryRun(service, node, signal);
  if (seen.kind === 'gap') return refused('dry_run_failed', `${seen.reason}: ${seen.detail}`);
  const { uid, cordoned, pods, others } = seen.value;
  if (cordoned) return refused('no_change', `${node} is cordoned already`);
  if (pods < 1) return refused('not_there', `no pod of ${service.id} runs on ${node}`);
  if (others < LEAST_OTHERS)
    return refused('too_few_nodes', `only ${others} other nodes would take pods; ${LEAST_OTHERS} must stay`);
  const step = Step.safeParse({
    tool: 'node_cordon',
    toolVersion: TOOL_VERSION,
    tier: 'R2',
    change: { tool: 'node_cordon', ...args },
    target: { ref: args.target, service: service.id, environment: service.environment, uid, generation: 0 },
    preview: { node },
    seen: { pods, others },
    undo: { tool: 'node_cordon', service: args.service, back: true },
    touches: [service.id],
    deadlineMs: DEADLINE_MS,
    manual: cordon.manual(node),
  });
  return step.success
    ? { kind: 'step', step: step.data }
    : refused('dry_run_failed', shortForeign(z.prettifyError(step.error)));
}
