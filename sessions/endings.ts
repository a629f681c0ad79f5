import type { Report } from '#incidents/reports.ts';
import type { RunOutcome } from './session-state.ts';
import type { StopCause } from './stopper.ts';

/** How a run ended; `dropped` counts claims of the report that no evidence carried. */
export type Ending = {
  readonly outcome: RunOutcome;
  readonly reason: string | null;
  readonly report: Report | null;
  readonly dropped: number;
};

export function failed(reason: string): Ending {
  return { outcome: 'failed', reason, report: null, dropped: 0 };
}

/** Minted here and nowhere else: a model cannot report that its change was taken up. */
export const proposed: Ending = {
  outcome: 'reported',
  reason: null,
  report: { role: 'remediation', outcome: 'proposed' },
  dropped: 0,
};

export function stopped(cause: StopCause): Ending {
  switch (cause) {
    case 'deadline':
      return { ...failed('deadline'), outcome: 'timed_out' };
    case 'cancelled':
      return { ...failed('cancelled'), outcome: 'cancelled' };
    case 'shutdown':
      return { ...failed('shutdown'), outcome: 'interrupted' };
  }
}

/** The run was stopped and what it waited for did not confirm within the grace. */
export function timedOutWaiting(cause: StopCause | null): Ending {
  return { ...stopped(cause ?? 'deadline'), reason: 'stop_unconfirmed' };
}
