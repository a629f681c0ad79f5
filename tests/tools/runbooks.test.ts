import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadRunbooks, parseRunbook } from '#tools/runbooks.ts';

const parse = (text: string) => parseRunbook('runbooks/x.md', 'x', text);

test('loads the Markdown files of a folder by name, with and without front matter', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runbooks-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'b.md'), '# Restart\nBe careful.\n');
  await writeFile(
    join(folder, 'a.md'),
    '---\nservices: [checkout]\nactions:\n  - {cause: stuck_pool, tool: service_restart, target: self}\n---\n# A\n',
  );
  await writeFile(join(folder, 'notes.txt'), 'not a runbook');
  expect(await loadRunbooks(folder)).toEqual([
    {
      name: 'a',
      services: ['checkout'],
      actions: [{ cause: 'stuck_pool', tool: 'service_restart', target: 'self' }],
      prose: '# A',
    },
    { name: 'b', services: [], actions: [], prose: '# Restart\nBe careful.' },
  ]);
});

test.each([
  [
    '---\nservices: [checkout]\nactions:\n  - cause: stuck_pool\n    tool: rm_rf\n    target: self\n---\n',
    'runbooks/x.md:5 ',
  ],
  ['---\nservices: [checkout\nactions: []\n---\n', 'runbooks/x.md:3 '],
  ['---\nservices: ["Not A Service"]\n---\n', 'runbooks/x.md:2 '],
  ['---\nservices: []\nmode: act\n---\n', 'runbooks/x.md:'],
  ['---\nservices: []\n', 'runbooks/x.md:1 '],
  ['---\na: &a [x]\nservices: *a\n---\n', 'runbooks/x.md:3 '],
  // ten thousand names that are there twice took more than a second
  [`---\n${'services: [checkout]\n'.repeat(10_000)}---\n`, 'runbooks/x.md:1 '],
])('front matter that cannot be used is an error with file and line: %j', (text, place) => {
  expect(() => parse(text)).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: expect.stringContaining(place) }),
  );
});

test('a folder that is not there is an error that names it', async () => {
  await expect(loadRunbooks('/nowhere/runbooks')).rejects.toThrow('/nowhere/runbooks');
});

test('three dashes later in the prose are prose', () => {
  expect(parse('text\n---\nservices: [x]\n---\n')).toMatchObject({
    services: [],
    prose: 'text\n---\nservices: [x]\n---',
  });
});
