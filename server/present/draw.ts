import type { Approval } from '#approvals/approval.ts';
import type { PersonId } from '#core/ids.ts';
import { isAnswered } from '#incidents/escalation.ts';
import type { Incident } from '#incidents/incident.ts';
import { approvalMessage } from '#slack/cards/approval.ts';
import { type IncidentDrawn, incidentMessage } from '#slack/cards/incident.ts';
import { type CallForHelp, noticeMessage } from '#slack/cards/notice.ts';
import { approvalWarnings, stopLine } from '#slack/cards/warnings.ts';
import type { SlackMessage } from '#slack/ports.ts';
import type { PostContent } from '#tools/act/posts.ts';
import { approvalCard } from '#views/approval-card.ts';
import { cardFace } from '#views/incident-card.ts';
import type { Asks } from '#views/next-step.ts';
import { escalationWords } from '#views/words.ts';
import type { Contact } from '../duty.ts';
import type { Folds } from '../folds.ts';
import { mayPost, mentionsLeft } from './budget.ts';
import { type Call, callNow, isShown } from './call.ts';
import { causedBy } from './caused-by.ts';
import type { PostedOf } from './posted-fold.ts';

export type DrawDeps = {
  readonly folds: Pick<
    Folds,
    'incidents' | 'approvals' | 'sessions' | 'spend' | 'posted' | 'rungs' | 'stops'
  >;
  /** IANA name of the zone in which times read where Slack cannot write them. */
  readonly zone: string;
  /** Where incidents of its owner are talked about; another place than `refused`, if there is one. */
  readonly channelFor: (incident: Incident, refused?: string | null) => string;
  /** Slack ids of the people who are asked about an incident, those on duty first. */
  readonly mentionsFor: (incident: Incident) => readonly string[];
  /** The same for a plan: those first who may decide on it. */
  readonly decidersFor: (incident: Incident) => readonly string[];
  readonly contactOf: (person: PersonId) => Contact;
  /** Something besides Slack can reach people: a paging system, or a fallback. */
  readonly hasOtherWays: boolean;
  /** Who is asked next if nobody answers. */
  readonly asks: (incident: Incident) => Asks | null;
};

/** The card of an incident as it should stand in Slack now. The same state gives the same message. */
export function drawIncident(
  deps: DrawDeps,
  incident: Incident,
  posted: PostedOf,
): { content: PostContent; mentions: number } {
  const { folds, zone, asks } = deps;
  const approvals = folds.approvals.of(incident.id);
  const face = cardFace(incident, {
    approvals,
    spend: folds.spend.incident(incident.id),
    // Nobody is promised to be asked whom nothing could reach any more.
    asks: deps.hasOtherWays || mentionsLeft('notice', posted) > 0 ? asks(incident) : null,
  });
  const hidden = approvals.filter((one) => one.state === 'pending' && posted.approvals[one.id] === undefined);
  const noRoom = mayPost('approval', posted) ? [] : hidden.map(({ id }) => id);
  const step = stepOf(folds, incident);
  const called = calledOnCard(deps, incident, posted);
  const own = deps.channelFor(incident);
  const elsewhere = posted.refused === own && deps.channelFor(incident, own) !== own;
  const message = incidentMessage(face, {
    zone,
    step,
    again: posted.again,
    noRoom,
    called,
    elsewhere,
    stopped: stopLine(folds.stops, zone),
  });
  return { content: content(message), mentions: called.length };
}

/** The card of a critical incident calls whoever is on duty; what stands there goes on naming as many. */
function calledOnCard(deps: DrawDeps, incident: Incident, posted: PostedOf): readonly string[] {
  const state = deps.folds.rungs.get(incident.id);
  const isOwed = state.criticalAt !== null && !isAnswered(incident, state);
  const most = posted.card?.mentions ?? (isOwed ? Math.min(1, mentionsLeft('card', posted)) : 0);
  const first = state.reached.find(({ rung }) => rung === 0);
  const accounts = first?.people.flatMap((person) => deps.contactOf(person).account ?? []);
  return (accounts ?? deps.mentionsFor(incident)).slice(0, most);
}

/** The agent that works now: a sub-agent before the coordinator that waits for it. */
function stepOf({ sessions }: DrawDeps['folds'], { id }: Incident): IncidentDrawn['step'] {
  const running = (sessions.incident(id)?.runs ?? []).filter((run) => run.settled === null);
  const run = running.findLast(({ role }) => role !== 'coordinator') ?? running.at(-1);
  return run === undefined ? null : { role: run.role, since: run.startedAt, until: run.deadline };
}

/** The card of a proposal as it should stand in Slack now, and how many people it calls by name. */
export function drawApproval(
  deps: DrawDeps,
  { approval, incident }: { approval: Approval; incident: Incident },
  posted: PostedOf,
): { content: PostContent; mentions: number } {
  const { id, plan, hash, state, reason, mode, requestedAt, at, decisions, seq, reminded } = approval;
  const shown = posted.approvals[id];
  const most = shown?.mentions ?? mentionsLeft('approval', posted);
  const mentions = deps.decidersFor(incident).slice(0, mode === 'act' ? most : 0);
  const isLast = deps.folds.approvals.of(incident.id).at(-1)?.id === id;
  const isFree = incident.resolved === null && incident.takenBy === null && incident.paused === null;
  const all = deps.folds.approvals.all();
  const warnings = approvalWarnings(approval, { incident, all, stops: deps.folds.stops, zone: deps.zone });
  const message = approvalMessage(
    approvalCard(plan, hash),
    { id, hash, state, reason, mode, requestedAt, at, decisions },
    { zone: deps.zone, reminded, seq, canAskAgain: isLast && isFree, mentions, warnings },
  );
  return { content: content(message), mentions: mentions.length };
}

/** The call for help as it should stand in Slack now; undefined where there is none, or it stands there already. */
export function drawNotice(
  deps: DrawDeps,
  incident: Incident,
  posted: PostedOf,
): { about: string; content: PostContent; mentions: number } | undefined {
  const call = callNow(incident, deps.folds.rungs.get(incident.id));
  if (call === undefined || isShown(posted, call)) return undefined;
  const forOthers = call.rung === null || call.rung.reason === 'people_needed';
  const own = forOthers ? causedBy(incident, deps.folds.approvals) : null;
  const asked = call.rung?.people.filter((person) => person !== own);
  const contacts = asked?.map((person) => deps.contactOf(person)) ?? null;
  const all = contacts?.flatMap(({ account }) => account ?? []) ?? deps.mentionsFor(incident);
  const accounts = all.filter((one) => own === null || one !== deps.contactOf(own).account);
  const most = mayPost('notice', posted) ? Math.min(1, mentionsLeft('notice', posted)) : 0;
  const mentions = accounts.slice(0, most);
  const names = mentions.length > 0 ? [] : (contacts ?? []).map(({ name }) => name);
  const uncalled: CallForHelp['uncalled'] =
    names.length === 0 ? null : { names, why: accounts.length === 0 ? 'no_account' : 'limit' };
  const message = noticeMessage({ incident: incident.id, mentions, uncalled, ...whyOf(incident, call) });
  return { about: call.about, content: content(message), mentions: mentions.length };
}

function whyOf({ escalated }: Incident, { rung }: Call): Pick<CallForHelp, 'why' | 'detail'> {
  if (rung !== null && rung.reason !== 'people_needed') return { why: rung.reason, detail: '' };
  return { why: 'people_needed', detail: escalated === null ? '' : escalationWords(escalated.reason) };
}

export function content({ text, blocks }: SlackMessage): PostContent {
  return { kind: 'message', text, blocks };
}
