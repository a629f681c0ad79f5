import { expect, test } from 'vitest';
import { realClock } from '#core/clock.ts';
import { labelOf } from '#evals/cloudopsbench/score.ts';
import { aPlace } from '../cli/a-context.ts';

test.each([
  [['evals', 'nothing'], 'there is no suite nothing'],
  [['evals', 'own', '--model', 'oracle'], 'not with oracle'],
  [['evals', 'own', '--max-reads', 'many'], 'give a whole number'],
  [['evals', 'cloudopsbench'], '--data DIR'],
])('%j is wrong usage, and says so', async (argv, words) => {
  using place = aPlace();
  const { exit, err } = await place.run(argv);
  expect(exit).toBe(2);
  expect(err.join('\n')).toContain(words);
});

test('the last line of a suite is one JSON document', async () => {
  using place = aPlace();
  const { exit, out } = await place.run(['evals', 'own', '--model', 'rules', '--leave-out', 'oom_killed'], {
    clock: realClock,
  });
  expect(exit).toBe(0);
  const score: unknown = JSON.parse(out.at(-1) ?? '');
  expect(score).toMatchObject({ suite: 'own', model: 'rules', cases: 1, metrics: { misnamed: 0 } });
});

test('a label that a set writes a little differently is the cause that begins alike', () => {
  const labels = new Set(['gateway_misroute', 'oom_killed']);
  expect(labelOf('gateway_misrouted', labels)).toBe('gateway_misroute');
  expect(labelOf('oom_killed', labels)).toBe('oom_killed');
  expect(labelOf('kubelet_unavailable', labels)).toBe('kubelet_unavailable');
});
