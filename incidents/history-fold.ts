import { z } from 'zod';
import type { Fold } from '#audit/fold.ts';
import type { Entry } from '#audit/log.ts';
import { ApprovalId, CallId, type IncidentId, type ServiceId } from '#core/ids.ts';
import { type BodyOf, type Fact, readFact } from './entry.ts';
import { PastIncident, PastOutcome, PastTool } from './observations-history.ts';

/** So many incidents of one service are kept, and so many in all: the newest. */
export const MOST_OF_SERVICE = 20;
export const MOST_INCIDENTS = 1000;
const MOST_ACTIONS = 8;

const Action = z.object({ call: CallId, approval: ApprovalId, tool: PastTool, outcome: PastOutcome });
const Row = PastIncident.omit({ endedAt: true, resolution: true, actions: true }).extend({
  ended: z.object({ at: z.int(), resolution: PastIncident.shape.resolution }).nullable(),
  actions: z.array(Action),
});
type Row = z.infer<typeof Row>;
const Saved = z.object({ rows: z.array(Row) });

/**
 * What earlier incidents of each service were, folded from what entries say in closed words. An incident is kept from its
 * opening on, so that what people say of it long after its end still counts; it is told of once it has ended, and while it
 * burns again it is not. What code or people said about an earlier round counts no more.
 */
export class HistoryFold implements Fold {
  readonly name = 'incident-history';
  readonly version = 1;
  #rows = new Map<IncidentId, Row>();

  /** The newest incidents that were paged at this service or had their cause there, newest first. */
  of(service: ServiceId, most: number): readonly PastIncident[] {
    const about = [...this.#rows.values()].filter(
      (row) =>
        row.service === service || row.named?.service === service || row.confirmed?.service === service,
    );
    return about
      .flatMap((row) => pastOf(row) ?? [])
      .toReversed()
      .slice(0, most);
  }

  apply(entry: Entry): void {
    if (entry.incidentId === undefined || !KINDS.has(entry.kind)) return;
    const fact = readFact(entry);
    if (fact === undefined) return;
    if (fact.kind === 'incident.opened') return this.#open(fact.body, entry.incidentId, entry.ts);
    const row = this.#rows.get(entry.incidentId);
    if (row !== undefined) step(row, fact);
  }

  #open({ service }: BodyOf<'incident.opened'>, incident: IncidentId, openedAt: number): void {
    if (service === null) return;
    const empty = { ended: null, named: null, confirmed: null, refuted: null, actions: [] };
    this.#rows.set(incident, { incident, service, openedAt, ...empty });
    const same = [...this.#rows.values()].filter((row) => row.service === service);
    if (same.length > MOST_OF_SERVICE) this.#drop(same);
    if (this.#rows.size > MOST_INCIDENTS) this.#drop([...this.#rows.values()]);
  }

  /** The oldest that has ended goes first. */
  #drop(rows: readonly Row[]): void {
    const oldest = rows.find(({ ended }) => ended !== null) ?? rows[0];
    if (oldest !== undefined) this.#rows.delete(oldest.incident);
  }

  save(): unknown {
    return { rows: [...this.#rows.values()] };
  }
  load(state: unknown): void {
    this.#rows = new Map(Saved.parse(state).rows.map((row) => [row.incident, row]));
  }
  reset(): void {
    this.#rows = new Map();
  }
}

/** An incident that another one took over is none of its own. */
function pastOf({ ended, actions, ...row }: Row): PastIncident | null {
  if (ended === null || ended.resolution === 'duplicate') return null;
  return {
    ...row,
    endedAt: ended.at,
    resolution: ended.resolution,
    actions: actions.map(({ tool, outcome }) => ({ tool, outcome })),
  };
}

function step(row: Row, fact: Fact): void {
  switch (fact.kind) {
    case 'run.settled':
      return name(row, fact.body);
    case 'verdict.given':
      return judge(row, fact.body);
    case 'tool.intended':
      return start(row, fact.body);
    case 'incident.resolved':
      row.ended = { at: fact.entry.ts, resolution: fact.body.resolution };
      return;
    case 'incident.reopened':
      Object.assign(row, { ended: null, named: null, confirmed: null, refuted: null });
      return;
    default:
      return settle(row, fact);
  }
}

function name(row: Row, { report }: BodyOf<'run.settled'>): void {
  if (report?.role !== 'diagnosis' || (report.outcome !== 'likely' && report.outcome !== 'confirmed')) return;
  const [top] = report.hypotheses;
  if (top === undefined) return;
  row.named = { cause: top.cause, service: top.service, object: top.object ?? null };
}

/** The last word of a person counts. A cause that they name themselves is confirmed by them. */
function judge(row: Row, { right, cause, service }: BodyOf<'verdict.given'>): void {
  const own =
    cause === null || cause === 'unknown' ? null : { cause, service: service ?? row.service, object: null };
  row.confirmed = right ? (row.named ?? own) : own;
  row.refuted = right ? null : row.named;
}

function start({ actions }: Row, { call, tool, approval, phase }: BodyOf<'tool.intended'>): void {
  if (approval === null || phase !== 'run' || !PastTool.safeParse(tool).success) return;
  if (actions.length < MOST_ACTIONS) actions.push({ call, approval, tool, outcome: 'unknown' });
}

/** What became of a plan is said of each of its steps that was made. */
function settle({ actions }: Row, fact: Fact): void {
  const put = (id: ApprovalId, outcome: PastOutcome): void => {
    for (const one of actions) if (one.approval === id && one.outcome !== 'failed') one.outcome = outcome;
  };
  const fail = (id: CallId): void => {
    for (const one of actions) if (one.call === id) one.outcome = 'failed';
  };
  switch (fact.kind) {
    case 'action.verified':
      return put(fact.body.approval, 'helped');
    case 'action.unverified':
      return put(fact.body.approval, 'not_helped');
    case 'action.undone':
      return put(fact.body.approval, fact.body.complete ? 'undone' : 'not_helped');
    case 'tool.finished':
      return fact.body.outcome === 'failed' ? fail(fact.body.call) : undefined;
    case 'action.reconciled':
      return fact.body.effect === 'did_not_happen' ? fail(fact.body.call) : undefined;
    default:
      return;
  }
}

const KINDS: ReadonlySet<string> = new Set([
  'incident.opened',
  'incident.resolved',
  'incident.reopened',
  'run.settled',
  'verdict.given',
  'tool.intended',
  'tool.finished',
  'action.verified',
  'action.unverified',
  'action.undone',
  'action.reconciled',
]);
