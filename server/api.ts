import type { Approval } from '#approvals/approval.ts';
import { decide } from '#approvals/decide.ts';
import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { Finding } from '#doctor/examine.ts';
import type { Incident } from '#incidents/incident.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { QuietRules } from '#incidents/quiet.ts';
import { exportSession } from '#sessions/export.ts';
import { approvalCard } from '#views/approval-card.ts';
import type { ApprovalView } from '#views/approval-standing.ts';
import { incidentCard } from '#views/incident-card.ts';
import { incidentRow } from '#views/incident-list.ts';
import type { Asks } from '#views/next-step.ts';
import { sessionRows } from '#views/session-list.ts';
import { type Failing, type Hold, type LogStanding, type StatusView, statusView } from '#views/status.ts';
import type { MountOff } from '#views/status-mounts.ts';
import type { Quietness } from '#views/status-quiet.ts';
import { answerAfterEnd } from './api-after-end.ts';
import { type SayDeps, sayOfIncident } from './api-incident.ts';
import { acceptLog, damageAnswer, type Erase, eraseContent } from './api-log.ts';
import { changeMaintenance, maintenanceAnswer } from './api-maintenance.ts';
import { pictureAnswer } from './api-picture.ts';
import { acceptPolicy, policyAnswer } from './api-policy.ts';
import type { ModelSettings } from './config-models.ts';
import { watchProviders } from './failing-providers.ts';
import type { Folds } from './folds.ts';
import type { Api, ApiAnswer, Asker } from './http-api.ts';
import { incidentEntries } from './incident-entries.ts';
import type { PolicyInForce } from './policy-in-force.ts';
import type { UnusableSecret } from './secret-watch.ts';
import { setStops } from './stops.ts';
import { streamFrom } from './stream-from.ts';
import type { Firebreak } from './wire.ts';

export type ApiDeps = {
  readonly firebreak: Firebreak;
  readonly log: Log;
  readonly erase: Erase;
  readonly folds: Folds;
  readonly clock: Pick<Clock, 'now'>;
  /** Null: no AI model is configured. */
  readonly models: ModelSettings | null;
  readonly server: { readonly version: string; readonly startedAt: number; readonly pid: number };
  readonly logStanding: () => LogStanding;
  readonly holds: () => readonly Hold[];
  /** Since when and why Slack takes nothing; null: it does. Left out = there is no Slack. */
  readonly slackFailing?: () => { readonly since: number; readonly why: string } | null;
  /** How decisions that come in here are recorded: a demo's people are throw-away. */
  readonly via: 'api' | 'demo';
  /** The file that switches off stands in the data directory: only its removal and an owner switch on. */
  readonly offFile: () => boolean;
  readonly zone: string;
  readonly inForce: PolicyInForce;
  readonly inventory: Inventory;
  readonly defaultOwner: string;
  readonly quiet: QuietRules;
  readonly quietness: () => Quietness;
  /** Has the guard look now. */
  readonly guard: () => Promise<readonly Finding[]>;
  /** What of servers of others cannot be asked; left out = there are none. */
  readonly mountsOff?: () => readonly MountOff[];
  /** Credentials that cannot be used now; left out = there are none. */
  readonly unusable?: () => readonly UnusableSecret[];
  /** Who is asked next about an incident if nobody answers. */
  readonly asks: (incident: Incident) => Asks | null;
};

