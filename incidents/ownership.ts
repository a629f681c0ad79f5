import type { BodyOf, Fact } from './entry.ts';
import type { Incident } from './incident.ts';
import { worse } from './vocabulary.ts';

/** Who has an incident, what people say of it, and how it ended; facts about anything else change nothing here. */
export function stepOwnership(incident: Incident, fact: Fact): void {
  switch (fact.kind) {
    case 'incident.taken':
      incident.takenBy = fact.body.by;
      incident.handover = null;
      return;
    case 'approval.reminded':
    case 'approval.expired':
    case 'rung.reached':
      return unsee(incident);
    case 'incident.escalated':
      unsee(incident);
      incident.escalated = { reason: fact.body.reason, missing: fact.body.missing, at: fact.entry.ts };
      return;
    case 'change.requested':
      incident.requests.push(fact.body);
      return;
    case 'incident.resolved':
      incident.state = 'resolved';
      incident.resolved = { resolution: fact.body.resolution, by: fact.body.by, at: fact.entry.ts };
      incident.paused = null;
      incident.handover = null;
      return;
    case 'incident.reopened':
      return beginRound(incident);
    default:
      return stepConversation(incident, fact);
  }
}

/** That somebody has seen it answers what came before, not what is asked of people now. */
export function unsee(incident: Incident): void {
  incident.acknowledgedBy = null;
  for (const alert of incident.alerts) delete alert.seenBy;
}

/** What people and probes said was about the earlier round; where it is talked about stays. */
function beginRound(incident: Incident): void {
  incident.state = 'investigating';
  incident.resolved = null;
  incident.takenBy = null;
  incident.acknowledgedBy = null;
  incident.paused = null;
  incident.handover = null;
  incident.verdict = null;
  incident.verified = false;
  incident.escalated = null;
  incident.monitor = null;
  incident.diagnosis = null;
  incident.before = null;
  incident.looks = incident.looks.map((look) => ({ ...look, report: null }));
}

function stepConversation(incident: Incident, fact: Fact): void {
  switch (fact.kind) {
    case 'thread.bound': {
      const { team, channel, thread } = fact.body;
      incident.thread = { team, channel, thread };
      return;
    }
    case 'incident.acknowledged':
      incident.acknowledgedBy ??= fact.body.by;
      return;
    case 'incident.paused':
      if (!fact.body.on && incident.verdict !== null) incident.verdict.readAnew = true;
      incident.paused = fact.body.on ? { by: fact.body.by, at: fact.entry.ts } : null;
      return;
    case 'handover.offered':
      incident.handover = { by: fact.body.by, to: fact.body.to, at: fact.entry.ts };
      return;
    case 'handover.accepted':
      incident.takenBy = fact.body.by;
      incident.handover = null;
      return;
    case 'verdict.given':
      incident.verdict = { ...fact.body, at: fact.entry.ts, readAnew: false };
      return;
    case 'approval.asked_again':
      if (incident.verdict !== null) incident.verdict.readAnew = true;
      return;
    case 'incident.merged':
      incident.mergedInto = fact.body.into;
      return;
    case 'incident.split':
      return leave(incident, fact.body);
    case 'incident.noted':
      incident.notes += 1;
      return;
    default:
      return;
  }
}

/** The alerts that left are of no concern here any more; the one that is left over decides how bad it is. */
function leave(incident: Incident, { fingerprints }: BodyOf<'incident.split'>): void {
  const gone = new Set(fingerprints);
  const stay = incident.alerts.filter(({ fingerprint }) => !gone.has(fingerprint));
  if (stay.length === 0) return;
  incident.alerts = stay;
  incident.severity = stay.map(({ severity }) => severity).reduce(worse);
}
