import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { decide } from '#approvals/decide.ts';
import { openFileLog } from '#audit/file-log.ts';
import type { Log } from '#audit/log.ts';
import { type Clock, realRandom } from '#core/clock.ts';
import { createDeadlines } from '#server/deadlines.ts';
import { type DriveDeps, drive } from '#server/drive.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { createJobs } from '#server/jobs.ts';
import { resumePlans } from '#server/resume-plans.ts';
import { settledWake } from '#server/settled-wake.ts';
import { settleOpenCalls } from '#tools/open-calls-fold.ts';
import { stepsUntil } from './death.ts';
import { fastClock } from './fast-clock.ts';
import { anIncident, carryOutOf, INCIDENT, proposeChange, theApprover } from './parts.ts';
import { effectClasses, fileWorld, type Story, stories } from './world.ts';

export const LifeOptions = z.strictObject({
  dir: z.string(),
  /** When the first life began, real time in ms. */
  origin: z.number(),
  kind: z.enum([...effectClasses, 'liar']),
  story: z.enum(stories),
  death: z.strictObject({ at: z.int().min(1), part: z.number().min(0).max(1) }).nullable(),
});
export type LifeOptions = z.infer<typeof LifeOptions>;

/** What a life that was not ended knows at its end. */
export const LifeEnd = z.strictObject({
  /** States of all plans, oldest first. */
  plans: z.array(z.string()),
  /** Outcomes that a coordinator was woken with, in this life. */
  told: z.array(z.string()),
  resolved: z.string().nullable(),
  /** Steps at which it could have been ended. */
  steps: z.int(),
  /** Those right before and right after something was done to the world. */
  effects: z.array(z.int()),
  errors: z.array(z.string()),
});
export type LifeEnd = z.infer<typeof LifeEnd>;

/** Nothing takes so long, also on a busy machine; what is not settled by then counts as lost. */
const PATIENCE_MS = 60_000;
/** Plans that agents put before people in one run; each may have been cut off by a kill. */
const MAX_PLANS = 4;

/** Recovers what is there, and lives until the incident is over or people have it: one plan is enough for that. */
export async function live({ dir, origin, kind, story, death }: LifeOptions): Promise<LifeEnd> {
  const steps = stepsUntil(death ?? undefined);
  const clock = fastClock(origin);
  const folds = createFolds();
  const log = await openFileLog({ dir, clock, random: realRandom, folds: foldList(folds), disk: steps.disk });
  const effects: number[] = [];
  const step = (): void => {
    effects.push(steps.count() + 1);
    steps.step();
  };
  const world = fileWorld({ dir, clock, kind, story, since: origin, step });
  const carry = carryOutOf({ log, clock, folds, world, kind });
  const errors: string[] = [];
  const told: string[] = [];
  const jobs = createJobs((where, message) => errors.push(`${where}: ${message}`));
  const driving: DriveDeps = {
    folds,
    carry,
    jobs,
    wake: (_incident, wake) => told.push(wake.kind === 'action_settled' ? wake.outcome : wake.kind),
    heed: () => {},
    cancel: () => {},
    openedWake: () => ({
      kind: 'opened',
      service: null,
      severity: 'critical',
      about: null,
      startedAt: origin,
    }),
    mayChange: async () => true,
  };
  await begin(driving, { log, clock });
  const deadlines = createDeadlines(driving);
  const limit = Date.now() + PATIENCE_MS;
  while (!isOver(driving) && Date.now() < limit) {
    deadlines.tick();
    await actForPeople(driving, story);
    await pause(1);
  }
  await jobs.idle();
  const total = steps.count();
  const plans = folds.approvals.all().map(({ state }) => state);
  const resolved = folds.incidents.get(INCIDENT)?.resolved?.resolution ?? null;
  await log.close();
  return { plans, told, resolved, steps: total, effects, errors };
}

/** As a start does: what an earlier life left open is settled, then plans go on. */
async function begin(driving: DriveDeps, { log, clock }: { log: Log; clock: Clock }): Promise<void> {
  const { folds } = driving;
  log.subscribe((entries) => drive(driving, entries));
  const owed = folds.incidents.current().map(({ id }) => ({ id, wake: settledWake(driving, id) }));
  await settleOpenCalls(log, folds.openCalls);
  await resumePlans(driving);
  for (const { id, wake } of owed) if (wake !== undefined) driving.wake(id, wake);
  if (folds.incidents.get(INCIDENT) === undefined) await log.append(anIncident(clock));
}

const done: ReadonlySet<string> = new Set(['undone', 'quarantined']);
const mayTryAgain: ReadonlySet<string> = new Set(['invalidated', 'failed', 'expired']);

function isOver({ folds }: DriveDeps): boolean {
  const { resolved = null } = folds.incidents.get(INCIDENT) ?? {};
  const all = folds.approvals.all();
  const last = all.at(-1)?.state ?? '';
  return resolved !== null || done.has(last) || (mayTryAgain.has(last) && all.length >= MAX_PLANS);
}

/** The agent that proposes, and the person that says yes. */
async function actForPeople({ folds, carry }: DriveDeps, story: Story): Promise<void> {
  const all = folds.approvals.all();
  const last = all.at(-1);
  if (last === undefined || (mayTryAgain.has(last.state) && all.length < MAX_PLANS))
    await proposeChange(carry, story);
  if (last?.state !== 'pending') return;
  const { id: approval, hash } = last;
  await decide(carry.gate, {
    approval,
    hash,
    decision: 'approve',
    person: theApprover,
    via: 'api',
    typed: null,
  });
}
