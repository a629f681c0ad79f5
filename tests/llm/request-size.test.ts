import { expect, test } from 'vitest';
import { inputBound } from '#llm/request-size.ts';

const boundOf = (head: string): number => inputBound({ head, tools: [], items: [] });
const frame = boundOf('');

test('two letters count as a token at most, and of another script each byte', () => {
  expect(boundOf('abcd') - frame).toBe(2);
  expect(boundOf('火事') - frame).toBe(6);
  expect(boundOf('ab火') - frame).toBe(4);
  expect(boundOf('🔥🔥') - frame).toBe(8);
});
