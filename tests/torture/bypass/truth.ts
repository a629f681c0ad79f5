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
  readonly before: { readonly version: string; readonly replicas: number } | null;
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
        const { uid, generation } = target;
        const more = { approval, change: shownOf(step), uid, generation, until: expiresAt, used: false };
        if ('before' in preview)
          covers.push({ ...more, thing: target.service, before: { ...preview.before } });
        else if ('argv' in preview) covers.push({ ...more, thing: COMMAND, before: null });
        else throw new Error('nobody lets that happen here');
      }
    },
    forbid: (approval) => {
      for (const cover of covers)
        if (approval === undefined || cover.approval === approval) cover.used = true;
    },
    judge: (effect, now) => {
      const { thing, wanted } = wantedBy(effect);
      const cover = covers.find((one) => !one.used && one.thing === thing && one.change === wanted);
      const earlier = covers.filter((one) => one.approval === cover?.approval);
      const isNext = cover !== undefined && earlier.find((one) => !one.used) === cover;
      if (cover === undefined || !isNext || !isAsShown(cover, effect) || now >= cover.until) {
        unauthorised.push(`${wanted} of ${thing}`);
        return;
      }
      cover.used = true;
      covered += 1;
      // A later step of the same plan meets what this one leaves.
      for (const one of earlier) if (one.thing === thing && !one.used) one.generation += 1;
    },
  };
}

/** All commands are of one thing; which one it was is in its words. */
const COMMAND = 'command';

function wantedBy(effect: Effect): { thing: string; wanted: string } {
  if ('other' in effect) return { thing: effect.other, wanted: 'change' };
  if ('command' in effect) return { thing: COMMAND, wanted: canonical(effect.command) };
  return { thing: effect.thing, wanted: canonical({ ...effect.change }) };
}

function isAsShown({ uid, generation, before }: Cover, effect: Effect): boolean {
  if ('command' in effect) return effect.command.program === uid;
  if (!('before' in effect) || before === null) return false;
  const now = effect.before;
  return (
    uid === now.uid &&
    generation === now.generation &&
    before.version === now.version &&
    before.replicas === now.replicas
  );
}

/** The change as people saw it: a rollback is to the version on the card, whatever the history becomes. */
function shownOf(step: Step): string {
  if (step.tool === 'operator_action') {
    const { argv, program, env } = step.preview;
    return canonical({ argv, program, env });
  }
  if (step.tool !== 'service_rollback') return canonical(step.change);
  return canonical({ tool: step.tool, target: step.change.target, version: step.preview.after.version });
}
