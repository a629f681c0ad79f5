import type { People, Person } from '#approvals/people.ts';
import { IncidentId, PersonId, ServiceId } from '#core/ids.ts';
import type { About } from '#server/acts/ownership.ts';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';

export const checkout = ServiceId.parse('checkout');
export const inventory = ServiceId.parse('inventory');
export const INC1 = IncidentId.parse('INC-1');
export const INC2 = IncidentId.parse('INC-2');

export const bob: Person = { ...alice, id: PersonId.parse('bob'), name: 'Bob', roles: ['responder'] };
export const viewer: Person = { ...alice, id: PersonId.parse('vera'), name: 'Vera', roles: ['viewer'] };
export const people: People = new Map([alice, bob, viewer].map((person) => [person.id, person]));

export const says = (person: Person, incident = INC1): About => ({ person, incident });

/** What the functions of people's words need, of a whole product in one process. */
export function actDeps({ log, folds, firebreak, shop }: InProcess) {
  return {
    log,
    people,
    incidents: folds.incidents,
    approvals: folds.approvals,
    sessions: folds.sessions,
    inventory: shop.inventory,
    defaultOwner: 'team-shop',
    invoke: firebreak.carry.invoke,
  };
}

/** A broken deployment of checkout, paged, and a plan that waits for people. */
export async function asked(run?: InProcess): Promise<InProcess> {
  const shift = run ?? (await inProcess());
  shift.shop.inject('bad-deploy', 'checkout');
  await shift.clock.advance(12_000);
  await shift.page();
  await shift.until(() => shift.folds.approvals.all().some((one) => one.state === 'pending'));
  await shift.firebreak.idle();
  return shift;
}

/** Kinds of the entries so far. */
export async function kindsOf(run: InProcess): Promise<string[]> {
  return (await run.entries()).map(({ kind }) => kind);
}

/** What the coordinator was woken with, in order. */
export async function wakesOf(run: InProcess): Promise<string[]> {
  return (await run.entries()).flatMap(({ kind, body }) => {
    const wake = kind === 'run.started' && body.role === 'coordinator' ? body.wake : null;
    return typeof wake === 'object' && wake !== null && 'kind' in wake ? [String(wake.kind)] : [];
  });
}
