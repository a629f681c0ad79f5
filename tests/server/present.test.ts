import { expect, test } from 'vitest';
import { ApprovalId, PersonId } from '#core/ids.ts';
import { aPresent, INC, kinds, type Rig, request, say } from './a-present.ts';

const bob = PersonId.parse('bob');

/** Thread messages: everything but the card. */
const thread = ({ slack }: Rig) => slack.messages.filter((one) => one.what !== 'card');

const expired = (number: number) => say('approval.expired', { approval: ApprovalId.parse(`A-${number}`) });

/** People called by name in messages as they were posted: what an edit adds rings nobody. */
function mentions({ slack }: Rig): string[] {
  return slack.messages.flatMap(({ said }) => {
    const [, blocks = ''] = (said[0] ?? '').split('"blocks"');
    return blocks.match(/<@\w+>/g) ?? [];
  });
}

const reached = (rung: number, who: string, reason: string) =>
  say('rung.reached', { rung, people: [PersonId.parse(who)], team: 'team-shop', reason });

/** Smallest time between two edits, ms. */
function closest({ slack }: Rig): number {
  const edits = slack.tries.filter((one) => one.edit).map((one) => one.at);
  return Math.min(...edits.slice(1).map((at, index) => at - (edits[index] ?? 0)));
}

test('the card of a new incident is the root of a thread in its owner’s channel, and the log binds it', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.clock.advance(100);
  expect(rig.slack.messages[0]).toMatchObject({ what: 'card', thread: null });
  expect(rig.now('card')).toContain('INC-1 HighErrorRate checkout');
  expect(rig.folds.incidents.get(INC)?.thread).toEqual({ team: 'T1', channel: 'C0SHOP', thread: '1.1' });
  expect(thread(rig).every((one) => one.thread === '1.1')).toBe(true);
  expect(rig.errors).toEqual([]);
});

test('anchors stand at opening, decision and closing, name the log as it was, and are never edited', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.clock.advance(5_000);
  const size = rig.log.checkpoint().size;
  await rig.play('approval.claimed');
  await rig.clock.advance(5_000);
  await rig.play();
  await rig.clock.advance(5_000);
  const anchors = rig.slack.messages.filter((one) => one.what === 'anchor');
  expect(anchors.map(({ about }) => about?.split('-')[0])).toEqual(['opening', 'decision', 'closing']);
  expect(anchors.every(({ said }) => said.length === 1)).toBe(true);
  const written = (await rig.entries()).filter((entry) => entry.kind === 'anchor.written');
  expect(written.map(({ body }) => `${body.size}`)).toEqual(anchors.map(({ about }) => about?.split('-')[1]));
  for (const [index, { body }] of written.entries())
    expect(anchors[index]?.said[0]).toContain(`root ${String(body.root).slice(0, 12)}`);
  expect(Number(written[1]?.body.size)).toBeGreaterThan(size);
});

test('an incident from page to recovery is one card, at most six thread messages, at most two mentions, edits at most once a second', async () => {
  const rig = await aPresent();
  for (const until of [
    'session.spawned',
    'run.settled',
    'approval.requested',
    'approval.approved',
  ] as const) {
    await rig.play(until);
    await rig.clock.advance(700);
  }
  await rig.play();
  await rig.clock.advance(30_000);
  expect(kinds(rig).filter((what) => what === 'card')).toHaveLength(1);
  expect(thread(rig).length).toBeLessThanOrEqual(6);
  expect(mentions(rig)).toEqual(['<@U0BOB>']);
  expect(closest(rig)).toBeGreaterThanOrEqual(1000);
  expect(rig.now('card')).toContain('recovered');
  expect(rig.now('approval')).toContain('done and verified');
  expect(rig.now('approval')).not.toContain('decision:');
});

test('the picture of the signal comes once, after the diagnosis', async () => {
  const rig = await aPresent();
  await rig.play('run.settled');
  await rig.clock.advance(5_000);
  expect(kinds(rig)).not.toContain('picture');
  await rig.play('approval.requested');
  await rig.clock.advance(5_000);
  await rig.play();
  await rig.clock.advance(60_000);
  expect(kinds(rig).filter((what) => what === 'picture')).toHaveLength(1);
  expect(rig.now('picture')).toBe('errors of checkout');
});

test('nothing waits for a picture that takes long to draw', async () => {
  const rig = await aPresent();
  const drawn = Promise.withResolvers<void>();
  rig.slack.drawing = drawn.promise;
  await rig.play('approval.approved');
  await rig.clock.advance(5_000);
  expect(rig.now('approval')).toContain('decision:approve');
  expect(kinds(rig)).not.toContain('picture');
  drawn.resolve();
  await rig.clock.advance(1_000);
  expect(kinds(rig)).toContain('picture');
});

