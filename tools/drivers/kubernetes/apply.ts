import type { z } from 'zod';
import { readJson } from '#core/foreign-json.ts';
import type { Service } from '#incidents/inventory.ts';
import type { ChangeOrder, ChangeOutcome } from '../ports.ts';
import { type KubeAnswer, saidBy } from './client.ts';
import { keysIn, planOf } from './plan-change.ts';
import { Target } from './revisions.ts';
import { awaitRollout } from './rollout.ts';
import { askFor, type Found, find, type Reach } from './target.ts';

/** How often a write is made anew because only the state of the target moved, as it does during a rollout. */
const ATTEMPTS = 4;

const keysOf = ({ metadata }: Target): string[] => keysIn(metadata.annotations);

type Asked = { readonly service: Service; readonly order: ChangeOrder };

/**
 * Makes a change once and waits until its pods are there, for a while: one that takes longer is done all the same. A
 * repeated key changes nothing. `refused` means that nothing was changed for certain.
 */
export async function applyOrder(
  reach: Reach,
  { service, order }: Asked,
  signal: AbortSignal,
): Promise<ChangeOutcome> {
  const started = reach.clock.mono();
  for (let attempt = 1; ; attempt += 1) {
    const found = await find(reach, service, signal);
    if (found.kind === 'gap')
      return {
        kind: 'refused',
        reason: found.reason === 'refused' ? 'unauthorised' : 'not_found',
        detail: found.detail,
      };
    const { target } = found.value;
    const generation = target.metadata.generation ?? 0;
    if (keysOf(target).includes(order.key)) return { kind: 'done', generation, tookMs: 0 };
    if (generation !== order.expectGeneration)
      return { kind: 'refused', reason: 'generation', detail: `the generation is ${generation} now` };
    const answer = await write(reach, { service, order, found: found.value }, signal);
    if ('kind' in answer && answer.kind === 'refused') return answer;
    if (answer.kind === 'answer' && answer.status === 409 && attempt < ATTEMPTS) continue;
    const outcome = outcomeOf(answer, { shape: Target, key: order.key, resource: 'deployments' });
    if (outcome.kind !== 'done') return outcome;
    await awaitRollout(reach, { service, generation: outcome.generation }, signal);
    return { ...outcome, tookMs: Math.round(reach.clock.mono() - started) };
  }
}

async function write(
  reach: Reach,
  { service, order, found }: Asked & { found: Found },
  signal: AbortSignal,
): Promise<KubeAnswer | (ChangeOutcome & { kind: 'refused' })> {
  const plan = planOf(order.change, { found, key: order.key, now: reach.clock.now() });
  if (plan.kind === 'gap') return { kind: 'refused', reason: 'not_found', detail: plan.detail };
  const ask = { ...askFor(reach, service, 'patch'), query: { fieldManager: 'firebreak' } };
  return reach.client.patch(ask, plan.operations, signal);
}

type Wanted = {
  readonly shape: z.ZodType<{ readonly metadata: Target['metadata'] }>;
  readonly key: string;
  readonly resource: string;
};

/** What a patch came to, by its answer. Only a 4xx says for certain that nothing was changed. */
export function outcomeOf(answer: KubeAnswer, { shape, key, resource }: Wanted): ChangeOutcome {
  if (answer.kind === 'no_answer') {
    if (answer.sent) return { kind: 'unknown', detail: answer.detail };
    return { kind: 'refused', reason: 'not_found', detail: `nothing was sent: ${answer.detail}` };
  }
  const { status } = answer;
  const detail = `HTTP ${status}: ${saidBy(answer)}`;
  if (status === 200) {
    const made = shape.safeParse(readJson(answer.text));
    if (!made.success) return { kind: 'unknown', detail: 'the answer cannot be read' };
    if (!keysIn(made.data.metadata.annotations).includes(key))
      return { kind: 'unknown', detail: 'the answer does not show the change' };
    return { kind: 'done', generation: made.data.metadata.generation ?? 0, tookMs: 0 };
  }
  if (status < 400 || status > 499 || status === 408) return { kind: 'unknown', detail };
  if (status === 401 || status === 403)
    return { kind: 'refused', reason: 'unauthorised', detail: `not allowed to patch ${resource}: ${detail}` };
  if (status === 404) return { kind: 'refused', reason: 'not_found', detail };
  return { kind: 'refused', reason: status === 409 ? 'generation' : 'invalid', detail };
}
