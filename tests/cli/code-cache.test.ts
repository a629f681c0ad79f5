import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { codeCacheDir } from '#cli/code-cache.ts';
import { root } from '../tree.ts';

const uid = process.getuid?.();

function tempDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'firebreak-cache-')));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('compiled code is kept in a folder of the user that is closed to all others', () => {
  const home = tempDir();
  const dir = codeCacheDir({ xdg: undefined, home, uid });
  expect(dir).toBe(join(home, '.cache/firebreak'));
  expect(statSync(join(home, '.cache/firebreak')).mode & 0o777).toBe(0o700);
  expect(codeCacheDir({ xdg: undefined, home, uid })).toBe(dir);
  expect(codeCacheDir({ xdg: join(home, 'x'), home, uid })).toBe(join(home, 'x/firebreak'));
  expect(codeCacheDir({ xdg: 'relative', home, uid })).toBe(dir);
});

test.each<[string, (home: string) => void]>([
  ['can be written by others', (home) => openToAll(join(home, '.cache/firebreak'))],
  ['is below one that others can write', (home) => openToAll(join(home, '.cache'))],
  ['is a link', (home) => link(home, '.cache/firebreak')],
  ['cannot be made', (home) => writeFileSync(join(home, '.cache'), '')],
])('no compiled code is kept when its folder %s', (_, spoil) => {
  const home = tempDir();
  spoil(home);
  expect(codeCacheDir({ xdg: undefined, home, uid })).toBe(undefined);
});

test('no compiled code is kept in a folder of another user', () => {
  const home = tempDir();
  expect(codeCacheDir({ xdg: undefined, home, uid: (uid ?? 0) + 1 })).toBe(undefined);
});

test('the command loads no compiled code from the shared temporary folder', () => {
  const [home, shared] = [tempDir(), tempDir()];
  const env = { HOME: home, TMPDIR: shared, PATH: process.env.PATH };
  const { status } = spawnSync(process.execPath, [join(root, 'cli/main.ts'), '--version'], { env });
  expect(status).toBe(0);
  expect(readdirSync(shared)).toEqual([]);
  expect(readdirSync(join(home, '.cache/firebreak'))).toHaveLength(1);
});

function openToAll(dir: string): void {
  mkdirSync(dir, { recursive: true });
  chmodSync(dir, 0o777);
}

/** A link to a folder that would do. */
function link(home: string, name: string): void {
  mkdirSync(join(home, 'real'), { mode: 0o700 });
  mkdirSync(dirname(join(home, name)), { mode: 0o700 });
  symlinkSync(join(home, 'real'), join(home, name));
}
