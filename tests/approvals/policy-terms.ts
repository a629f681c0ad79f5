import fc from 'fast-check';
import type { Person } from '#approvals/people.ts';
import type { PolicyRule } from '#approvals/policy.ts';
import { changeTools, type Terms } from '#approvals/policy-standing.ts';
import type { Role } from '#approvals/rights.ts';
import { sha256 } from '#core/hash.ts';
import { ServiceId } from '#core/ids.ts';
import type { Service } from '#incidents/inventory.ts';
import type { Mode } from '#incidents/vocabulary.ts';
import { aPerson } from './a-gate.ts';

export type ServiceSaid = { readonly mode: Mode; readonly environment?: string; readonly owner?: string };
export type TermsSaid = {
  readonly services: Readonly<Record<string, ServiceSaid>>;
  readonly rules?: readonly PolicyRule[];
  readonly people?: readonly Person[];
};

export const askAll: PolicyRule = { tools: changeTools, environments: ['*'], services: ['*'], answer: 'ask' };

/** What a config says about who may change what. */
export function someTerms({ services, rules = [askAll], people = [aPerson('alice')] }: TermsSaid): Terms {
  const known = Object.entries(services).map(([name, said]): Service => {
    const { mode, environment = 'prod', owner = 'team-shop' } = said;
    const rest = { dependsOn: [], maxReplicas: 2, signals: {} };
    return { id: ServiceId.parse(name), mode, environment, owner, ...rest };
  });
  return {
    policy: { version: sha256(JSON.stringify(rules)), rules, caps: 'all' },
    inventory: { version: sha256('inventory'), services: new Map(known.map((one) => [one.id, one])) },
    people: new Map(people.map((one) => [one.id, one])),
  };
}

const names = ['checkout', 'payments'];
const teams = ['team-shop', 'team-pay'];
const environments = ['prod', 'staging'];
const service = fc.record({
  mode: fc.constantFrom<Mode>('observe', 'propose', 'act'),
  environment: fc.constantFrom(...environments),
  owner: fc.constantFrom(...teams),
});
const rule = fc.record({
  tools: fc.subarray([...changeTools], { minLength: 1 }),
  environments: fc.subarray(['*', ...environments], { minLength: 1 }),
  services: fc.subarray(['*', ...names], { minLength: 1 }),
  answer: fc.constantFrom<PolicyRule['answer']>('ask', 'ask', 'ask', 'deny'),
});
const person = fc
  .record({
    id: fc.constantFrom('alice', 'bob', 'olga'),
    roles: fc.subarray<Role>(['viewer', 'responder', 'approver', 'owner', 'admin']),
    teams: fc.subarray(teams),
  })
  .map(({ id, roles, teams: of }) => aPerson(id, roles, of));

/** Any config, of a small world. */
export const anyTerms: fc.Arbitrary<Terms> = fc
  .record({
    services: fc.dictionary(fc.constantFrom(...names), service, { noNullPrototype: true }),
    rules: fc.array(rule, { maxLength: 3 }),
    people: fc.uniqueArray(person, { selector: ({ id }) => id, maxLength: 3 }),
  })
  .map(someTerms);
