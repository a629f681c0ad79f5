import { expect, test } from 'vitest';
import { PersonId } from '#core/ids.ts';
import { aPresent, INC, kinds, say } from './a-present.ts';

const bob = PersonId.parse('bob');

test('after a restart nothing is posted twice: only what changed meanwhile is edited', async () => {
  const rig = await aPresent();
  await rig.play('approval.approved');
  await rig.clock.advance(5_000);
  const before = rig.slack.messages.length;
  const again = await rig.restart();
  const tries = again.slack.tries.length;
  await again.clock.advance(5_000);
  expect(again.slack.tries).toHaveLength(tries);
  await again.play();
  await again.clock.advance(10_000);
  expect(again.slack.messages.filter((one) => one.what !== 'anchor')).toHaveLength(before - 1);
  expect(again.now('card')).toContain('recovered');
  expect(again.now('approval')).toContain('done and verified');
});

test('a card of which nobody knows whether it arrived is posted anew and says so', async () => {
  const rig = await aPresent();
  rig.slack.state = 'arrives_unheard';
  await rig.play('session.spawned');
  await rig.clock.advance(1_000);
  rig.slack.state = 'up';
  const again = await rig.restart();
  await again.clock.advance(3_000);
  const cards = again.slack.messages.filter((one) => one.what === 'card');
  expect(cards).toHaveLength(2);
  expect(cards[1]?.said.at(-1)).toContain('An earlier card may stand above');
  expect(again.folds.incidents.get(INC)?.thread?.thread).toBe(cards[1]?.ts);
  expect(
    again.slack.messages.filter((one) => one.thread !== null).every((one) => one.thread === cards[1]?.ts),
  ).toBe(true);
});

test('Slack away for a minute: few tries, nothing lost, and afterwards the latest state once', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.clock.advance(2_000);
  const before = rig.slack.tries.length;
  rig.slack.state = 'down';
  await rig.play('approval.approved');
  await rig.clock.advance(60_000);
  expect(rig.slack.tries.length - before).toBeLessThanOrEqual(8);
  const during = rig.slack.tries.length;
  rig.slack.state = 'up';
  await rig.clock.advance(35_000);
  expect(rig.slack.tries.length - during).toBeLessThanOrEqual(3);
  expect(rig.now('card')).toContain('waits for a decision');
  expect(rig.now('approval')).toContain('decision:approve');
  expect(rig.errors).toEqual([]);
});

test('an incident that came and went while Slack was away is shown once, closed, without a proposal that nobody can decide on', async () => {
  const rig = await aPresent();
  rig.slack.state = 'down';
  await rig.play();
  await rig.clock.advance(60_000);
  rig.slack.state = 'up';
  await rig.clock.advance(35_000);
  expect(kinds(rig)).toEqual(['card', 'anchor', 'picture']);
  expect(rig.now('card')).toContain('*Ended*');
});

test('a message that Slack refuses is left for a minute, and keeps nothing else back', async () => {
  const rig = await aPresent();
  Object.assign(rig.slack, { state: 'refuses', only: 'anchor' });
  await rig.play('approval.approved');
  await rig.clock.advance(50_000);
  expect(rig.slack.tries.filter((one) => one.what === 'anchor')).toHaveLength(1);
  expect(rig.now('approval')).toContain('decision:approve');
  await rig.clock.advance(20_000);
  expect(rig.slack.tries.filter((one) => one.what === 'anchor')).toHaveLength(2);
});

test('an edit that may not have arrived is made again', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.clock.advance(2_000);
  rig.slack.state = 'hangs';
  await rig.append(say('incident.taken', { by: bob }));
  await rig.clock.advance(31_000);
  rig.slack.state = 'up';
  await rig.clock.advance(5_000);
  expect(rig.now('card')).toContain('bob has it');
});
