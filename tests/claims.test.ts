import { expect, test } from 'vitest';
import { checkClaims, parseClaims, runningTitles } from './claims.ts';
import { readTree } from './tree.ts';

const testFile = { path: 'tests/audit/a.test.ts', text: `test('an altered entry is found', () => {});` };
const claim = (tests: string, head = '### SEC-LOG-1') =>
  `# Security\n\n${head}\nA changed entry is found.\n\n${tests}\n`;
const good = '- `tests/audit/a.test.ts` › "an altered entry is found"';

test('every claim of SECURITY.md is shown by tests that run', () => {
  const [security] = readTree(['SECURITY.md']);
  expect(checkClaims(security?.text ?? '', readTree(['.test.ts']))).toEqual([]);
});

test('a claim is read with its sentence and its tests', () => {
  expect(parseClaims(`${claim(good)}\n## Next section\n- \`not a test\`\n`)).toEqual({
    claims: [
      {
        id: 'SEC-LOG-1',
        line: 3,
        process: false,
        sentence: 'A changed entry is found.',
        tests: [{ path: 'tests/audit/a.test.ts', title: 'an altered entry is found' }],
      },
    ],
    errors: [],
  });
  expect(checkClaims(claim(good), [testFile])).toEqual([]);
});

test.each([
  ['names no test', claim('')],
  ['names tests/audit/b.test.ts, which does not exist', claim(good.replace('a.test', 'b.test'))],
  [
    'names "an altered entry", which is no running test of tests/audit/a.test.ts',
    claim(good.replace(' is found', '')),
  ],
  ['says nothing', claim(good).replace('A changed entry is found.', '')],
  ['is there twice', claim(good) + claim(good)],
  ...[
    ['names the doctor check bind, which does not exist', 'Doctor checks: `auth`, `bind`.'],
    ['does not end with its doctor checks as they are written', 'Doctor check: auth.'],
    ['does not end with its doctor checks as they are written', 'Doctor check: `auth`. More words.'],
    ['does not end with its doctor checks as they are written', 'See the doctor check `auth`.'],
  ].map(([problem = '', words]): [string, string] => [
    problem,
    claim(good).replace('found.', `found. ${words}`),
  ]),
  ['is a promise of people, yet names tests', claim(good, '### SEC-LOG-1 (process)')],
])('a claim that %s is an error', (problem, markdown) => {
  expect(checkClaims(markdown, [testFile]).map((line) => line.replace(/^line \d+: SEC-LOG-1 /, ''))).toEqual([
    problem,
  ]);
});

test('a claim may end with the checks of the doctor that show it', () => {
  for (const words of ['Doctor check: `auth`.', 'Doctor checks: `binds`,\n`ports`.', 'Doctor check: all.'])
    expect(checkClaims(claim(good).replace('is found.', `is found. ${words}`), [testFile])).toEqual([]);
});

test.each([
  '#### SEC-LOG-1',
  '### SEC-LOG-01',
  '### SEC-log-1',
  '### SEC-LOG-1 (proces)',
  '## SEC-LOG-1: titles',
])('a heading that was meant as a claim is an error: %s', (head) => {
  expect(parseClaims(claim(good, head)).errors).toEqual([`line 3: not a claim heading: ${head}`]);
});

test('a list line under a claim that names no test is an error', () => {
  expect(parseClaims(claim('- tests/audit/a.test.ts: it works')).errors).toHaveLength(1);
});

test('a promise of people needs no test', () => {
  expect(checkClaims(claim('', '### SEC-REPORT-1 (process)'), [])).toEqual([]);
});

test('a page without claims is an error', () => {
  expect(checkClaims('# Security\n', [testFile])).toEqual(['no claim was found']);
});

test('only tests that run count', () => {
  const text = `
    test('plain', () => {});
    describe('group', () => { it('inner', () => {}); });
    test.each([1])('each', () => {});
    test.concurrent('concurrent', () => {});
    test.skip('skipped', () => {});
    test.todo('wished');
    test.fails('failing', () => {});
    describe.skip('group', () => { test('inside skipped', () => {}); });
    it.skipIf(true)('maybe', () => {});
    // test('comment', () => {});
    const text = "test('text')";
    expect('other').toBe(1);`;
  expect([...runningTitles({ path: 'tests/a.test.ts', text })]).toEqual([
    'plain',
    'inner',
    'each',
    'concurrent',
  ]);
});