/** What people can ask for over HTTP; roles are looked at here, for every call. */
export function createApi(deps: ApiDeps): Api {
  const { folds, log } = deps;
  const failing = watchProviders(log);
  return {
    status: async () => ok(statusOf(deps, failing())),
    incidents: async () =>
      ok([...folds.incidents.closed().map(incidentRow), ...folds.incidents.current().map(incidentRow)]),
    incident: async (_asker, id) => {
      const card = incidentCard(await incidentEntries(deps, id), deps.zone);
      const open = folds.incidents.get(id);
      const asks = open === undefined ? null : deps.asks(open);
      return card === undefined ? no(404, `there is no ${id}`) : ok({ ...card, asks });
    },
    picture: async (_asker, id) => pictureAnswer(deps, id),
    say: async ({ person, correlation: trace }, incident, request) => {
      await deps.firebreak.recovered();
      return sayOfIncident(sayDeps(deps), { person, incident, trace }, request);
    },
    erase: async (asker, id) => eraseContent(traced(deps, asker), asker.person, id),
    approvals: async () => ok(folds.approvals.all().map(viewOf)),
    approval: async (_asker, id) => {
      const approval = folds.approvals.get(id);
      return approval === undefined ? no(404, `there is no ${id}`) : ok(viewOf(approval));
    },
    decide: async ({ person, correlation: trace }, approval, { decision, hash, typed = null }) => {
      const { firebreak, via } = deps;
      await firebreak.recovered();
      const said = { approval, hash, decision, person, via, typed, trace };
      const decided = await decide(firebreak.gate, said);
      const status =
        decided.kind === 'decided'
          ? 200
          : decided.reason === 'not_found'
            ? 404
            : decided.reason === 'not_allowed'
              ? 403
              : 409;
      return {
        status,
        body: { ...decided, approval: decided.approval === null ? null : standingOf(decided.approval) },
      };
    },
    afterEnd: async ({ person, correlation: trace }, approval, wanted) =>
      answerAfterEnd(deps.firebreak, { approval, person, wanted, trace }),
    stop: async (asker, request) => setStops(traced(deps, asker), asker.person, request),
    policy: async () => policyAnswer(deps.inForce),
    acceptPolicy: async (asker, request) => acceptPolicy(traced(deps, asker), asker.person, request),
    logDamage: async () => damageAnswer(folds),
    acceptLog: async (asker, request) => acceptLog(traced(deps, asker), asker.person, request),
    maintenance: async () => maintenanceAnswer(deps),
    changeMaintenance: async (asker, request) =>
      changeMaintenance(traced(deps, asker), asker.person, request),
    guard: async () => ok({ checks: await deps.guard() }),
    sessions: async () => ok([...folds.sessions.incidents()].flatMap(sessionRows)),
    sessionExport: async (_asker, key) => {
      for (const incident of folds.sessions.incidents()) {
        const session = incident.sessions.find((one) => one.key === key);
        if (session !== undefined)
          return {
            status: 200,
            text: await exportSession({ log, incident: incident.id, session: key, from: session.seq }),
            type: 'application/x-ndjson',
          };
      }
      return no(404, `there is no session ${key} of an open incident`);
    },
    entries: (_asker, after, signal) => streamFrom(log, after, signal),
  };
}

/** What is written down for a request carries its correlation id. */
function traced<D>(deps: D, { correlation }: Asker): D & { readonly trace: string } {
  return { ...deps, trace: correlation };
}

/** Today is the UTC day, as in the books. */
function spendOf({ folds, models, clock }: ApiDeps): Pick<StatusView, 'ai' | 'spend'> {
  if (models === null) return { ai: 'rules', spend: null };
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  const usdMicros = folds.spend.spent({ kind: 'day', day });
  return { ai: 'model', spend: { usdMicros, limitUsdMicros: models.budget.day } };
}

function statusOf(deps: ApiDeps, failing: readonly Failing[]) {
  const { folds, server, logStanding, holds, offFile, inForce } = deps;
  const { off, frozen, by, at } = folds.stops;
  const fileOff = offFile();
  const waiting = inForce.waiting();
  return statusView({
    server,
    ...spendOf(deps),
    failing,
    slackFailing: deps.slackFailing?.() ?? null,
    stops: {
      off: off || fileOff,
      frozen,
      by: fileOff && !off ? 'the file OFF in the data directory' : by,
      at,
    },
    holds: holds(),
    incidents: folds.incidents.current(),
    approvals: folds.approvals.all(),
    log: logStanding(),
    policyWaiting: { answers: waiting.answers.length, people: waiting.people.length },
    quiet: deps.quietness(),
    ...(deps.mountsOff && { mounts: deps.mountsOff() }),
    ...(deps.unusable && { secrets: deps.unusable() }),
  });
}

function sayDeps({ log, folds, firebreak, inventory, inForce, defaultOwner }: ApiDeps): SayDeps {
  const { incidents, approvals, sessions } = folds;
  const { invoke } = firebreak.carry;
  const { people } = inForce;
  return { log, incidents, approvals, sessions, invoke, inventory, people, defaultOwner };
}

function viewOf(approval: Approval): ApprovalView {
  return { approval: standingOf(approval), card: approvalCard(approval.plan, approval.hash) };
}

function standingOf({
  id,
  hash,
  state,
  reason,
  mode,
  requestedAt,
  at,
  decisions,
}: Approval): ApprovalView['approval'] {
  return { id, hash, state, reason, mode, requestedAt, at, decisions };
}

function ok(body: object): ApiAnswer {
  return { status: 200, body };
}

function no(status: number, error: string): ApiAnswer {
  return { status, body: { error } };
}
