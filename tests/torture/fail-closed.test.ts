import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../tree.ts';

test('what breaks, breaks towards no: nothing is done, status and health say why, pages are answered', () => {
  const args = [join(root, 'tests/torture/main.ts'), 'fail-closed', '--short'];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, last: stdout.trim().split('\n').at(-1) }, stdout).toEqual({
    status: 0,
    last: 'fail-closed: 11 passed, 0 failed',
  });
}, 240_000);
