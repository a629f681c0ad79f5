import type { TortureResult } from './result.ts';
import { crashAndRotate } from './tamper/cycles.ts';
import { attackAll, isAsExpected, tableOf } from './tamper/runs.ts';

const TIMES = { short: 3, full: 200 };
const CYCLES = { short: 60, full: 1000 };

/**
 * Sixteen ways to tamper with a log, by somebody who can write its files and by somebody who has the host's key too, at
 * random places: what is found must be exactly what the table in `tamper/expected.ts` says. Then crashes, new segments and
 * changes of key over and over: none may look like tampering, and nothing that was acknowledged may be lost.
 */
export async function run({ short }: { short: boolean }): Promise<TortureResult> {
  const began = performance.now();
  const cells = await attackAll(short ? TIMES.short : TIMES.full);
  const wrong = cells.filter((cell) => !isAsExpected(cell));
  const attacked = performance.now() - began;
  const cycles = await crashAndRotate(short ? CYCLES.short : CYCLES.full, 1);
  const alarms = cycles.falseAlarms.length + cycles.lost.length;
  const anchored = cells.filter(({ kept }) => kept === 'checkpoint');
  const runs = anchored.reduce((sum, cell) => sum + cell.runs, 0);
  const found = anchored.reduce((sum, cell) => sum + cell.found, 0);
  return {
    passed: cells.length - wrong.length + (alarms === 0 ? cycles.cycles : 0),
    failed: wrong.length + alarms,
    lines: [
      ...tableOf(cells),
      `found with a checkpoint kept elsewhere: ${found} of ${runs}`,
      `not as the table says: ${wrong.length} of ${cells.length} cells`,
      `cycles: ${cycles.cycles}, of which ${cycles.crashes} ended in a crash; changes of key: ${cycles.keyChanges}; acknowledged entries: ${cycles.acknowledged}`,
      `false alarms: ${cycles.falseAlarms.length}${listed(cycles.falseAlarms)}; acknowledged entries lost: ${cycles.lost.length}${listed(cycles.lost)}`,
      `time: ${(attacked / 1000).toFixed(0)} s attacks, ${((performance.now() - began - attacked) / 1000).toFixed(0)} s cycles`,
    ],
  };
}

function listed(texts: readonly string[]): string {
  return texts.length === 0 ? '' : ` (${texts.slice(0, 3).join('; ')})`;
}
