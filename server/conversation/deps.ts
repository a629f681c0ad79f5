import type { People, Person } from '#approvals/people.ts';
import type { Log } from '#audit/log.ts';
import type { Clock } from '#core/clock.ts';
import type { IncidentId, PersonId } from '#core/ids.ts';
import type { Inventory } from '#incidents/inventory.ts';
import type { QuietRules } from '#incidents/quiet.ts';
import type { Answered, Question } from '#sessions/coordinator-run.ts';
import type { Invoke } from '#tools/call-result.ts';
import type { ActDeps } from '../acts/act.ts';
import type { RegroupDeps } from '../acts/regroup.ts';
import type { ChangeDeps } from '../acts/say.ts';
import type { Contact } from '../duty.ts';
import type { Folds } from '../folds.ts';
import type { Admit } from './admit.ts';

/** What answers people in Slack may use. Nothing of it reaches a change: that takes an approval. */
export type ConversationDeps = {
  readonly log: Log;
  readonly folds: Folds;
  readonly people: People;
  readonly inventory: Inventory;
  readonly defaultOwner: string;
  readonly quiet: QuietRules;
  /** Everything that is answered goes through this, by the right that it takes. */
  readonly admit: Admit;
  readonly invoke: Invoke;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  /** IANA name of the zone in which times are written and read where a reader's own is not known. */
  readonly zone: string;
  /** The file that switches off stands in the data directory. */
  readonly offFile: () => boolean;
  /** What a person is called, and their account in our workspace; null: none is known. */
  readonly contactOf: (person: PersonId) => Contact;
  /** Has the coordinator answer a question; null where no model does, or agents are to stay out. */
  readonly ask: (incident: IncidentId, question: Question) => Promise<Answered | null>;
  /** Gives the incident a new card, and with it a new thread, in another channel. */
  readonly move: (incident: IncidentId, channel: string) => Promise<'posted' | 'no_budget' | 'failed'>;
};

/** A known person, and the incident whose thread they speak in. */
export type Speaks = { readonly person: Person; readonly incident: IncidentId };

/** What the functions that take a person's word need. */
export function actDepsOf({
  log,
  folds,
  people,
  inventory,
  defaultOwner,
  invoke,
}: ConversationDeps): ActDeps & RegroupDeps & ChangeDeps & { people: People; invoke: Invoke } {
  const { incidents, approvals, sessions } = folds;
  return { log, incidents, approvals, sessions, people, inventory, defaultOwner, invoke };
}
