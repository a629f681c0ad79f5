import type { Approval } from '#approvals/approval.ts';
import { decide } from '#approvals/decide.ts';
import { mayRespond, type Person } from '#approvals/people.ts';
import { recordRefused } from '#approvals/record-refused.ts';
import type { Entry, Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import { fact, incidentStream, stopStream } from '#incidents/entry.ts';
import { exportSession } from '#sessions/export.ts';
import { approvalCard } from '#views/approval-card.ts';
import type { ApprovalView } from '#views/approval-standing.ts';
import { incidentCard } from '#views/incident-card.ts';
import { incidentRow } from '#views/incident-list.ts';
import { sessionRows } from '#views/session-list.ts';
import { type Failing, type Hold, type LogStanding, type StatusView, statusView } from '#views/status.ts';
import { answerAfterEnd } from './api-after-end.ts';
import { acceptLog, damageAnswer, type Erase, eraseContent } from './api-log.ts';
import { acceptPolicy, policyAnswer } from './api-policy.ts';
import type { ModelSettings } from './config-models.ts';
import { watchProviders } from './failing-providers.ts';
import type { Folds } from './folds.ts';
import type { Api, ApiAnswer, StopRequest } from './http-api.ts';
import type { PolicyInForce } from './policy-in-force.ts';
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
  /** How decisions that come in here are recorded: a demo's people are throw-away. */
  readonly via: 'api' | 'demo';
  /** The file that switches off stands in the data directory: only its removal and an owner switch on. */
  readonly offFile: () => boolean;
  readonly zone: string;
  readonly inForce: PolicyInForce;
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
      const known = folds.incidents.get(id) ?? folds.incidents.closed().find((one) => one.id === id);
      const card = known === undefined ? undefined : incidentCard(await entriesOf(log, known), deps.zone);
      return card === undefined ? no(404, `there is no ${id}`) : ok(card);
    },
    take: async ({ person }, id) => take(deps, person, id),
    erase: async ({ person }, id) => eraseContent(deps, person, id),
    approvals: async () => ok(folds.approvals.all().map(viewOf)),
    approval: async (_asker, id) => {
      const approval = folds.approvals.get(id);
      return approval === undefined ? no(404, `there is no ${id}`) : ok(viewOf(approval));
    },
    decide: async ({ person }, approval, { decision, hash, typed = null }) => {
      const { firebreak, via } = deps;
      await firebreak.recovered();
      const decided = await decide(firebreak.gate, { approval, hash, decision, person, via, typed });
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
    afterEnd: async ({ person }, approval, wanted) =>
      answerAfterEnd(deps.firebreak, { approval, person, wanted }),
    stop: async ({ person }, request) => setStops(deps, person, request),
    policy: async () => policyAnswer(deps.inForce),
    acceptPolicy: async ({ person }, request) => acceptPolicy(deps, person, request),
    logDamage: async () => damageAnswer(folds),
    acceptLog: async ({ person }, request) => acceptLog(deps, person, request),
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
  });
}

async function take(
  { log, folds }: ApiDeps,
  person: Person,
  id: Parameters<Api['take']>[1],
): Promise<ApiAnswer> {
  if (!mayRespond(person)) {
    const known = folds.incidents.get(id)?.id;
    await recordRefused(log, { by: person.id, what: 'take', reason: 'not_allowed', approval: null }, known);
    return no(403, `${person.id} may look, but not take an incident`);
  }
  const stream = incidentStream(id);
  const context = {
    actor: { kind: 'person', id: person.id } as const,
    traceId: id,
    incident: id,
    streams: [stream],
  };
  for (;;) {
    const incident = folds.incidents.get(id);
    if (incident === undefined || incident.resolved !== null) return no(404, `${id} is not open`);
    if (incident.takenBy !== null) return no(409, `${incident.takenBy} has ${id} already`);
    const draft = fact('incident.taken', { by: person.id }, context);
    const appended = await log.append([draft], { expect: { [stream]: log.version(stream) } });
    if (appended.kind === 'appended') return ok({ taken: id, by: person.id });
  }
}

/** Any responder may stop; only an owner may let changes run again. */
async function setStops(
  { log, offFile }: ApiDeps,
  person: Person,
  { freeze, off }: StopRequest,
): Promise<ApiAnswer> {
  const releases = freeze === false || off === false;
  const isAllowed = mayRespond(person) && (!releases || person.roles.includes('owner'));
  if (!isAllowed) {
    await recordRefused(log, { by: person.id, what: 'stop', reason: 'not_allowed', approval: null });
    const words = releases ? 'only an owner lets changes run again' : `${person.id} may look, but not stop`;
    return no(403, words);
  }
  if (off === false && offFile())
    return no(409, 'the file OFF stands in the data directory; remove it first, then switch on');
  const context = {
    actor: { kind: 'person', id: person.id } as const,
    traceId: 'stop',
    streams: [stopStream],
  };
  await log.append([
    ...(freeze === undefined ? [] : [fact('freeze.set', { on: freeze, by: person.id }, context)]),
    ...(off === undefined ? [] : [fact('off.set', { on: off, by: person.id }, context)]),
  ]);
  return ok({ ...(freeze === undefined ? {} : { freeze }), ...(off === undefined ? {} : { off }) });
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

/** The entries of one incident, read from the log between its first and its last. */
async function entriesOf(
  log: Log,
  { id, firstSeq, lastSeq }: { id: string; firstSeq: number; lastSeq: number },
): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of log.read(firstSeq)) {
    if (entry.seq > lastSeq) break;
    if (entry.incidentId === id) found.push(entry);
  }
  return found;
}

function ok(body: object): ApiAnswer {
  return { status: 200, body };
}

function no(status: number, error: string): ApiAnswer {
  return { status, body: { error } };
}
