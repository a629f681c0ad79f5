import { expect, test } from 'vitest';
import { z } from 'zod';
import { openFolders, packageOf, roomOf } from './doors.ts';
import { readModule } from './source.ts';
import { readTree } from './tree.ts';

const [manifest] = readTree(['package.json']);
const [page] = readTree(['docs/dependencies.md']);
const rows = (page?.text ?? '').split('\n').filter((line) => line.startsWith('| `'));
const nameOf = (row: string) => row.split('`')[1] ?? '';
const declared = Object.keys(
  z.object({ dependencies: z.record(z.string(), z.string()) }).parse(JSON.parse(manifest?.text ?? ''))
    .dependencies,
);

test('every dependency has a row that says why, and every row a dependency', () => {
  expect(rows.map(nameOf).sort()).toEqual(declared.toSorted());
});

test('exactly the rows that say "not loaded yet" name a package that nothing loads', () => {
  const loaded = new Set(
    readTree(['.ts', '.js'])
      .filter((file) => !openFolders.includes(roomOf(file.path)))
      .flatMap((file) => readModule(file).imports.map((found) => packageOf(found.specifier))),
  );
  const idle = rows.filter((row) => row.includes('not loaded yet')).map(nameOf);
  expect(idle.sort()).toEqual(declared.filter((name) => !loaded.has(name)).sort());
});
