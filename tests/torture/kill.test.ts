import { expect, test } from 'vitest';
import { killRun } from './kill/run.ts';
import { type Evidence, verdictOf } from './kill/verdict.ts';
import { run } from './kill.ts';

const LIMIT_MS = 240_000;

test(
  'killed at the steps around a change, and again while recovering, nothing is done twice or lost',
  async () => {
    const { passed, failed, lines } = await run({ short: true });
    expect({ passed, failed }, lines.join('\n')).toEqual({ passed: 6, failed: 0 });
  },
  LIMIT_MS,
);

test(
  'a backend that denies what it did makes the suite fail: it finds the second effect',
  async () => {
    const common = { kind: 'liar', story: 'restarted' } as const;
    const { end } = await killRun({ ...common, deaths: [] });
    const after = end?.effects.at(-1) ?? 0;
    const { verdict, kills } = await killRun({ ...common, deaths: [{ at: after, part: 0 }] });
    expect({ kills, findings: verdict.findings }).toMatchObject({ kills: 1, findings: ['double', 'lost'] });
  },
  LIMIT_MS,
);

const effect = (key: string, version: string) => ({ at: 1, key, service: 'checkout', version });
const good: Evidence = {
  kind: 'keyed',
  story: 'repaired',
  effects: [effect('a', 'v41')],
  end: {
    plans: ['verified'],
    told: ['recovered'],
    resolved: 'recovered',
    steps: 9,
    effects: [4, 5],
    errors: [],
  },
  log: [],
};
const ending = (over: Partial<NonNullable<Evidence['end']>>): Evidence['end'] =>
  good.end === undefined ? undefined : { ...good.end, ...over };

test.each<[string, Partial<Evidence>, string[]]>([
  ['a repair', {}, []],
  [
    'the same key twice',
    { effects: [effect('a', 'v41'), effect('b', 'v42'), effect('a', 'v41')] },
    ['double', 'lost'],
  ],
  [
    'the same change under two keys',
    { effects: [effect('a', 'v41'), effect('b', 'v41')] },
    ['double', 'lost'],
  ],
  [
    'a second restart',
    { story: 'restarted', effects: [effect('a', 'v42'), effect('b', 'v42')] },
    ['double', 'lost'],
  ],
  ['an end that the world contradicts', { effects: [] }, ['lost']],
  ['a plan that nothing came of', { end: ending({ plans: ['approved'] }) }, ['lost']],
  ['an incident that nobody closed', { end: ending({ resolved: null }) }, ['lost']],
  ['an end that nobody was told of', { end: ending({ plans: ['undone'], told: ['opened'] }) }, ['lost']],
  [
    'an undo that was told and is not there',
    { end: ending({ plans: ['undone'], told: ['undone'] }) },
    ['lost'],
  ],
  ['an undo that nobody could make', { end: ending({ plans: ['undone'], told: ['not_recovered'] }) }, []],
  [
    'an undo that was told and is there',
    {
      effects: [effect('a', 'v41'), effect('b', 'v42')],
      end: ending({ plans: ['undone'], told: ['undone'] }),
    },
    [],
  ],
  [
    'a quarantine without need',
    { end: ending({ plans: ['quarantined'], told: ['unknown'] }) },
    ['quarantined'],
  ],
  [
    'a quarantine of what nobody can say',
    { kind: 'opaque', end: ending({ plans: ['quarantined'], told: ['unknown'] }) },
    [],
  ],
  ['a life that did not end', { end: undefined }, ['broken']],
  ['a log that does not verify', { log: ['entry 3: call_repeated'] }, ['log']],
])('the judge knows %s', (_, over, findings) => {
  expect(verdictOf({ ...good, ...over }).findings).toEqual(findings);
});
