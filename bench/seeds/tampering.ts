import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFileLog } from '#audit/file-log.ts';
import { segmentName } from '#audit/segment-files.ts';
import { verifyLog } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { FakeClock } from '#tests/fakes/fake-clock.ts';
import { allOf, type SeedCheck } from './check.ts';

/** Lines of a segment: an entry, then its checkpoint, and so on. */
type Edit = (lines: readonly string[]) => readonly string[] | null;

const entryLines = (lines: readonly string[], entry: number): readonly string[] =>
  lines.slice(2 * entry, 2 * entry + 2);

const MANIPULATIONS: Readonly<Record<string, Edit>> = {
  'two of five entries deleted, the others in another order': (lines) => [
    ...entryLines(lines, 0),
    ...entryLines(lines, 4),
    ...entryLines(lines, 2),
  ],
  'one entry five times': (lines) => [
    ...lines,
    ...Array.from({ length: 5 }, () => entryLines(lines, 3)).flat(),
  ],
  'a forged entry without a signature': (lines) => [
    ...lines.slice(0, 4),
    (lines[4] ?? '').replace('"i":2', '"i":7'),
    ...lines.slice(4),
  ],
  'the file emptied': () => [],
  'the file deleted': () => null,
};

/**
 * Five manipulations of a log by somebody who can write its files, and one by somebody who has its key too: everything
 * signed anew. Verified as an auditor would: with the checkpoint that was kept elsewhere. The untouched log verifies.
 */
export async function tamperingCheck(): Promise<SeedCheck> {
  const dir = mkdtempSync(join(tmpdir(), 'firebreak-seeds-'));
  try {
    const { note } = await writeLog(join(dir, 'log-a'), 4);
    const found: boolean[] = [];
    for (const edit of Object.values(MANIPULATIONS)) {
      found.push(await isFound(dir, note, (copy) => manipulate(copy, edit)));
    }
    found.push(await isFound(dir, note, (copy) => newKey(copy)));
    const untouched = await isFound(dir, note, async () => {});
    const check = allOf(
      {
        name: 'a log that was tampered with',
        recorded: 'MasterClaw finds 0 of 5; the others have nothing that verifies',
      },
      { good: found.filter((one) => one).length, of: found.length, words: 'found (the sixth: a new key)' },
    );
    return untouched
      ? { ...check, wrong: [...check.wrong, 'an untouched log is called tampered with'] }
      : check;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function writeLog(dir: string, entries: number): Promise<{ note: string }> {
  const log = await openFileLog({ dir, clock: new FakeClock(), random: realRandom });
  for (let i = 1; i <= entries; i += 1) {
    const actor = { kind: 'agent', id: 'monitor' } as const;
    await log.append([{ streams: [], traceId: 'trace-1', actor, kind: 'tool.finished', body: { i } }]);
  }
  const { note } = log.checkpoint();
  await log.close();
  return { note };
}

async function isFound(dir: string, note: string, spoil: (copy: string) => Promise<void>): Promise<boolean> {
  const copy = join(dir, 'log-b');
  cpSync(join(dir, 'log-a'), copy, { recursive: true });
  try {
    await spoil(copy);
    const verified = await verifyLog({ dir: copy, against: [note] });
    return verified.kind === 'bad';
  } finally {
    rmSync(copy, { recursive: true });
  }
}

async function manipulate(copy: string, edit: Edit): Promise<void> {
  const path = join(copy, 'log', segmentName(0));
  const lines = edit(readFileSync(path, 'utf8').trimEnd().split('\n'));
  if (lines === null) rmSync(path);
  else writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}

/** The same entries in a log with a key of its own. */
async function newKey(copy: string): Promise<void> {
  rmSync(copy, { recursive: true });
  await writeLog(copy, 4);
}