test('the last state wins, however fast it came', async () => {
  const rig = await aPresent();
  await rig.play();
  await rig.clock.advance(10_000);
  const card = rig.slack.messages.find((one) => one.what === 'card');
  expect(rig.errors).toEqual([]);
  expect(card?.said.at(-1)).toContain('*Ended*');
  expect(card?.said.length).toBeLessThanOrEqual(2);
});

test('what changes nothing on the card is no edit', async () => {
  const rig = await aPresent();
  await rig.play('approval.requested');
  await rig.clock.advance(5_000);
  const tries = rig.slack.tries.length;
  const body = { by: bob, surface: 'slack', message: '1.9', chars: 5, verb: 'note', refused: null } as const;
  await rig.append(say('message.received', body));
  await rig.clock.advance(60_000);
  expect(rig.slack.tries).toHaveLength(tries);
});

test('a proposal is a message of its own with both buttons, and its reminder is an edit', async () => {
  const rig = await aPresent();
  await rig.play('approval.approved');
  await rig.clock.advance(2_000);
  expect(rig.now('approval')).toContain('decision:approve');
  await rig.append(say('approval.reminded', { approval: ApprovalId.parse('A-3') }));
  await rig.clock.advance(2_000);
  expect(kinds(rig).filter((what) => what === 'approval')).toHaveLength(1);
  expect(rig.now('approval')).toMatch(/Reminder.*half of the time is over/);
  await rig.append(expired(3));
  await rig.clock.advance(2_000);
  expect(rig.now('approval')).toContain('decision:again');
  expect(rig.now('approval')).not.toContain('decision:approve');
});

test('a seventh message never comes: later proposals take over the message of one that is over', async () => {
  const rig = await aPresent();
  await rig.play('approval.requested');
  await rig.clock.advance(2_000);
  for (let number = 10; number < 20; number += 1) {
    await rig.append(request(number));
    await rig.clock.advance(3_000);
    const shown = rig.slack.messages.filter((one) => one.said.at(-1)?.includes(`, A-${number} of INC-1`));
    expect(shown, `A-${number}`).toHaveLength(1);
    await rig.append(expired(number));
    await rig.clock.advance(3_000);
  }
  await rig.append(say('incident.resolved', { resolution: 'by_hand', by: 'alice' }));
  await rig.clock.advance(3_000);
  expect(thread(rig)).toHaveLength(6);
  expect(kinds(rig).at(-1)).toBe('anchor');
  expect(rig.errors).toEqual([]);
});

test('a proposal for which there is no room at all is named on the card', async () => {
  const rig = await aPresent();
  await rig.play('approval.requested');
  await rig.clock.advance(2_000);
  for (let number = 10; number < 16; number += 1) await rig.append(request(number));
  await rig.clock.advance(10_000);
  expect(thread(rig).length).toBeLessThanOrEqual(5);
  expect(rig.now('card')).toMatch(/Waiting without a card of its own: .*`A-15`/);
});

test('the first post of a critical incident’s card calls whoever is on duty, once, also when it is edited or posted anew', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.append(reached(0, 'bob', 'critical'));
  await rig.clock.advance(5_000);
  expect(rig.slack.messages[0]?.said[0]).toContain('For <@U0BOB>');
  expect(kinds(rig)).not.toContain('notice');
  await rig.present.move(INC, 'C0OTHER');
  await rig.play('approval.requested');
  await rig.clock.advance(5_000);
  expect(mentions(rig)).toEqual(['<@U0BOB>']);
  expect(rig.folds.posted.get(INC)).toMatchObject({ mentions: 1, called: ['card'] });
});

test('what becomes critical after its card was posted calls whoever is on duty in a message', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.clock.advance(5_000);
  await rig.append(say('incident.resolved', { resolution: 'by_hand', by: 'alice' }));
  await rig.append(say('incident.reopened', { reason: 'same_alert' }), reached(0, 'alice', 'critical'));
  await rig.clock.advance(5_000);
  expect(rig.now('notice')).toContain('<@U0ALICE> INC-1: this is critical.');
});

test('the next rungs have their turn on the call for help that stands there; it says who is not called by name, and why', async () => {
  const rig = await aPresent();
  await rig.play('approval.requested');
  await rig.append(say('incident.escalated', { reason: 'inconclusive', missing: [] }));
  await rig.clock.advance(3_000);
  expect(rig.now('notice')).toContain('<@U0BOB> INC-1: people must take it: no cause stood out.');
  expect(rig.slack.messages[0]?.said[0]).toContain('nobody answers → ask Carol at');
  await rig.append(reached(1, 'carol', 'nobody_answered'));
  await rig.clock.advance(60_000);
  expect(rig.now('notice')).toContain(
    'INC-1: nobody has answered. It is the turn of carol, not called by name here: two people were called already.',
  );
  expect(rig.now('card')).not.toContain('ask Carol');
  await rig.append(reached(2, 'dave', 'nobody_answered'));
  await rig.clock.advance(60_000);
  expect(rig.now('notice')).toContain('dave, not called by name here: no account of theirs is known');
  expect(rig.slack.messages.filter((one) => one.what === 'notice')).toHaveLength(1);
  expect(mentions(rig)).toEqual(['<@U0BOB>', '<@U0BOB>']);
});

