import { join } from 'node:path';
import { type Verified, type VerifyOptions, verifyLog } from '#audit/verify.ts';
import { type AttackName, attacks, dice } from './attacks.ts';
import { type Attacker, attackers, expected, type Kept, kept, type Verdict } from './expected.ts';
import { aVictim, inTemp, isUntouched, type Victim, writeFiles } from './victim.ts';

export type Verify = (options: VerifyOptions) => Promise<Pick<Verified, 'kind'>>;

/** One cell of the table: how often an attack was found by a verifier that has this to go by. */
export type Cell = {
  readonly attack: AttackName;
  readonly attacker: Attacker;
  readonly kept: Kept;
  readonly runs: number;
  readonly found: number;
  readonly expected: Verdict;
};

const names = Object.keys(attacks).filter((name): name is AttackName => Object.hasOwn(attacks, name));

/** Every attack by every attacker, each at `times` random places. `verify` is what is put to the test. */
export async function attackAll(times: number, verify: Verify = verifyLog): Promise<Cell[]> {
  const [victim, other] = [await aVictim('attacked'), await aVictim('foreign')];
  const untouched = await inTemp((dir) => look(dir, { victim, attacked: victim.files, verify }));
  if (Object.values(untouched).includes(true)) throw new Error('a log that nobody touched is called bad');
  const cells: Cell[] = [];
  for (const attack of names) {
    for (const attacker of attackers) {
      const foundBy = await countFound({ victim, other, attack, attacker, times, verify });
      for (const one of kept) {
        const wanted = expected[attack][attacker][one];
        cells.push({ attack, attacker, kept: one, runs: times, found: foundBy[one], expected: wanted });
      }
    }
  }
  return cells;
}

type Series = {
  victim: Victim;
  other: Victim;
  attack: AttackName;
  attacker: Attacker;
  times: number;
  verify: Verify;
};

async function countFound(series: Series): Promise<Record<Kept, number>> {
  const { victim, other, attack, attacker, times, verify } = series;
  const key = attacker === 'files' ? undefined : victim.key;
  const foundBy = { nothing: 0, 'first key': 0, checkpoint: 0 };
  for (let run = 0; run < times; run += 1) {
    const roll = dice(1 + run + 10_000 * (names.indexOf(attack) * 2 + attackers.indexOf(attacker)));
    const attacked = attacks[attack]({ victim, other, roll, key });
    if (isUntouched(attacked, victim)) throw new Error(`${attack} changed nothing in run ${run}`);
    const seen = await inTemp((dir) => look(dir, { victim, attacked, verify }));
    for (const one of kept) if (seen[one]) foundBy[one] += 1;
  }
  return foundBy;
}

type Look = { victim: Victim; attacked: Parameters<typeof writeFiles>[1]; verify: Verify };

async function look(dir: string, { victim, attacked, verify }: Look): Promise<Record<Kept, boolean>> {
  const logDir = join(dir, 'log');
  const isFound = async (options: Omit<VerifyOptions, 'dir'>): Promise<boolean> =>
    (await verify({ dir: logDir, ...options })).kind === 'bad';
  writeFiles(logDir, attacked);
  const { publicKey, note } = victim;
  return {
    nothing: await isFound({}),
    'first key': await isFound({ publicKey }),
    checkpoint: await isFound({ publicKey, against: [note] }),
  };
}

/** Whether all runs of a cell went as they should. */
export function isAsExpected({ runs, found, expected: wanted }: Cell): boolean {
  return found === (wanted === 'found' ? runs : 0);
}

/** One line per attack and attacker, with what each kept thing finds. */
export function tableOf(cells: readonly Cell[]): string[] {
  const rows = Object.groupBy(cells, ({ attack, attacker }) => `${attack.padEnd(16)} ${attacker.padEnd(18)}`);
  return Object.entries(rows).map(
    ([row, of = []]) =>
      `${row} ${of.map((cell) => `${cell.kept}: ${cell.found}/${cell.runs}${isAsExpected(cell) ? '' : ` NOT ${cell.expected}`}`.padEnd(24)).join(' ')}`,
  );
}
