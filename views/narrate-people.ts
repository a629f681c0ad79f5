import type { BodyOf, Fact } from '#incidents/entry.ts';
import { count } from './numbers.ts';
import { type StoryLine, told } from './story.ts';
import { causeName, causeWords } from './words.ts';

/** What people said and did about an incident; undefined for a fact of another kind. What they wrote is content and not told. */
export function narratePeople(fact: Fact): StoryLine[] | undefined {
  const at = fact.entry.ts;
  const id = fact.entry.incidentId ?? 'incident';
  const say = (what: string, who = id) => [told(at, who, { what })];
  switch (fact.kind) {
    case 'thread.bound':
    case 'message.received':
      return [];
    case 'incident.acknowledged':
      return say(`${fact.body.by} has seen it`);
    case 'incident.paused':
      return say(
        fact.body.on
          ? `paused by ${fact.body.by}: agents stop, proposals are withdrawn`
          : `goes on, says ${fact.body.by}: everything is read anew`,
      );
    case 'incident.steered':
      return say(`${fact.body.by} wants a look at ${fact.body.service}`, 'wish');
    case 'handover.offered':
      return say(`${fact.body.by} offers it to ${fact.body.to ?? 'whoever accepts it'}`);
    case 'handover.accepted':
      return say(`${fact.body.by} has it now, from ${fact.body.from}`);
    case 'verdict.given':
      return say(verdictWords(fact.body), 'verdict');
    case 'incident.merged':
      return say(`${fact.body.by}: it goes on in ${fact.body.into}`);
    case 'incident.split':
      return say(
        `${fact.body.by}: ${count(fact.body.fingerprints.length, 'alert')} moved to ${fact.body.into}`,
      );
    default:
      return undefined;
  }
}

/** What stands beside the cause: `wrong, says bob: overload of checkout`. */
export function verdictBeside({ by, right, cause, service }: BodyOf<'verdict.given'>): string {
  if (right) return `right, says ${by}`;
  if (cause === null || cause === 'unknown') return `wrong, says ${by}`;
  return `wrong, says ${by}: ${service === null ? causeName(cause) : causeWords(cause, service)}`;
}

/** `the named cause is wrong, says bob: it was overload of checkout`. */
export function verdictWords({ by, right, cause, service }: BodyOf<'verdict.given'>): string {
  if (right) return `the named cause is right, says ${by}`;
  if (cause === null || cause === 'unknown') return `the named cause is wrong, says ${by}`;
  const was = service === null ? causeName(cause) : causeWords(cause, service);
  return `the named cause is wrong, says ${by}: it was ${was}`;
}
