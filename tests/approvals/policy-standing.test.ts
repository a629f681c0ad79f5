import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareTerms, widerOnly } from '#approvals/policy-answers.ts';
import { acceptDrafts, PolicyFold } from '#approvals/policy-fold.ts';
import { isSameStanding, standingDigest, standingOf, within } from '#approvals/policy-standing.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { PersonId } from '#core/ids.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { aPerson } from './a-gate.ts';
import { anyTerms, askAll, someTerms } from './policy-terms.ts';

const olga = aPerson('olga', ['owner'], ['team-shop']);

test('what two policies both allow is no more than either of them allows', () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, (one, other) => {
      const [a, b] = [standingOf(one), standingOf(other)];
      const both = within(a, b);
      expect(isSameStanding(within(both, a), both)).toBe(true);
      expect(isSameStanding(within(both, b), both)).toBe(true);
      expect(isSameStanding(within(a, a), a)).toBe(true);
    }),
  );
});

test('whatever a diff calls more is not within what was allowed before', () => {
  fc.assert(
    fc.property(anyTerms, anyTerms, (before, after) => {
      const both = within(standingOf(before), standingOf(after));
      const { answers, people } = widerOnly(compareTerms(before, after));
      // The other way round it need not be: where nobody may be asked, a new owner of a service changes no answer.
      if (answers.length + people.length > 0) expect(isSameStanding(both, standingOf(after))).toBe(false);
    }),
  );
});

test('a diff names every answer and every say that changes, and which of them allow more', () => {
  const before = someTerms({ services: { checkout: { mode: 'act' }, payments: { mode: 'observe' } } });
  const deny = {
    tools: ['service_scale'],
    environments: ['*'],
    services: ['checkout'],
    answer: 'deny',
  } as const;
  const after = someTerms({
    services: { checkout: { mode: 'act' }, payments: { mode: 'propose' } },
    rules: [askAll, deny],
    people: [aPerson('alice'), olga],
  });
  const { answers, people } = compareTerms(before, after);
  const short = answers.map(({ agent, tool, service, wider }) => `${agent} ${tool} ${service} ${wider}`);
  expect(short).toEqual([
    'remediation alert_silence checkout true',
    'remediation alert_silence payments true',
    'remediation node_cordon checkout true',
    'remediation node_cordon payments true',
    'remediation service_restart checkout true',
    'remediation service_restart payments true',
    'remediation service_rollback checkout true',
    'remediation service_rollback payments true',
    'remediation service_scale checkout false',
    'remediation service_scale payments true',
  ]);
  expect(answers[0]).toMatchObject({
    before: { kind: 'ask', approvers: ['alice'], owners: [] },
    after: { kind: 'ask', approvers: ['alice', 'olga'], owners: ['olga'] },
  });
  expect(people).toEqual([
    {
      person: 'olga',
      before: null,
      after: { approves: true, owns: true, teams: ['team-shop'] },
      wider: true,
    },
  ]);
});

test('the same policy differs in nothing, in whatever order it is written', () => {
  const terms = someTerms({
    services: { checkout: { mode: 'act' }, payments: { mode: 'propose' } },
    people: [aPerson('alice'), olga],
  });
  const turned = someTerms({
    services: { payments: { mode: 'propose' }, checkout: { mode: 'act' } },
    people: [olga, aPerson('alice')],
  });
  expect(compareTerms(terms, turned)).toEqual({ answers: [], people: [] });
  expect(standingDigest(standingOf(terms))).toBe(standingDigest(standingOf(turned)));
});

test.each([
  ['leaves', { services: { payments: { mode: 'act' } } }, false],
  [
    'comes in observe',
    { services: { checkout: { mode: 'act' }, payments: { mode: 'act' }, search: { mode: 'observe' } } },
    false,
  ],
  [
    'comes in act',
    { services: { checkout: { mode: 'act' }, payments: { mode: 'act' }, search: { mode: 'act' } } },
    true,
  ],
  [
    'moves to another environment',
    { services: { checkout: { mode: 'act', environment: 'staging' }, payments: { mode: 'act' } } },
    true,
  ],
] as const)('a service that %s: does the policy allow more? %#', (_, after, wider) => {
  const before = someTerms({ services: { checkout: { mode: 'act' }, payments: { mode: 'act' } } });
  expect(widerOnly(compareTerms(before, someTerms(after))).answers.length > 0).toBe(wider);
});

test('what was accepted is read back from the log, however many entries it took', async () => {
  const fold = new PolicyFold();
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom, folds: [fold] });
  const services = Object.fromEntries(
    Array.from({ length: 200 }, (_, at) => [
      `service-${String(at).padStart(31, '0')}`,
      { mode: 'act' } as const,
    ]),
  );
  const people = Array.from({ length: 100 }, (_, at) =>
    aPerson(`person-${at}`, ['owner'], ['team-shop', `team-${at}`]),
  );
  const standing = standingOf(someTerms({ services, people }));
  const drafts = acceptDrafts(standing, { by: PersonId.parse('olga'), why: 'owner' });
  expect(drafts.length).toBeGreaterThan(3);
  await log.append(drafts);
  expect(fold.accepted).toEqual(standing);
  const copy = new PolicyFold();
  copy.load(JSON.parse(JSON.stringify(fold.save())));
  expect(copy.accepted).toEqual(standing);
});

test('an acceptance of which a part is missing accepts nothing', async () => {
  const fold = new PolicyFold();
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom, folds: [fold] });
  const first = standingOf(someTerms({ services: { checkout: { mode: 'act' } } }));
  await log.append(acceptDrafts(first, { by: null, why: 'first' }));
  const people = Array.from({ length: 300 }, (_, at) => aPerson(`person-${at}`, ['owner'], ['team-shop']));
  const more = acceptDrafts(standingOf(someTerms({ services: {}, people })), { by: null, why: 'owner' });
  await log.append(more.filter((_, at) => at !== 1));
  expect(fold.accepted).toEqual(first);
});
