import type { Log } from '#audit/log.ts';
import type { Scheduler } from '#sessions/scheduler.ts';
import { settleOpenCalls } from '#tools/open-calls-fold.ts';
import type { DriveDeps } from './drive.ts';
import { resumePlans } from './resume-plans.ts';
import { settledWake } from './settled-wake.ts';

type Recovering = { readonly log: Log; readonly scheduler: Scheduler };

/**
 * Start = replay, then: calls without an outcome end as unknown, runs of the earlier start are settled and their
 * coordinators told, claims without an intent are void, changes with an unknown outcome are asked about, approved plans
 * go on, and what people decided while nobody listened is passed on. What is owed is read before anything is appended:
 * what this start settles itself is told like any other fact.
 */
export async function recover(driving: DriveDeps, { log, scheduler }: Recovering): Promise<void> {
  const { folds } = driving;
  const owed = folds.incidents.current().map(({ id }) => ({ id, wake: settledWake(driving, id) }));
  await settleOpenCalls(log, folds.openCalls);
  const neverBegan = await scheduler.recover();
  await resumePlans(driving);
  for (const id of neverBegan) {
    const known = folds.incidents.get(id);
    if (known !== undefined) driving.wake(id, driving.openedWake(known));
  }
  for (const { id, wake } of owed) if (wake !== undefined) driving.wake(id, wake);
}
