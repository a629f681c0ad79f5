import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makePrivateDir } from '#audit/private-files.ts';

const unusable = expect.objectContaining({ code: 'data_dir_unusable' });

test('a directory and those above it are made for their owner alone, and again is fine', () => {
  const root = mkdtempSync(join(tmpdir(), 'firebreak-dirs-'));
  const dir = join(root, 'a', 'b');
  makePrivateDir(dir);
  makePrivateDir(dir);
  expect([join(root, 'a'), dir].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o700]);
  rmSync(root, { recursive: true });
});

test('a place where nothing can be made is refused at once', () => {
  const root = mkdtempSync(join(tmpdir(), 'firebreak-dirs-'));
  writeFileSync(join(root, 'file'), '');
  expect(() => makePrivateDir(join(root, 'file', 'data'))).toThrow(unusable);
  rmSync(root, { recursive: true });
});

test.skipIf(!existsSync('/proc/self'))('also on a file system that has no directories of its own', () => {
  expect(() => makePrivateDir('/proc/firebreak/data')).toThrow(unusable);
});
