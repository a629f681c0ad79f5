import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { segmentName } from '#audit/segment-files.ts';
import { logDirOf } from '#audit/verify.ts';
import { realRandom } from '#core/clock.ts';
import { FirebreakError } from '#core/errors.ts';
import type { Common, Context, Outcome } from '../context.ts';
import { dataDirOf } from '../data-dir.ts';

export type RotateOptions = Common & { readonly reason?: string; readonly yes?: boolean };

/** Asks, then gives the log another signing key and destroys the present one. Only while no server runs: it takes the lock. */
export async function rotateKey(options: RotateOptions, context: Context): Promise<Outcome> {
  const dir = dataDirOf(options, context);
  if (!existsSync(join(logDirOf(dir), segmentName(0))))
    throw new FirebreakError('not_found', `there is no log in ${dir}`);
  if (!(await saysYes(dir, options, context)))
    return { lines: ['not changed; the same key signs'], json: { kind: 'not_changed' }, exit: 1 };
  const { openFileLog } = await import('#audit/file-log.ts');
  const { createFolds, foldList } = await import('#server/folds.ts');
  const { clock } = context;
  const command = 'firebreak audit rotate-key';
  const log = await openFileLog({ dir, clock, random: realRandom, command, folds: foldList(createFolds()) });
  try {
    await log.rotateKey(options.reason ?? 'asked for');
    const { note, size } = log.checkpoint();
    return {
      lines: [
        'another key signs from now on; keep this checkpoint elsewhere:',
        ...note.trimEnd().split('\n'),
      ],
      json: { size, note },
    };
  } finally {
    await log.close();
  }
}

async function saysYes(dir: string, { yes }: RotateOptions, { prompt }: Context): Promise<boolean> {
  if (yes === true) return true;
  if (prompt === null)
    throw new FirebreakError(
      'usage',
      `there is no terminal to ask at: add --yes to destroy the present key of the log in ${dir}`,
    );
  return prompt.confirm(`Destroy the present key of the log in ${dir} for ever?`);
}
