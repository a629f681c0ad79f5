import { expect, test } from 'vitest';
import { aPlace } from './a-context.ts';

test.each([
  [['nonsense']],
  [['status', '--nonsense']],
  [['approvals', 'approve']],
  [['approvals', 'show', 'INC-1']],
  [['incidents', 'show', 'nonsense']],
  [['sessions', 'show', 'nonsense']],
  [['freeze', 'maybe']],
  [['status', 'too', 'many']],
  [['triage', 'no-such-file.json']],
  [['init']],
  [['demo', '--seed', 'x']],
  [[]],
])('%j is wrong usage: exit code 2 and a line on standard error', async (argv) => {
  using place = aPlace();
  const { exit, out, err } = await place.run(argv);
  expect(exit).toBe(2);
  expect(err.join('')).not.toBe('');
  expect(out).toEqual([]);
});

test('wrong usage with --json still ends with one JSON document', async () => {
  using place = aPlace();
  for (const argv of [
    ['status', '--nonsense', '--json'],
    ['incidents', 'show', 'x', '--json'],
  ]) {
    const { exit, out } = await place.run(argv);
    expect(exit).toBe(2);
    expect(JSON.parse(out.at(-1) ?? '')).toMatchObject({ error: 'usage' });
  }
});

test('help and version are answered and are no error', async () => {
  using place = aPlace();
  expect(await place.run(['--version'])).toMatchObject({
    exit: 0,
    out: [expect.stringMatching(/^\d+\.\d+\.\d+$/)],
  });
  const help = await place.run(['approvals', 'approve', '--help']);
  expect(help.exit).toBe(0);
  expect(help.out.join('\n')).toContain('--typed');
});

test('every command takes --json, --data-dir and --config', async () => {
  using place = aPlace();
  const leaves = [
    'serve',
    'init',
    'status',
    'demo',
    'triage',
    'off',
    'on',
    'incidents list',
    'incidents show',
    'incidents export',
    'incidents take',
    'incidents pause',
    'incidents resume',
    'incidents resolve',
    'incidents verdict',
    'approvals list',
    'approvals show',
    'approvals approve',
    'approvals deny',
    'approvals revoke',
    'sessions list',
    'sessions show',
    'sessions export',
    'audit verify',
    'audit show',
    'audit prove',
    'audit checkpoint',
    'freeze on',
    'freeze off',
  ];
  for (const leaf of leaves) {
    const { exit, out } = await place.run([...leaf.split(' '), '--help']);
    expect(exit).toBe(0);
    const text = out.join('\n');
    for (const option of ['--json', '--data-dir', '--config']) expect(text).toContain(option);
  }
});
