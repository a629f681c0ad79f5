import { expect, test } from 'vitest';
import { inThread } from '#slack/answers.ts';

const shown = (lines: readonly string[]): string[] =>
  inThread(lines).blocks.flatMap((block) =>
    block.type === 'section' ? (block.text?.text ?? '').split('\n') : [],
  );

test.each([40, 200, 300])('an answer of 61 lines of %i characters keeps them all, in order', (length) => {
  const lines = Array.from({ length: 61 }, (_, at) => `${at} `.padEnd(length, 'x'));
  expect(shown(lines)).toEqual(lines);
});

test('what does not fit is counted, and no text is longer than Slack takes', () => {
  const lines = Array.from({ length: 200 }, (_, at) => `${at} `.padEnd(290, 'x'));
  const all = shown(lines);
  const kept = all.slice(0, -1);
  expect(kept).toEqual(lines.slice(0, kept.length));
  expect(all.at(-1)).toBe(`and ${200 - kept.length} more lines`);
  for (const block of inThread(lines).blocks)
    if (block.type === 'section') expect(block.text?.text.length).toBeLessThanOrEqual(2900);
});
