import { expect, test } from 'vitest';
import { seedChecks } from '../../bench/seeds.ts';
import { readTree } from '../tree.ts';

const page = readTree(['docs/comparison.md'])[0]?.text ?? '';

test('what other systems failed holds here, and the page says what comes out', async () => {
  const checks = await seedChecks();
  expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
  expect(checks).toHaveLength(7);
  for (const { name, recorded, ours } of checks)
    expect(page).toContain(`| ${name} | ${recorded} | ${ours} |\n`);
});
