import { expect, test } from 'vitest';
import { alice, type InProcess, inProcess } from '#tests/journeys/in-process.ts';
import { asked, bob, kindsOf } from '../acts/a-shift.ts';
import { as, bind, buttonsOf, textOf, threadOf } from './a-thread.ts';

/** A page with a proposal that waits, talked about in a thread; of a broken deployment unless told otherwise. */
async function talk(given?: InProcess): Promise<{ run: InProcess; thread: ReturnType<typeof threadOf> }> {
  const run = given ?? (await asked());
  await bind(run);
  return { run, thread: threadOf(run) };
}
const anew = async (thread: ReturnType<typeof threadOf>, run: InProcess): Promise<void> => {
  await thread.say(as(bob), 'pause');
  await run.firebreak.idle();
  await thread.say(as(bob), 'resume');
};

test('a number that nothing takes is said not to be taken, beside how many there are and may be', async () => {
  const busy = await inProcess();
  busy.shop.inject('overload', 'checkout');
  await busy.clock.advance(12_000);
  await busy.page();
  await busy.until(() => busy.folds.approvals.all().some(({ state }) => state === 'pending'));
  const { run, thread } = await talk(busy);
  await anew(thread, run);
  const text = textOf(await thread.say(as(bob), 'scale checkout to 50'));
  expect(text).toContain('Scale checkout in demo, which had 2 instances, at most 4?');
  expect(text).toContain('`to 50` is not taken: the number follows from the demand');
  expect(textOf(await thread.say(as(bob), 'scale checkout'))).not.toContain('not taken');
});

test('a rollback names the versions, and says when the one that was said is another', async () => {
  const { run, thread } = await talk();
  await anew(thread, run);
  const text = textOf(await thread.say(as(bob), 'roll back checkout to v7'));
  expect(text).toMatch(/Roll back checkout in demo, from `v\d+` back to `v\d+`\?/);
  const back = /back to `(v\d+)`/.exec(text)?.[1] ?? '';
  expect(text).toContain(`\`to v7\` is not taken: it goes back to \`${back}\``);
  expect(textOf(await thread.say(as(bob), `roll back checkout to ${back}`))).not.toContain('not taken');
});

test('while agents are out nothing is offered that would be refused', async () => {
  const { thread } = await talk();
  await thread.say(as(bob), 'pause');
  const answer = await thread.say(as(alice), 'restart checkout');
  expect(textOf(answer)).toContain('bob paused INC-1. To let it go on first, say: resume');
  expect(buttonsOf(answer)).toEqual([]);
});

test('pressed again while it is being prepared, it is not asked for again', async () => {
  const { run, thread } = await talk();
  const detail = 'service_restart service:checkout';
  await thread.press(as(bob), 'propose', { detail });
  for (let press = 0; press < 5; press += 1)
    expect(textOf(await thread.press(as(alice), 'propose', { detail }))).toContain('is being prepared');
  expect((await kindsOf(run)).filter((kind) => kind === 'change.requested')).toHaveLength(1);
});

test('what is asked back is done with one click, and a button that says nothing known does nothing', async () => {
  const { run, thread } = await talk();
  const answer = await thread.say(as(bob), 'pasue');
  expect(buttonsOf(answer)).toEqual(['pressed:meant {"incident":"INC-1","detail":"pause"}']);
  expect(run.incident().paused).toBeNull();
  await thread.press(as(bob), 'meant', { detail: 'pause' });
  expect(run.incident().paused).toMatchObject({ by: 'bob' });
  expect(textOf(await thread.press(as(bob), 'meant', { detail: 'resume and restart all' }))).toContain(
    'cannot be read',
  );
});
