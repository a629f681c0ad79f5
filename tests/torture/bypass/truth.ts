import type { Plan, Step } from '#approvals/plan.ts';
import { canonical } from '#core/canonical.ts';
import type { ApprovalId } from '#core/ids.ts';
import type { Effect } from './backend.ts';

/** What people let happen, written down when they did, beside the product and without asking it. */
type Cover = {
  readonly approval: ApprovalId;
  readonly thing: string;
  readonly change: string;
  readonly uid: string;
  generation: number;
  readonly before: { readonly version: string; readonly replicas: number };
  readonly until: number;
  used: boolean;
};

export type Truth = {
  /** Enough people, who may, said yes to exactly this. */
  allow(plan: Plan): void;
  /** From now on nothing of it may happen any more; without a name nothing at all. */
  forbid(approval?: ApprovalId): void;
  /** Judges an effect at the moment it happens. */
  judge(effect: Effect, now: number): void;
  /** Effects that nothing covered. */
  readonly unauthorised: string[];
  readonly covered: number;
};

/** Counts each effect against what was allowed: the same change of the same thing as it was shown, in order, once, in time. */
export function createTruth(): Truth {
  const covers: Cover[] = [];
  const unauthorised: string[] = [];
  let covered = 0;
  return {
    unauthorised,
    get covered() {
      return covered;
    },
    allow: ({ approval, steps, expiresAt }) => {
      for (const step of steps) {
        const { target, preview } = step;
        if (!('before' in preview)) throw new Error('a change of something else than a service');
        covers.push({
          approval,
          thing: target.service,
          change: shownOf(step),
          uid: target.uid,
          generation: target.generation,
          before: { ...preview.before },
          until: expiresAt,
          used: false,
        });
      }
    },
    forbid: (approval) => {
      for (const cover of covers)
        if (approval === undefined || cover.approval === approval) cover.used = true;
    },
    judge: ({ thing, change, before }, now) => {
      const wanted = canonical({ ...change });
      const cover = covers.find((one) => !one.used && one.thing === thing && one.change === wanted);
      const earlier = covers.filter((one) => one.approval === cover?.approval);
      const isNext = cover !== undefined && earlier.find((one) => !one.used) === cover;
      const isSame =
        cover?.uid === before.uid &&
        cover.generation === before.generation &&
        cover.before.version === before.version &&
        cover.before.replicas === before.replicas;
      if (cover === undefined || !isNext || !isSame || now >= cover.until) {
        unauthorised.push(`${change.tool} of ${thing}`);
        return;
      }
      cover.used = true;
      covered += 1;
      // A later step of the same plan meets what this one leaves.
      for (const one of earlier) if (one.thing === thing && !one.used) one.generation += 1;
    },
  };
}

/** The change as people saw it: a rollback is to the version on the card, whatever the history becomes. */
function shownOf(step: Step): string {
  if (step.tool !== 'service_rollback') return canonical(step.change);
  return canonical({ tool: step.tool, target: step.change.target, version: step.preview.after.version });
}
