import { clip, inert } from '#core/inert.ts';
import type { BodyOf, Fact } from '#incidents/entry.ts';
import type { Incident } from '#incidents/incident.ts';
import { isOwnFinding } from '#incidents/own-finding.ts';
import type { Known } from './known.ts';
import { narrateApproval } from './narrate-approvals.ts';
import { narrateModel } from './narrate-models.ts';
import { narratePeople } from './narrate-people.ts';
import { narrateRun } from './narrate-reports.ts';
import { narrateTool } from './narrate-tools.ts';
import { count, dollars } from './numbers.ts';
import { refusedWords } from './refused-words.ts';
import { type StoryLine, told } from './story.ts';
import { duration } from './time.ts';
import { actorWords, escalationWords, plainReason, resolutionWords } from './words.ts';

/** One fact as lines for people; none where it would only be noise. Pure. */
export function narrate(fact: Fact, known: Known): StoryLine[] {
  const at = fact.entry.ts;
  switch (fact.kind) {
    case 'run.started':
    case 'run.settled':
    case 'session.spawned':
      return narrateRun(fact, known);
    case 'turn.replied':
    case 'spend.reserved':
    case 'model.attempted':
    case 'spend.noticed':
      return narrateModel(fact, known);
    case 'tool.intended':
    case 'tool.finished':
    case 'tool.refused':
      return narrateTool(fact, known);
    case 'server.started':
      return [told(at, 'firebreak', { what: `started, version ${inert(fact.body.version)}` })];
    case 'server.stopped':
      return [told(at, 'firebreak', { what: 'stopped' })];
    case 'log.recovered':
      return [told(at, 'log', { what: 'the last stop left an incomplete end, which was cut off' })];
    case 'log.opened':
    case 'config.loaded':
    case 'delivery.received':
    case 'delivery.ignored':
    case 'alert.suppressed':
      return [];
    case 'mount.refused': {
      const { server, tool, reason } = fact.body;
      const what = `MCP server ${inert(server)}: ${inert(tool)} is off, ${mountReasons[reason]}`;
      return [told(at, 'refused', { what })];
    }
    case 'auth.failed':
      return [
        told(at, 'refused', {
          what: `${inert(fact.body.what)} from ${inert(fact.body.peer)}`,
          figure: inert(fact.body.correlation),
        }),
      ];
    case 'delivery.refused':
      return [
        told(at, 'refused', {
          what: `${inert(fact.body.source)} delivery from ${inert(fact.body.peer)}: ${plainReason(fact.body.reason)}`,
          figure: inert(fact.body.correlation),
        }),
      ];
    case 'request.refused': {
      const { approval } = fact.body;
      const ref = approval === null ? {} : { ref: approval };
      return [told(at, 'refused', { what: refusedWords(fact.body), ...ref })];
    }
    case 'freeze.set':
      return [
        told(at, 'freeze', {
          what: `${fact.body.on ? 'on: no change is started' : 'off'}, by ${inert(fact.body.by)}`,
        }),
      ];
    case 'off.set':
      return [
        told(at, fact.body.on ? 'off' : 'on', {
          what: `${fact.body.on ? 'everything is off: nothing new is done' : 'switched on again'}, by ${inert(fact.body.by)}`,
        }),
      ];
    default:
      if (/^(approval|action|change)\./.test(fact.kind)) return narrateApproval(fact, known);
      return narratePeople(fact) ?? narrateIncident(fact, known);
  }
}

function narrateIncident(fact: Fact, known: Known): StoryLine[] {
  const { incident } = known;
  const at = fact.entry.ts;
  const id = fact.entry.incidentId ?? 'incident';
  switch (fact.kind) {
    case 'incident.opened': {
      const { alert, owner, mode, service } = fact.body;
      const unknown =
        service === null && !isOwnFinding({ alerts: [alert] }) ? ', service not in the config' : '';
      return [
        told(at, 'page', { what: pageWords(alert) }),
        told(at, id, { what: `opened, owner ${inert(owner)}, mode ${mode}${unknown}` }),
      ];
    }
    case 'alert.joined':
      return [
        told(at, 'page', {
          what: `${pageWords(fact.body.alert)} joins ${id}: ${plainReason(fact.body.reason)}`,
        }),
      ];
    case 'alert.cleared':
      return [
        told(at, 'page', { what: `${clearedName(fact, known)} cleared, says ${inert(fact.body.source)}` }),
      ];
    case 'incident.taken':
      return [told(at, id, { what: `${fact.body.by} has it; agents stop, proposals are withdrawn` })];
    case 'incident.escalated': {
      const missing =
        fact.body.missing.length === 0 ? '' : `; missing: ${fact.body.missing.map(inert).join(', ')}`;
      return [told(at, id, { what: `needs people: ${escalationWords(fact.body.reason)}${missing}` })];
    }
    case 'incident.resolved':
      return [told(at, id, { what: resolvedWords(fact.body, at, incident) })];
    case 'rung.reached': {
      const { people, team, reason } = fact.body;
      const who = people.length === 0 ? `the channel of ${inert(team ?? 'nobody')}` : people.join(', ');
      // That they were told is another entry: the receipt of the call that told them.
      return [told(at, id, { what: `it is now up to ${who}: ${plainReason(reason)}` })];
    }
    case 'incident.reopened':
      return [told(at, id, { what: `open again: ${plainReason(fact.body.reason)}` })];
    case 'incident.noted':
      return [
        told(at, id, { what: `note by ${actorWords(fact.body.by)}, ${count(fact.body.chars, 'character')}` }),
      ];
    default:
      return [];
  }
}

const mountReasons: Readonly<Record<BodyOf<'mount.refused'>['reason'], string>> = {
  drifted: 'it is described otherwise than when it was allowed',
  changes: 'it may change things',
  ambiguous: 'it is listed more than once',
};

function pageWords(alert: BodyOf<'incident.opened'>['alert']): string {
  const service = alert.service === null ? '' : ` ${inert(alert.service)}`;
  return `${inert(alert.name)}${service} (${alert.severity}) from ${alert.source}`;
}

function resolvedWords(
  { resolution }: BodyOf<'incident.resolved'>,
  at: number,
  incident: Incident | undefined,
): string {
  const word = `resolved (${resolutionWords(resolution)})`;
  if (incident === undefined) return word;
  const { model, usdMicros } = incident.models;
  return `${word} after ${duration(at - incident.openedAt)}, ${count(model, 'model call')}, ${dollars(usdMicros)}`;
}

function clearedName({ body }: Extract<Fact, { kind: 'alert.cleared' }>, { incident }: Known): string {
  const alert = incident?.alerts.find((one) => one.fingerprint === body.fingerprint);
  return alert === undefined ? 'an alert' : inert(clip(alert.name, 60));
}
