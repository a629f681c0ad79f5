import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import type { PersonId } from '#core/ids.ts';

/** What a person's request counts as: an ask for a change or a yes to one, or anything else that is written down. */
export type RequestTier = 'note' | 'change';

/** The longest window that anything is counted in. */
const KEEP_MS = 5 * 60_000;

/** One entry of each request that a person made; what stops things is not counted. */
const TIERS: ReadonlyMap<string, RequestTier> = new Map([
  ...(['approval.approved', 'approval.asked_again', 'change.requested'] as const).map(
    (kind) => [kind, 'change'] as const,
  ),
  ...(
    [
      ...['incident.taken', 'incident.acknowledged', 'incident.paused', 'incident.steered'],
      ...['incident.merged', 'incident.split', 'handover.offered', 'handover.accepted', 'verdict.given'],
      ...['tool.intended', 'maintenance.added', 'maintenance.ended', 'approval.rejected', 'action.released'],
      ...['payloads.erased', 'policy.accepted', 'log.accepted'],
    ] as const
  ).map((kind) => [kind, 'note'] as const),
]);
/** A no that was recorded counts as what was asked for, so that asking in vain is bounded too. */
const REFUSED: ReadonlyMap<string, RequestTier | null> = new Map([
  ...(['approve', 'change', 'ask_again'] as const).map((what) => [what, 'change'] as const),
  ...(['stop', 'revoke', 'too_often'] as const).map((what) => [what, null] as const),
]);

const Saved = z.array(z.tuple([z.string(), z.array(z.tuple([z.int(), z.enum(['note', 'change'])]))]));

/** When each person last asked for something, wherever they did: folded from the log, so that a restart forgets none. */
export class PersonRequestsFold implements Fold {
  readonly name = 'person-requests';
  readonly version = 1;
  #by = new Map<string, [number, RequestTier][]>();

  /** Times of the requests of this tier from `from` on, oldest first; nothing older than five minutes is known. */
  since(person: PersonId, tier: RequestTier, from: number): readonly number[] {
    return (this.#by.get(person) ?? []).flatMap(([at, one]) => (one === tier && at >= from ? [at] : []));
  }

  apply({ kind, actor, ts, body }: Entry): void {
    if (actor.kind !== 'person') return;
    const tier = kind === 'request.refused' ? refusedTier(body.what) : TIERS.get(kind);
    if (tier == null) return;
    const recent = (this.#by.get(actor.id) ?? []).filter(([at]) => at >= ts - KEEP_MS);
    this.#by.set(actor.id, [...recent, [ts, tier]]);
  }
  save(): unknown {
    return [...this.#by];
  }
  load(state: unknown): void {
    this.#by = new Map(Saved.parse(state));
  }
  reset(): void {
    this.#by = new Map();
  }
}

function refusedTier(what: unknown): RequestTier | null {
  const tier = typeof what === 'string' ? REFUSED.get(what) : undefined;
  return tier === undefined ? 'note' : tier;
}
