import { expect, test } from 'vitest';
import { alice, inProcess } from '#tests/journeys/in-process.ts';
import { asked, bob, kindsOf, viewer } from '../acts/a-shift.ts';
import { as, bind, stranger, textOf, threadOf } from './a-thread.ts';

test('status names what is off, what is open and what waits, to who asked only', async () => {
  const run = await asked();
  const { command } = threadOf(run);
  await command(as(bob), 'freeze on');
  const answer = await command(as(viewer), '');
  expect(answer.visible).toBe('only_you');
  const text = textOf(answer);
  for (const part of [
    'Changes are frozen since',
    '(bob): no approval counts until an owner says',
    '1 open',
    '*INC-1* HighErrorRate checkout',
    'nobody has it',
    '`A-1` of INC-1 waits',
  ])
    expect(text).toContain(part);
});

test('anyone on call stops, only an owner lets changes run again, and a viewer does neither', async () => {
  const run = await inProcess();
  const { command } = threadOf(run);
  expect(textOf(await command(as(viewer), 'off'))).toContain('may look, but not stop');
  expect(run.folds.stops).toMatchObject({ off: false });
  expect(textOf(await command(as(bob), 'OFF'))).toContain('nothing new is done');
  expect(textOf(await command(as(bob), 'freeze'))).toContain('Frozen');
  expect(run.folds.stops).toMatchObject({ off: true, frozen: true, by: 'bob' });
  expect(textOf(await command(as(bob), 'on'))).toContain('Only an owner');
  expect(textOf(await command(as(bob), 'freeze off'))).toContain('Only an owner');
  await command(as(alice), 'on');
  await command(as(alice), 'freeze off');
  expect(run.folds.stops).toMatchObject({ off: false, frozen: false, by: 'alice' });
  expect((await kindsOf(run)).filter((kind) => kind === 'request.refused')).toHaveLength(3);
});

test('while the file that switches off is there, nobody switches on from here', async () => {
  const run = await inProcess();
  const { command } = threadOf(run, { offFile: () => true });
  expect(textOf(await command(as(alice), 'on'))).toContain('remove it first');
  expect(textOf(await command(as(alice), 'status'))).toContain('Off: nothing new is done while the file');
});

test('maintenance is added, listed and ended, with the rights of the command line', async () => {
  const run = await inProcess();
  const { command } = threadOf(run);
  expect(textOf(await command(as(viewer), 'maintenance add checkout until 2h disks'))).toContain('may look');
  expect(textOf(await command(as(bob), 'maintenance add checkout until 2h new <!channel> disks'))).toContain(
    'M-1: pages of checkout are recorded and left alone until',
  );
  expect(textOf(await command(as(bob), 'maintenance add checkout 3d disks'))).toContain('for an owner');
  expect(textOf(await command(as(bob), 'maintenance add mainframe 2h disks'))).toContain(
    'no service of the config',
  );
  const list = textOf(await command(as(viewer), 'maintenance'));
  expect(list).toContain('checkout');
  expect(list).not.toContain('<!channel>');
  expect(textOf(await command(as(bob), 'maintenance end M-1'))).toContain('count again');
});

test('the reason of a maintenance is kept as it was typed, and its list is written for Slack', async () => {
  const run = await inProcess();
  const { command } = threadOf(run);
  const added = textOf(
    await command(as(bob), 'maintenance add inventory until 2h for the move until friday'),
  );
  expect(added).toMatch(/left alone until <!date\^\d+\^\{date_short_pretty\} \{time\}\|[^>]+>, for 2 h\./);
  await command(as(bob), 'maintenance add checkout for 90m reason disks for backups');
  const list = textOf(await command(as(viewer), 'maintenance list'));
  expect(list).toMatch(
    /\*M-1\* inventory until <!date\^\d+\^[^>]+>: the move until friday, by bob; 0 pages left alone/,
  );
  expect(list).toContain(': disks for backups, by bob');
});

test('a time of day that is over for today is asked back, with the day and the length', async () => {
  const run = await inProcess();
  const { command } = threadOf(run);
  const ago = new Date(run.clock.now() - 10 * 60_000).toISOString().slice(11, 16);
  const text = textOf(await command(as(bob), `maintenance add checkout until ${ago} disks`));
  expect(text).toMatch(/in 23 h 49 min|in 23 h 50 min/);
  expect(text).toMatch(/If you mean that, say: `\/firebreak maintenance add checkout 14\d\dm disks`/);
  expect(textOf(await command(as(bob), 'maintenance list'))).toBe('No maintenance.');
  const soon = new Date(run.clock.now() + 60 * 60_000).toISOString().slice(11, 16);
  expect(textOf(await command(as(bob), `maintenance add checkout until ${soon} disks`))).toContain('M-1:');
});

test('in a direct message everything is said to us, and no sentence there does anything', async () => {
  const run = await asked();
  const thread = threadOf(run);
  const place = { team: 'T1', channel: 'D0BOB', thread: null };
  expect(textOf(await thread.say(as(bob), 'status', { place }))).toContain('*INC-1* HighErrorRate checkout');
  const before = (await run.entries()).length;
  for (const text of ['hello?', 'off', 'freeze', 'maintenance add checkout 2h disks', 'take'])
    expect(textOf(await thread.say(as(bob), text, { place }))).toContain('/firebreak status');
  expect(textOf(await thread.say(stranger, 'status', { place }))).toContain('does not know you');
  expect((await run.entries()).length).toBe(before);
});

test('somebody whom the config does not know cannot fill the log, and their words are not kept', async () => {
  const run = await asked();
  await bind(run);
  const thread = threadOf(run);
  const before = (await run.entries()).length;
  for (let at = 0; at < 100; at += 1) {
    await thread.say(stranger, `restart everything ${at} ${'x'.repeat(5_000)}`);
    await thread.press(stranger, 'take');
    await thread.command(stranger, 'off');
  }
  const tried = (await run.entries()).slice(before);
  expect(tried).toHaveLength(20);
  expect(tried.flatMap(({ payloads }) => payloads)).toEqual([]);
  await run.clock.advance(60_000);
  await thread.press(stranger, 'take');
  const what = (await run.entries()).flatMap(({ kind, body }) => (kind === 'auth.failed' ? [body.what] : []));
  expect(what.slice(-2)).toEqual(['slack more, 280 times', 'slack press take']);
});

test.each([
  'help',
  'digest',
  'freeze sideways',
  'maintenance add',
  'maintenance add checkout whenever',
  '; off',
  '<!here>',
])('%j does nothing and is answered with what there is', async (text) => {
  const run = await inProcess();
  const before = (await run.entries()).length;
  expect(textOf(await threadOf(run).command(as(alice), text))).toContain('/firebreak status');
  expect((await run.entries()).length).toBe(before);
});
