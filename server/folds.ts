import { ApprovalFold } from '#approvals/approval-fold.ts';
import { StopFold } from '#approvals/stop-fold.ts';
import type { Fold } from '#audit/fold.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { createSessionsFold, type SessionsFold } from '#sessions/sessions-fold.ts';
import { OpenCallsFold } from '#tools/open-calls-fold.ts';

/** Everything that the server knows, each part a fold of the log. */
export type Folds = {
  readonly incidents: IncidentFold;
  readonly approvals: ApprovalFold;
  readonly stops: StopFold;
  readonly sessions: SessionsFold;
  readonly openCalls: OpenCallsFold;
};

export function createFolds(): Folds {
  return {
    incidents: new IncidentFold(),
    approvals: new ApprovalFold(),
    stops: new StopFold(),
    sessions: createSessionsFold(),
    openCalls: new OpenCallsFold(),
  };
}

export function foldList(folds: Folds): readonly Fold[] {
  return [folds.incidents, folds.approvals, folds.stops, folds.sessions, folds.openCalls];
}
