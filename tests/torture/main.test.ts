import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../tree.ts';

const run = (main: string, args: readonly string[]) =>
  spawnSync(process.execPath, [join(root, main), ...args], { encoding: 'utf8' });

test.each([
  ['tests/torture/main.ts', []],
  ['tests/torture/main.ts', ['nothing']],
  ['tests/torture/main.ts', ['constructor']],
  ['tests/torture/main.ts', ['journeys', 'more']],
  ['tests/torture/main.ts', ['journeys', '--long']],
  ['bench/main.ts', []],
  ['bench/main.ts', ['nothing', '--json']],
])('wrong usage names the suites and ends with 2: %s %j', (main, args) => {
  const { status, stdout, stderr } = run(main, args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^usage: npm run (torture|bench) -- NAME .*\nNAME is one of: \w+/);
});
