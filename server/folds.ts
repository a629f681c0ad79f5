import { ApprovalFold } from '#approvals/approval-fold.ts';
import { DamageFold } from '#approvals/damage-fold.ts';
import { PolicyFold } from '#approvals/policy-fold.ts';
import { StopFold } from '#approvals/stop-fold.ts';
import type { Fold } from '#audit/fold.ts';
import { AlertHistory } from '#incidents/alert-history.ts';
import { AuthFailureFold } from '#incidents/auth-failure-fold.ts';
import { ErasedFold } from '#incidents/erased-fold.ts';
import { HistoryFold } from '#incidents/history-fold.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { MaintenanceFold } from '#incidents/maintenance-fold.ts';
import { PersonRequestsFold } from '#incidents/person-requests-fold.ts';
import { PostureFold } from '#incidents/posture-fold.ts';
import { RungFold } from '#incidents/rung-fold.ts';
import { SecretFold } from '#incidents/secret-fold.ts';
import { SeenEventsFold } from '#incidents/seen-events-fold.ts';
import { SpendFold } from '#incidents/spend-fold.ts';
import { WatchdogFold } from '#incidents/watchdog-fold.ts';
import { createSessionsFold, type SessionsFold } from '#sessions/sessions-fold.ts';
import { OpenCallsFold } from '#tools/open-calls-fold.ts';
import { PostedFold } from './present/posted-fold.ts';

/** Everything that the server knows, each part a fold of the log. */
export type Folds = {
  readonly incidents: IncidentFold;
  readonly approvals: ApprovalFold;
  readonly stops: StopFold;
  readonly damage: DamageFold;
  readonly erased: ErasedFold;
  readonly policy: PolicyFold;
  readonly sessions: SessionsFold;
  readonly openCalls: OpenCallsFold;
  readonly spend: SpendFold;
  readonly seenEvents: SeenEventsFold;
  readonly history: AlertHistory;
  /** What earlier incidents of each service were. */
  readonly past: HistoryFold;
  readonly maintenance: MaintenanceFold;
  readonly rungs: RungFold;
  readonly lifeSigns: WatchdogFold;
  readonly posted: PostedFold;
  readonly personRequests: PersonRequestsFold;
  readonly authFailures: AuthFailureFold;
  /** Since when credentials have the values that they have. */
  readonly secretAges: SecretFold;
  readonly posture: PostureFold;
};

export function createFolds(): Folds {
  return {
    incidents: new IncidentFold(),
    approvals: new ApprovalFold(),
    stops: new StopFold(),
    damage: new DamageFold(),
    erased: new ErasedFold(),
    policy: new PolicyFold(),
    sessions: createSessionsFold(),
    openCalls: new OpenCallsFold(),
    spend: new SpendFold(),
    seenEvents: new SeenEventsFold(),
    history: new AlertHistory(),
    past: new HistoryFold(),
    maintenance: new MaintenanceFold(),
    rungs: new RungFold(),
    lifeSigns: new WatchdogFold(),
    posted: new PostedFold(),
    personRequests: new PersonRequestsFold(),
    authFailures: new AuthFailureFold(),
    secretAges: new SecretFold(),
    posture: new PostureFold(),
  };
}

export function foldList(folds: Folds): readonly Fold[] {
  return [
    folds.incidents,
    folds.approvals,
    folds.stops,
    folds.damage,
    folds.erased,
    folds.policy,
    folds.sessions,
    folds.openCalls,
    folds.spend,
    folds.seenEvents,
    folds.history,
    folds.past,
    folds.maintenance,
    folds.rungs,
    folds.lifeSigns,
    folds.posted,
    folds.personRequests,
    folds.authFailures,
    folds.secretAges,
    folds.posture,
  ];
}
