import { expect, test } from 'vitest';
import { alice, inProcess } from '#tests/journeys/in-process.ts';
import { asked, bob, kindsOf, viewer } from '../acts/a-shift.ts';
import { as, textOf, threadOf } from './a-thread.ts';

test('status names what is off, what is open and what waits, to who asked only', async () => {
  const run = await asked();
  const { command } = threadOf(run);
  await command(as(bob), 'freeze on');
  const answer = await command(as(viewer), '');
  expect(answer.visible).toBe('only_you');
  const text = textOf(answer);
  for (const part of [
    'Frozen',
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
  expect(textOf(await command(as(alice), 'status'))).toContain('Off: nothing new is done.');
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
