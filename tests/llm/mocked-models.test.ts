import { expect, test } from 'vitest';
import { resolveImport, roomOf } from '../doors.ts';
import { readModule } from '../source.ts';
import { readTree } from '../tree.ts';

/** Whoever plays a part here decides nothing about production: what they say is written by a test, a file or an attacker. */
const mocked = ['llm/scripted.ts', 'llm/recorded.ts', 'llm/hostile.ts'];
test('nothing but evals, tests and measurements can make a scripted, recorded or hostile model', () => {
  const modules = readTree(['.ts', '.js']).map(readModule);
  const importers = modules.flatMap(({ path, imports }) => {
    const found = imports.some(({ specifier }) => mocked.includes(resolveImport(path, specifier) ?? ''));
    return found && !mocked.includes(path) ? [path] : [];
  });
  const rooms = new Set(importers.map(roomOf));
  expect(rooms).toContain('tests');
  expect([...rooms].filter((room) => !['evals', 'tests', 'bench'].includes(room))).toEqual([]);
});
