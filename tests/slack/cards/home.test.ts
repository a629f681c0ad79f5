import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import { createFolds, foldList } from '#server/folds.ts';
import { createHome } from '#server/home.ts';
import { FakeClock } from '../../fakes/fake-clock.ts';
import { storyEntries } from '../../views/a-story.ts';
import { blockTexts, overLimits } from './limits.ts';

const alice = {
  id: PersonId.parse('alice'),
  name: 'Alice',
  tokens: [],
  roles: ['owner'],
  teams: [],
} as const;
const known = { team: 'T1', user: 'U0ALICE', person: alice.id };

function home(until?: Parameters<typeof storyEntries>[0], copies = 1) {
  const folds = createFolds();
  for (let copy = 1; copy <= copies; copy += 1)
    for (const entry of storyEntries(until)) {
      const incidentId = JSON.parse(`"INC-${copy}"`);
      const body = JSON.parse(JSON.stringify(entry.body).replaceAll('"A-3"', `"A-${copy}"`));
      for (const fold of foldList(folds)) fold.apply({ ...entry, incidentId, body });
    }
  const people = new Map([[alice.id, alice]]);
  return createHome({
    ...{ folds, people, clock: new FakeClock(), dayLimit: 2_000_000, offFile: () => false, zone: 'UTC' },
  });
}

const seen = (texts: readonly string[]) =>
  texts.map((text) => text.replace(/<!date\^\d+\^[^|]+\|([^>]+)>/g, '$1'));

test('it shows what is open, what waits for a person and until when, and what models cost today', async () => {
  const lines = seen(blockTexts(await home('approval.approved').home(known)));
  expect(lines).toEqual([
    '*Open incidents:* 1',
    '`INC-1` HighErrorRate checkout\ncritical - identified - 03:12 (2026-01-05 03:12 +00:00) - nobody has it',
    '*Waiting for a decision:* 1',
    '`A-1` Roll back checkout v42 → v41 in demo, for INC-1\nneeds one approver; until 03:27, then nothing is done',
    'AI models cost $0.00 of $2.00 today (UTC).',
  ]);
});

test('where nothing burns it says so', async () => {
  const lines = blockTexts(await home().home(known));
  expect(lines).toEqual([
    '*Open incidents:* none',
    '*Waiting for a decision:* nothing',
    'AI models cost $0.00 of $2.00 today (UTC).',
  ]);
});

test('many incidents fit into what Slack takes, and the rest is counted', async () => {
  const blocks = await home('approval.approved', 60).home(known);
  expect(overLimits({ text: 'home', blocks })).toEqual([]);
  expect(blockTexts(blocks)).toContain('and 45 more: firebreak status');
});

test('somebody whom the config does not know learns how to be added, and nothing else', async () => {
  for (const person of [null, PersonId.parse('gone')]) {
    const texts = blockTexts(await home('approval.approved').home({ team: 'T1', user: 'U0EVE', person }));
    expect(texts).toEqual([
      'Firebreak does not know you here. An owner can add you in its config under people: slack: {team: T1, user: U0EVE}',
    ]);
  }
});
