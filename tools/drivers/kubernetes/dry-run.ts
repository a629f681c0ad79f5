import type { Service } from '#incidents/inventory.ts';
import type { ChangeOrder, Seen, WorkloadDriver } from '../ports.ts';
import { readAs } from './client.ts';
import { type Plan, planOf } from './plan-change.ts';
import { imagesOf, type Revision, Target } from './revisions.ts';
import { askFor, find, type Reach, targetOf, versionOf } from './target.ts';

type Order = ChangeOrder['change'];
type Dry = Extract<Awaited<ReturnType<WorkloadDriver['dryRun']>>, { kind: 'seen' }>['value'];

/** The change as the API server would make it; an answer that shows something else than was asked is a gap. */
export async function dryRun(
  reach: Reach,
  { service, change }: { service: Service; change: Order },
  signal: AbortSignal,
): Promise<Seen<Dry & { to: Revision | null }>> {
  const found = await find(reach, service, signal);
  if (found.kind === 'gap') return found;
  const plan = planOf(change, { found: found.value, key: null, now: reach.clock.now() });
  if (plan.kind === 'gap') return plan;
  const ask = { ...askFor(reach, service, 'patch'), query: { dryRun: 'All', fieldManager: 'firebreak' } };
  const answer = readAs(await reach.client.patch(ask, plan.operations, signal), ask, Target);
  if (answer.kind === 'gap') return answer;
  const { metadata, spec } = found.value.target;
  const now = await targetOf(reach, service, signal);
  if (now.kind === 'gap') return now;
  if (now.value.metadata.generation !== metadata.generation || now.value.metadata.uid !== metadata.uid)
    return { kind: 'gap', reason: 'bad_answer', detail: 'the target changed while it was looked at' };
  if (!isAsAsked(answer.value, { plan, metadata }))
    return {
      kind: 'gap',
      reason: 'bad_answer',
      detail: 'the dry run shows another change than was asked for',
    };
  const before = { version: versionOf(found.value), replicas: spec.replicas };
  const after = { version: plan.to?.version ?? before.version, replicas: answer.value.spec.replicas };
  const most = Math.max(before.replicas, after.replicas);
  const instances = plan.kind === 'scale' ? Math.abs(after.replicas - before.replicas) : most;
  const { uid, generation } = metadata;
  const preview = { before, after, instances };
  return { kind: 'seen', value: { preview, uid, generation: generation ?? 0, to: plan.to } };
}

function isAsAsked(
  answer: Target,
  { plan, metadata }: { plan: Plan; metadata: Target['metadata'] },
): boolean {
  return (
    answer.metadata.uid === metadata.uid &&
    answer.spec.replicas === plan.replicas &&
    imagesOf(answer.spec.template) === imagesOf(plan.template)
  );
}