test('a rung calls its own people by name, and a team without an account is told of all the same', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.append(reached(1, 'carol', 'nobody_answered'));
  await rig.clock.advance(5_000);
  expect(rig.now('notice')).toContain('<@U0CAROL> INC-1: nobody has answered.');
  const other = await aPresent();
  await other.play('session.spawned');
  await other.append(reached(1, 'dave', 'nobody_answered'));
  await other.clock.advance(5_000);
  expect(other.now('notice')).toContain('It is the turn of dave, not called by name here: no account');
});

test('the card and a call for help are the two mentions; whoever is there already is not called', async () => {
  const rig = await aPresent();
  await rig.play('approval.approved');
  await rig.clock.advance(2_000);
  const rung = { rung: 1, people: [bob], team: 'team-shop', reason: 'approval_waiting' };
  await rig.append(say('rung.reached', rung));
  await rig.clock.advance(2_000);
  await rig.append(expired(3), say('incident.escalated', { reason: 'expired', missing: [] }));
  await rig.clock.advance(5_000);
  expect(mentions(rig)).toEqual(['<@U0BOB>', '<@U0BOB>']);
  expect(rig.slack.messages.find((one) => one.what === 'notice')?.said[0]).toContain(
    '<@U0BOB> INC-1: a proposal waits for a decision and nobody has answered',
  );
  const other = await aPresent();
  await other.play('approval.requested');
  await other.append(
    say('incident.taken', { by: bob }),
    say('incident.escalated', { reason: 'inconclusive', missing: [] }),
  );
  await other.clock.advance(5_000);
  expect(kinds(other)).not.toContain('notice');
});

test('a closed incident that opens again goes on in its thread, and people are called and asked anew', async () => {
  const rig = await aPresent();
  await rig.play();
  await rig.clock.advance(10_000);
  await rig.append(say('incident.reopened', { reason: 'same_alert' }));
  await rig.clock.advance(3_000);
  expect(rig.now('card')).not.toContain('*Ended*');
  const before = thread(rig).length;
  await rig.append(request(11));
  await rig.clock.advance(3_000);
  expect(rig.now('approval')).toContain('A-11');
  expect(rig.now('approval')).toContain('For <@U0BOB>');
  await rig.append(say('incident.escalated', { reason: 'inconclusive', missing: [] }));
  await rig.append(reached(1, 'carol', 'approval_waiting'));
  await rig.clock.advance(3_000);
  expect(rig.now('notice')).toContain('<@U0CAROL> INC-1: a proposal waits for a decision');
  await rig.append(expired(11), say('incident.resolved', { resolution: 'by_hand', by: 'alice' }));
  await rig.clock.advance(3_000);
  expect(kinds(rig).filter((what) => what === 'card')).toHaveLength(1);
  expect(before).toBeLessThanOrEqual(6);
  expect(thread(rig).length - before).toBeLessThanOrEqual(6);
  expect(rig.folds.posted.get(INC)).toMatchObject({ mentions: 2, asked: 1 });
});

test('where the channel of its owner takes no card, it goes into the default one and says why', async () => {
  const rig = await aPresent();
  rig.slack.closed = 'C0SHOP';
  await rig.play('session.spawned');
  await rig.clock.advance(5_000);
  expect(rig.folds.incidents.get(INC)?.thread).toMatchObject({ channel: 'C0ALL' });
  expect(rig.now('card')).toContain('The channel of its owner takes no messages from Firebreak');
  expect(kinds(rig)).toContain('anchor');
  expect(rig.errors).toEqual([]);
});

test('moved to another channel it has a new card there, and the log binds it to that thread', async () => {
  const rig = await aPresent();
  await rig.play('session.spawned');
  await rig.clock.advance(2_000);
  expect(await rig.present.move(INC, 'C0OTHER')).toBe('posted');
  await rig.clock.advance(2_000);
  const cards = rig.slack.messages.filter((one) => one.what === 'card');
  expect(rig.folds.incidents.get(INC)?.thread).toMatchObject({ channel: 'C0OTHER', thread: cards[1]?.ts });
  expect(cards[0]?.said.at(-1)).toContain('INC-1 goes on in another channel.');
});
