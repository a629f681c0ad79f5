import { expect, test } from 'vitest';
import { acceptDrafts } from '#approvals/policy-fold.ts';
import { type Standing, standingOf } from '#approvals/policy-standing.ts';
import { createReplay } from '#approvals/semantic-replay.ts';
import { openMemoryLog } from '#audit/memory-log.ts';
import { realRandom } from '#core/clock.ts';
import { PersonId } from '#core/ids.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { aPerson } from './a-gate.ts';
import { someTerms } from './policy-terms.ts';

type Why = 'first' | 'narrower' | 'owner';
type Step = [standing: Standing, why: Why, by?: string];

const [alice, olga] = [aPerson('alice'), aPerson('olga', ['owner'], ['team-shop'])];
const mallory = aPerson('mallory', ['owner'], ['team-shop']);
const narrow = standingOf(someTerms({ services: { checkout: { mode: 'observe' } }, people: [alice, olga] }));
const wide = standingOf(
  someTerms({ services: { checkout: { mode: 'act' } }, people: [alice, olga, mallory] }),
);
const ownerless = standingOf(someTerms({ services: { checkout: { mode: 'act' } }, people: [alice] }));

async function problemsOf(steps: readonly Step[]): Promise<readonly unknown[]> {
  const log = await openMemoryLog({ clock: new FakeClock(), random: realRandom });
  for (const [standing, why, by] of steps) {
    await log.append(acceptDrafts(standing, { why, by: by === undefined ? null : PersonId.parse(by) }));
  }
  const replay = createReplay();
  for await (const entry of log.read(0)) replay.apply(entry);
  return replay.problems().map(({ rule }) => rule);
}

test.each<[string, Step[]]>([
  ['the first one', [[narrow, 'first']]],
  [
    'an owner of before who widens',
    [
      [narrow, 'first'],
      [wide, 'owner', 'olga'],
    ],
  ],
  [
    'one that takes away',
    [
      [wide, 'first'],
      [narrow, 'narrower'],
    ],
  ],
  [
    'anybody who is an owner now where no owner was left',
    [
      [ownerless, 'first'],
      [wide, 'owner', 'olga'],
    ],
  ],
])('a log in which the policy was accepted by the rules has no problem: %s', async (_name, steps) => {
  expect(await problemsOf(steps)).toEqual([]);
});

test.each<[string, Step[]]>([
  [
    'as a first one that is not the first',
    [
      [narrow, 'first'],
      [wide, 'first'],
    ],
  ],
  ['without a first one', [[wide, 'narrower']]],
  [
    'as if it took away',
    [
      [narrow, 'first'],
      [wide, 'narrower'],
    ],
  ],
  [
    'by somebody whom it makes an owner',
    [
      [narrow, 'first'],
      [wide, 'owner', 'mallory'],
    ],
  ],
  [
    'by an approver',
    [
      [narrow, 'first'],
      [wide, 'owner', 'alice'],
    ],
  ],
  [
    'by nobody',
    [
      [narrow, 'first'],
      [wide, 'owner'],
    ],
  ],
])('a policy that was widened %s is found by the replay', async (_name, steps) => {
  expect(await problemsOf(steps)).toEqual(['policy_widened_without_owner']);
});
