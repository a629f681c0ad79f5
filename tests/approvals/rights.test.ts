import { expect, test } from 'vitest';
import { may } from '#approvals/people.ts';
import { isWithinCeiling } from '#approvals/policy.ts';
import { type Right, rights, rightsOf, roles, type Subject } from '#approvals/rights.ts';
import { AgentRole, Tier } from '#incidents/vocabulary.ts';
import { aPerson } from './a-gate.ts';

/** The design's words: who may look, note, ask for changes, stop, decide, and own. */
const oracle: Readonly<Record<Subject, string>> = {
  viewer: 'read',
  responder: 'read note propose stop',
  approver: 'read note propose stop decide',
  owner: 'read note propose stop decide own',
  admin: 'read note propose stop',
  'agent:coordinator': 'read note',
  'agent:monitor': 'read',
  'agent:diagnosis': 'read',
  'agent:remediation': 'read note propose',
};

test('every subject has the rights of the table, and no other', () => {
  expect(Object.keys(rightsOf).toSorted()).toEqual(Object.keys(oracle).toSorted());
  for (const [subject, words] of Object.entries(oracle))
    expect([
      subject,
      Object.entries(rightsOf)
        .find(([one]) => one === subject)?.[1]
        .join(' '),
    ]).toEqual([subject, words]);
  for (const role of roles)
    for (const right of rights)
      expect(may(aPerson('a', [role]), right)).toBe(oracle[role].split(' ').includes(right));
});

test('no agent stops, decides or owns anything, whatever its role', () => {
  const theirs: readonly Right[] = ['stop', 'decide', 'own'];
  for (const role of AgentRole.options)
    expect(rightsOf[`agent:${role}`].filter((right) => theirs.includes(right))).toEqual([]);
});

test('an agent may ask for calls of the tiers that the table gives it', () => {
  const able = AgentRole.options.map((role) => [
    role,
    Tier.options.filter((tier) => isWithinCeiling(role, tier)).join(' '),
  ]);
  expect(Object.fromEntries(able)).toEqual({
    coordinator: 'R0 R1',
    monitor: 'R0',
    diagnosis: 'R0',
    remediation: 'R0 R1 R2 R3',
  });
});

test('a token narrows its person and never widens them', () => {
  for (const role of [...roles, undefined])
    for (const scope of rights) {
      const person = aPerson('a', role === undefined ? [] : [role]);
      const narrowed = { ...person, scopes: [scope] };
      for (const right of rights) expect(may(narrowed, right)).toBe(may(person, right) && right === scope);
    }
  expect(may(aPerson('a', []), 'read')).toBe(true);
  expect(may({ ...aPerson('a', ['owner']), scopes: [] }, 'read')).toBe(false);
});
