import type { Approval } from '#approvals/approval.ts';
import type { Incident } from '#incidents/incident.ts';
import { approvalMessage } from '#slack/cards/approval.ts';
import { type IncidentDrawn, incidentMessage } from '#slack/cards/incident.ts';
import { noticeMessage } from '#slack/cards/notice.ts';
import type { SlackMessage } from '#slack/ports.ts';
import type { PostContent } from '#tools/act/posts.ts';
import { approvalCard } from '#views/approval-card.ts';
import { cardFace } from '#views/incident-card.ts';
import type { Asks } from '#views/next-step.ts';
import { escalationWords } from '#views/words.ts';
import type { Folds } from '../folds.ts';
import { mayPost, mentionsLeft } from './budget.ts';
import type { PostedOf } from './posted-fold.ts';

export type DrawDeps = {
  readonly folds: Pick<Folds, 'incidents' | 'approvals' | 'sessions' | 'spend' | 'posted' | 'rungs'>;
  /** IANA name of the zone in which times read where Slack cannot write them. */
  readonly zone: string;
  /** Slack ids of the people who are asked about an incident, those on duty first. */
  readonly mentionsFor: (incident: Incident) => readonly string[];
  /** Who is asked next if nobody answers. */
  readonly asks: (incident: Incident) => Asks | null;
};

/** The card of an incident as it should stand in Slack now. The same state gives the same message. */
export function drawIncident(
  { folds, zone, asks }: DrawDeps,
  incident: Incident,
  posted: PostedOf,
): PostContent {
  const approvals = folds.approvals.of(incident.id);
  const face = cardFace(incident, {
    approvals,
    spend: folds.spend.incident(incident.id),
    asks: asks(incident),
  });
  const hidden = approvals.filter((one) => one.state === 'pending' && posted.approvals[one.id] === undefined);
  const noRoom = mayPost('approval', posted) ? [] : hidden.map(({ id }) => id);
  const step = stepOf(folds, incident);
  return content(incidentMessage(face, { zone, step, again: posted.again, noRoom }));
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
  const mentions = deps.mentionsFor(incident).slice(0, mode === 'act' ? most : 0);
  const isLast = deps.folds.approvals.of(incident.id).at(-1)?.id === id;
  const isFree = incident.resolved === null && incident.takenBy === null && incident.paused === null;
  const message = approvalMessage(
    approvalCard(plan, hash),
    { id, hash, state, reason, mode, requestedAt, at, decisions },
    { zone: deps.zone, reminded, seq, canAskAgain: isLast && isFree, mentions },
  );
  return { content: content(message), mentions: mentions.length };
}

/** The last call for help that the log asks for; undefined where somebody is there, or it would call nobody by name. */
export function drawNotice(
  deps: DrawDeps,
  incident: Incident,
  posted: PostedOf,
): { about: string; content: PostContent; mentions: number } | undefined {
  const { id, resolved, takenBy, acknowledgedBy, paused, escalated } = incident;
  if (resolved !== null || takenBy !== null || acknowledgedBy !== null || paused !== null) return undefined;
  const rung = deps.folds.rungs.get(id).reached.findLast((one) => one.rung > 0);
  const isRung = rung !== undefined && rung.at >= (escalated?.at ?? 0);
  if (!isRung && escalated === null) return undefined;
  const about = isRung ? `rung-${rung.rung}-${rung.at}` : `people-${escalated?.at ?? 0}`;
  const mentions = deps.mentionsFor(incident).slice(0, Math.min(1, mentionsLeft('notice', posted)));
  if (mentions.length === 0 || posted.noticed.includes(about)) return undefined;
  const message = noticeMessage({
    ...{ incident: id, mentions, why: isRung ? rung.reason : 'people_needed' },
    detail: isRung || escalated === null ? '' : escalationWords(escalated.reason),
  });
  return { about, content: content(message), mentions: mentions.length };
}

export function content({ text, blocks }: SlackMessage): PostContent {
  return { kind: 'message', text, blocks };
}
