import { expect, test } from 'vitest';
import { attackers, expected, kept } from './tamper/expected.ts';
import { attackAll, isAsExpected } from './tamper/runs.ts';
import { run } from './tamper.ts';

const rows = Object.values(expected).flatMap((row) => attackers.map((attacker) => row[attacker]));

test('the short form of the torture finds what the table says, without a false alarm', async () => {
  const { passed, failed, lines } = await run({ short: true });
  expect({ failed, lines: failed === 0 ? [] : lines }).toEqual({ failed: 0, lines: [] });
  expect(passed).toBe(rows.length * kept.length + 60);
}, 60_000);

test('every way to tamper is found by whoever kept a checkpoint, and no miss is left out of the table', () => {
  expect(rows.map(({ checkpoint }) => checkpoint)).toEqual(rows.map(() => 'found'));
  const missed = (who: (typeof attackers)[number], has: (typeof kept)[number]) =>
    Object.entries(expected).flatMap(([attack, row]) => (row[who][has] === 'missed' ? [attack] : []));
  expect(missed('files', 'nothing')).toEqual(['truncate', 'rollback', 'key swap']);
  expect(missed('files', 'first key')).toEqual(['truncate', 'rollback']);
  expect(Object.keys(expected)).toHaveLength(16);
});

test('a verifier that finds nothing, or cries at everything, fails the torture', async () => {
  const blind = await attackAll(1, async () => ({ kind: 'ok' }));
  expect(blind.filter((cell) => !isAsExpected(cell))).toHaveLength(
    rows.flatMap((row) => Object.values(row)).filter((verdict) => verdict === 'found').length,
  );
  await expect(attackAll(1, async () => ({ kind: 'bad' }))).rejects.toThrow('nobody touched');
});
