import type { ReportContext } from './agent-spec.ts';
import type { Ending } from './endings.ts';
import type { Run } from './run-record.ts';

/** Ends for which the model is to blame: it had its turns and gave no report that can be read. */
const WITHOUT_REPORT: ReadonlySet<string> = new Set([
  'no_report',
  'invalid_report',
  'invalid_reply',
  'model_calls',
  'model_refused',
  'same_answer',
]);

/** What a report of this run is checked against. */
export function contextOf({ session, items }: Run): ReportContext {
  return { brief: session.brief, items };
}

/**
 * The ending, or in place of an empty one a report that code wrote from what the looks found. It counts as `reported`, and
 * the reason says why it is not the agent's own.
 */
export function withPartial(run: Run, ending: Ending): Ending {
  if (ending.reason === null || !WITHOUT_REPORT.has(ending.reason)) return ending;
  const report = run.spec.partial?.(contextOf(run)) ?? null;
  return report === null ? ending : { ...ending, outcome: 'reported', report };
}
