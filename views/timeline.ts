import { ApprovalFold } from '#approvals/approval-fold.ts';
import { ApprovalId } from '#core/ids.ts';
import { inert } from '#core/inert.ts';
import { type BodyOf, type Fact, readFact } from '#incidents/entry.ts';
import { IncidentFold } from '#incidents/incident-fold.ts';
import { narrate } from './narrate.ts';
import { type StoryLine, told } from './story.ts';

export type Entry = Fact['entry'];

/**
 * Reads a log from its beginning, or from that of an incident, and tells each entry in its context: remembers calls
 * until they are answered, incidents and approvals as the folds do. One per reader; entries must come in order.
 */
export type Narrator = { tell(entry: Entry): StoryLine[] };

/** `zone` is the IANA name in which times inside a line are written. */
export function createNarrator(zone: string): Narrator {
  const incidents = new IncidentFold();
  const approvals = new ApprovalFold();
  const calls = new Map<string, BodyOf<'tool.intended'>>();
  const samples = new Map<string, BodyOf<'action.sampled'>>();
  return {
    tell: (entry) => {
      const fact = readFact(entry);
      if (fact === undefined)
        return [
          told(entry.ts, 'unknown', {
            what: `entry of a kind this version does not know: ${inert(entry.kind)}`,
          }),
        ];
      incidents.apply(entry);
      approvals.apply(entry);
      if (fact.kind === 'tool.intended') calls.set(callKey(entry, fact.body.call), fact.body);
      if (fact.kind === 'action.sampled') samples.set(fact.body.approval, fact.body);
      const incident = entry.incidentId === undefined ? undefined : incidents.get(entry.incidentId);
      const id = approvalIdOf(fact);
      const approval = id === undefined ? undefined : approvals.get(id);
      const sample = id === undefined ? undefined : samples.get(id);
      const call = fact.kind === 'tool.finished' ? calls.get(callKey(entry, fact.body.call)) : undefined;
      if (fact.kind === 'tool.finished') calls.delete(callKey(entry, fact.body.call));
      return narrate(fact, {
        zone,
        ...(incident && { incident }),
        ...(approval && { approval }),
        ...(sample && { sample }),
        ...(call && { call }),
      });
    },
  };
}

const callKey = (entry: Entry, call: string) => `${entry.incidentId ?? ''} ${call}`;

function approvalIdOf(fact: Fact): ApprovalId | undefined {
  const id = 'approval' in fact.body ? ApprovalId.safeParse(fact.body.approval) : undefined;
  return id?.data;
}

/** What happened, without the lines of little interest afterwards. */
export function timelineOf(entries: readonly Entry[], zone: string): StoryLine[] {
  const narrator = createNarrator(zone);
  return entries.flatMap((entry) => narrator.tell(entry)).filter((line) => !line.quiet);
}
