import { expect, test } from 'vitest';
import { may } from '#approvals/people.ts';
import { actNeeds, commandNeed, pressNeeds } from '#server/conversation/rights.ts';
import type { Pressed } from '#slack/ports.ts';
import type { Act } from '#slack/verbs/heard.ts';
import { alice } from '#tests/journeys/in-process.ts';
import { asked, bob, INC2, kindsOf, viewer } from '../acts/a-shift.ts';
import { as, bind, textOf, threadOf } from './a-thread.ts';

/** A sentence for every verb. */
const SENTENCES: Readonly<Record<Act['verb'], string>> = {
  ...{ ack: 'ack', take: 'take', pause: 'pause', resume: 'resume', accept: 'accept' },
  ...{ hand_over: 'hand over', resolve: 'resolve by hand', right_cause: 'right cause' },
  ...{ wrong_cause: 'wrong cause', look: 'look at checkout', merge: `merge ${INC2}`, split: 'split 1' },
  ...{ move: 'move <#C0OTHER>', postmortem: 'postmortem', change: 'restart checkout' },
};

test('every sentence names the right that it takes, and somebody who only looks gets exactly what looking takes', async () => {
  const run = await asked();
  await bind(run);
  const { say } = threadOf(run);
  for (const [verb, sentence] of Object.entries(SENTENCES)) {
    const before = await kindsOf(run);
    const text = textOf(await say(as(viewer), sentence));
    const need = Object.entries(actNeeds).find(([name]) => name === verb)?.[1];
    if (need === undefined) throw new Error(`${verb} takes no right`);
    expect([verb, text.includes('Your role may look, but not do that')]).toEqual([
      verb,
      !may(viewer, need.right),
    ]);
    const left = (await kindsOf(run)).slice(before.length);
    expect(left.filter((kind) => !/^(message.received|request.refused)$/.test(kind))).toEqual([]);
  }
});

test('commands that stop take the right to stop, those that let go on that of an owner', () => {
  const takes = (first: string, second?: string) => commandNeed(first, second);
  for (const need of [takes('off'), takes('FREEZE'), takes('freeze', 'on')])
    expect(need).toEqual({ right: 'stop', tier: 'free' });
  for (const need of [takes('on'), takes('freeze', 'OFF')])
    expect(need).toEqual({ right: 'own', tier: 'free' });
  expect(takes('maintenance', 'add')).toEqual({ right: 'note', tier: 'note' });
  for (const need of [takes('status'), takes('maintenance', 'list'), takes('nonsense')])
    expect(need).toEqual({ right: 'read', tier: 'read' });
  expect(pressNeeds.propose).toEqual({ right: 'propose', tier: 'change' });
});

test('a flood of clicks is answered with when to go on, writes one line, and outlives a restart; a stop is always taken', async () => {
  const run = await asked();
  await bind(run);
  const thread = threadOf(run);
  const click = (verb: Pressed['verb'] = 'ack') => thread.press(as(bob), verb);
  for (let at = 0; at < 30; at += 1) expect(textOf(await click())).not.toContain('more than');
  const before = (await kindsOf(run)).length;
  for (let at = 0; at < 20; at += 1)
    expect(textOf(await click(at % 2 === 0 ? 'take' : 'pause'))).toMatch(
      /^That is more than 30 requests .* go on in \d+ s\. Nothing was done now\.$/,
    );
  expect((await kindsOf(run)).slice(before)).toEqual(['request.refused']);
  expect(textOf(await threadOf(run).press(as(bob), 'ack'))).toContain('more than 30');
  expect(textOf(await thread.press(as(alice), 'ack'))).not.toContain('more than');
  expect(textOf(await thread.command(as(bob), 'off'))).toContain('Off: nothing new');
  await run.clock.advance(61_000);
  expect(textOf(await click())).not.toContain('more than');
});

test('asking for changes again and again ends after five, by button as over HTTP', async () => {
  const run = await asked();
  await bind(run);
  const { press } = threadOf(run);
  const ask = async () =>
    textOf(await press(as(bob), 'propose', { detail: 'service_restart service:nosuch' }));
  const answers: string[] = [];
  for (let at = 0; at < 7; at += 1) answers.push(await ask());
  expect(answers.filter((text) => text.includes('more than 5 changes'))).toHaveLength(2);
});
