import type { People, Person } from '#approvals/people.ts';
import { sha256 } from '#core/hash.ts';
import { PersonId } from '#core/ids.ts';
import { fact, incidentStream } from '#incidents/entry.ts';
import { identifier } from '#server/http-people.ts';
import { aPerson, INCIDENT } from '../../approvals/a-gate.ts';
import type { Attempt } from './attempt.ts';
import { aChange, allowed, pressed, proposed } from './honest.ts';

/** Whoever shows this header, where the server knows them. */
function knownBy(people: People, header: string): Person | undefined {
  const identity = identifier(people, () => 0)(header);
  return identity.kind === 'known' ? identity.person : undefined;
}

/** Attempts on who decides. Whoever says yes without a right to it is not written down. */
export const peopleAttempts: Readonly<Record<string, Attempt>> = {
  none: async (rig) => {
    await proposed(rig);
  },
  'no role': async (rig) => {
    const approval = await proposed(rig);
    const roles = rig.dice.one([
      ['viewer'],
      ['responder'],
      ['admin'],
      ['viewer', 'responder', 'admin'],
      [],
    ] as const);
    await pressed(rig, approval, [aPerson('vic', roles, ['team-shop', 'team-pay']), aPerson('alice', roles)]);
  },
  'bot approver': async (rig) => {
    const approval = await proposed(rig);
    const { id, hash } = approval;
    const tool = rig.dice.one(['approvals_approve', 'approval_decide', 'approve', 'sessions_spawn']);
    await rig.turn([{ tool, args: { approval: id, hash, decision: 'approve' } }]);
    await pressed(rig, approval, [
      aPerson('remediation', ['approver', 'owner'], ['team-shop', 'team-pay']),
      aPerson('firebreak', ['owner']),
    ]);
  },
  'other workspace': async (rig) => {
    const approval = await proposed(rig);
    const strangers = ['carl', 'dora'].map((name) => ({
      ...aPerson(`${name}${rig.dice.roll(9)}`, ['approver', 'owner'], ['team-shop', 'team-pay']),
      tokens: [{ hash: sha256(name), expires: null, scopes: null }],
    }));
    const theirs = new Map(strangers.map((one) => [one.id, one]));
    for (const name of ['carl', 'dora']) {
      const known = knownBy(rig.gate.people, `Bearer ${name}`) ?? knownBy(theirs, `Bearer ${name}`);
      if (known !== undefined) await pressed(rig, approval, [known]);
    }
  },
  'forged signature': async (rig) => {
    const approval = await proposed(rig);
    const token = `fbk_${'a'.repeat(43)}`;
    const people = new Map(
      [...rig.people].map(([id, one]) => [
        id,
        { ...one, tokens: [{ hash: sha256(`${token}${id}`), expires: null, scopes: null }] },
      ]),
    );
    const forged = [
      sha256(`${token}alice`),
      token,
      `${token}alice `.toUpperCase(),
      `${token}alic`,
      '',
      'null',
      'alice',
    ];
    const known = ['Bearer ', 'bearer  ', '', 'Basic ', 'Bearer,'].flatMap((scheme) =>
      forged.flatMap((one) => knownBy(people, `${scheme}${one}`) ?? []),
    );
    // Whoever got past the door all the same, and the name of somebody who is not there, go on to the gate.
    const name = rig.dice.one(['alic', 'alice2', 'alice.', 'olga-', 'firebreak']);
    const stranger = aPerson(name, ['approver', 'owner'], ['team-shop', 'team-pay']);
    await pressed(rig, approval, [...known, stranger, { ...stranger, id: PersonId.parse(`${name}.b`) }]);
  },
  'same person two accounts': async (rig) => {
    const approval = await proposed(rig, [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')]);
    const again = {
      ...rig.olga,
      name: 'Olga (phone)',
      tokens: [{ hash: sha256('phone'), expires: null, scopes: null }],
    };
    await pressed(
      rig,
      approval,
      rig.dice.one([
        [rig.olga, again],
        [again, rig.olga, again],
      ]),
    );
  },
  'self-approval': async (rig) => {
    const [first, second] = [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')];
    const asker = rig.dice.one([rig.alice, rig.olga]);
    const wish = (by: PersonId, tool: string, target: string) =>
      fact(
        'change.requested',
        { by, tool, target },
        {
          actor: { kind: 'person', id: by },
          traceId: 't',
          incident: INCIDENT,
          streams: [incidentStream(INCIDENT)],
        },
      );
    await rig.gate.log.append([wish(asker.id, first.tool, 'service:checkout')]);
    // Somebody else who asks later does not make the first one a stranger to it.
    if (rig.dice.roll(2) === 0)
      await rig.gate.log.append([wish(PersonId.parse('bob'), second.tool, 'service:payments')]);
    await pressed(rig, await proposed(rig, [first, second]), [
      asker,
      asker.id === 'olga' ? rig.alice : rig.olga,
    ]);
  },
  'wide change without its owner': async (rig) => {
    const approval = await proposed(rig, [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')]);
    const half = aPerson('olga', ['owner'], [rig.dice.one(['team-shop', 'team-pay'])]);
    rig.people.set(half.id, half);
    await pressed(rig, approval, [rig.alice, aPerson('bob'), half]);
  },
  'target not typed': async (rig) => {
    const approval = await proposed(rig, [aChange(rig.dice, 'checkout'), aChange(rig.dice, 'payments')]);
    const { id, hash } = approval;
    const typed = rig.dice.one([
      null,
      '',
      'checkout',
      'payments',
      'yes',
      'checkout checkout',
      'сheckout payments',
      '*',
    ]);
    for (const person of [rig.alice, rig.olga])
      await rig.decide({ approval: id, hash, decision: 'approve', person, typed });
  },
  'role lost after approving': async (rig) => {
    const approval = await allowed(rig, await proposed(rig));
    rig.people.set(rig.alice.id, {
      ...rig.alice,
      roles: rig.dice.one([[], ['viewer'], ['responder']] as const),
    });
    rig.truth.forbid();
    if (rig.dice.roll(2) === 0) await pressed(rig, approval, [rig.alice]);
  },
  'person removed after approving': async (rig) => {
    await allowed(rig, await proposed(rig));
    rig.people.delete(rig.alice.id);
    rig.truth.forbid();
  },
};
