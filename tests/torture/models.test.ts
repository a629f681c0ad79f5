import { expect, test } from 'vitest';
import { run } from './models.ts';

test('a short run over models: every ending as it should be, every token booked, no effect that nobody allowed', async () => {
  const { passed, failed, lines } = await run({ short: true });
  expect([failed, lines.find((line) => line.startsWith('tokens'))]).toEqual([
    0,
    expect.stringMatching(/books were wrong: 0$/),
  ]);
  expect(passed).toBe(28);
}, 120_000);
