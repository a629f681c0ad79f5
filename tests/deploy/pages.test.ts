import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checkIds } from '#doctor/check.ts';
import { parseClaims } from '../claims.ts';
import { readTree, root } from '../tree.ts';

const pages = readTree(['.md']).filter(({ path }) => /^(docs\/|[A-Z]+\.md)/.test(path));
const textOf = (path: string): string => pages.find((page) => page.path === path)?.text ?? '';
const claims = new Set(parseClaims(textOf('SECURITY.md')).claims.map(({ id }) => id));

test('a claim that a page names is one of SECURITY.md', () => {
  const named = pages
    .filter(({ path }) => path !== 'SECURITY.md')
    .flatMap(({ path, text }) => [...text.matchAll(/SEC-[A-Z]+-\d+/g)].map(([id]) => `${path} ${id}`));
  expect(named.length).toBeGreaterThan(150);
  expect(named.filter((line) => !claims.has(line.split(' ')[1] ?? ''))).toEqual([]);
});

test('each of the 98 promises of other policies ends as a claim, a check, a page, a process, or a no', () => {
  const rows = [...textOf('docs/policies.md').matchAll(/^\| (\d+) \| [A-Za-z ]+ \| (.+) \| (.+) \|$/gm)];
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 98 }, (_, at) => at + 1));
  const end = /SEC-[A-Z]+-\d|doctor [a-z-]+|\]\([^)]+\.md\)|\bno: |^process|`[^`]+`/;
  for (const [row, , , answer = ''] of rows) {
    expect(answer, row).toMatch(end);
    for (const [, id = ''] of answer.matchAll(/\bdoctor ([a-z-]+)/g)) expect(checkIds, row).toContain(id);
  }
});

test('the checklist before production has every check of doctor once', () => {
  const lines = textOf('docs/operations.md').match(/^- \[ \] .*$/gm) ?? [];
  const ids = lines.flatMap((line) =>
    [...(line.split(':')[0] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, id]) => id),
  );
  expect(ids.toSorted()).toEqual([...checkIds].toSorted());
});

test('every command that a page names exists', () => {
  const known = new Set(
    [...textOf('docs/commands.md').matchAll(/^### `firebreak ([a-z- ]+?)(?: [<[].*)?`$/gm)].map(
      ([, name]) => name,
    ),
  );
  const groups = new Set([...known].map((name) => name?.split(' ')[0]));
  const isCommand = (words: readonly string[]): boolean => {
    const [first = '', second = ''] = words;
    return known.has(first) || known.has(`${first} ${second}`) || (groups.has(first) && second === '');
  };
  const named = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/`(?:npx )?firebreak ([a-z-]+)(?: ([a-z-]+))?[^`]*`/g)].map(([command, ...words]) => ({
      at: `${path}: ${command}`,
      words: words.filter((word) => word !== undefined),
    })),
  );
  expect(known.size).toBeGreaterThan(35);
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ words }) => !isCommand(words)).map(({ at }) => at)).toEqual([]);
});

test('every link of a page to a file of the project leads somewhere', () => {
  const broken = pages.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, to = '']) => to)
      .filter((to) => !existsSync(join(root, dirname(path), to)))
      .map((to) => `${path}: ${to}`),
  );
  expect(broken).toEqual([]);
});
